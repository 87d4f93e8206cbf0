import { type FieldErrors, PosternError } from './error.js'
import { argumentOf } from './names.js'

/** An answer of the service: a JSON object, empty for 204. */
export type Answer = Readonly<Record<string, unknown>>

/** `fetch` of a browser, of Node, or one with the same behaviour. */
export type Fetch = typeof globalThis.fetch

/** How a session's refresh token travels. */
export type Transport = 'cookie' | 'body'

/** A request to the service. */
export type Call = {
  readonly method?: string
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>> | undefined
}

/** The service at one address. */
export type Service = ReturnType<typeof openService>

/** A request that has no answer by then counts as lost. */
const answerWithinMs = 15_000

export function openService(address: string, transport: Transport, fetch: Fetch) {
  const url = address.replace(/\/+$/, '')

  /** The arguments for `fetch`. The header chooses the transport of a new session. */
  function requestOf({ method = 'POST', path, body }: Call): [string, RequestInit] {
    const headers: Record<string, string> = {
      accept: 'application/json',
      'x-refresh-transport': transport
    }
    if (body !== undefined) headers['content-type'] = 'application/json'
    return [
      url + path,
      {
        method,
        headers,
        credentials: transport === 'cookie' ? 'include' : 'omit',
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      }
    ]
  }

  /** @throws PosternError for every answer but a good one. */
  async function call(request: Call, bearer: string | null = null): Promise<Answer> {
    const [target, init] = requestOf(request)
    const headers = bearer === null ? {} : { authorization: `Bearer ${bearer}` }
    const giveUp = new AbortController()
    const timer = setTimeout(() => giveUp.abort(), answerWithinMs)
    try {
      const { signal } = giveUp
      return await read(
        await fetch(target, { ...init, signal, headers: { ...init.headers, ...headers } })
      )
    } catch (error) {
      throw error instanceof PosternError ? error : lost(error)
    } finally {
      clearTimeout(timer)
    }
  }

  return { url, requestOf, call }
}

/** The error of a request that got no answer. */
export const lost = (cause: unknown) =>
  new PosternError(
    { status: 0, code: 'network_error', detail: 'The sign-in service cannot be reached.' },
    { cause }
  )

/** @throws PosternError for every answer but a good one. */
export async function read(response: Response): Promise<Answer> {
  const { status, ok } = response
  if (status === 204) return {}
  const body = objectOf(
    await response.text().catch((error: unknown) => {
      throw lost(error)
    })
  )
  if (ok && body !== null) return body
  const { detail, code, errors } = body ?? {}
  const seconds = Number(response.headers.get('retry-after') || Number.NaN)
  throw new PosternError({
    status,
    code: !ok && typeof code === 'string' ? code : 'unexpected_answer',
    detail: typeof detail === 'string' ? detail : `Unexpected answer with status ${status}.`,
    errors: fieldErrors(errors),
    retryAfter: Number.isFinite(seconds) ? seconds : null
  })
}

function objectOf(text: string): Answer | null {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

function fieldErrors(errors: unknown): FieldErrors {
  const found: Record<string, string[]> = {}
  for (const [field, sentences] of Object.entries(errors ?? {})) {
    const name = argumentOf(field)
    found[name] = [...(found[name] ?? []), ...(sentences as string[])]
  }
  return found
}

/**
 * Repeats a call that may be repeated, while what stops it can pass: no answer, 429, 5xx, or the page of
 * a proxy. It waits as long as the service asks, and gives up where that is too long.
 */
export async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  for (const pause of [0.3, 1, 2.5]) {
    try {
      return await attempt()
    } catch (error) {
      const wait = Math.max(pause, retryAfter(error))
      if (!canPass(error) || wait > 10) throw error
      await sleep(wait * 1000)
    }
  }
  return attempt()
}

const retryAfter = (error: unknown) =>
  error instanceof PosternError && error.retryAfter !== null ? error.retryAfter : 0

function canPass(error: unknown): boolean {
  if (!(error instanceof PosternError)) return false
  const { status, code } = error
  return status === 429 || status >= 500 || code === 'network_error' || code === 'unexpected_answer'
}

export const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
