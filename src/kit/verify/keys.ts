import { createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters } from 'jose'
import { TokenError } from './claims.js'

type KeySet = ReturnType<typeof createLocalJWKSet>
type Fetched = { readonly keys: KeySet; readonly at: number }

/** As long as `Cache-Control` of the key set says. */
const freshForMs = 5 * 60_000
/** An outage of the sign-in service does not stop those who verify. A withdrawn key ends with it. */
const usableForMs = 60 * 60_000
/** An unknown `kid`, which anybody can make up, leads to one request in this time. */
const coolDownMs = 30_000
const answerWithinMs = 5000

/** The published keys at an address. Requests that need them meanwhile share one fetch. */
export function publishedKeys(address: string) {
  let fetched: Fetched | null = null
  let fetching: Promise<void> | null = null
  let triedAt = Number.NEGATIVE_INFINITY

  async function load() {
    const response = await fetch(address, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(answerWithinMs)
    })
    if (!response.ok) throw new Error(`${address} answered ${response.status}`)
    fetched = {
      keys: createLocalJWKSet((await response.json()) as JSONWebKeySet),
      at: performance.now()
    }
  }

  function reload(): Promise<void> {
    triedAt = performance.now()
    fetching ??= load().finally(() => {
      fetching = null
    })
    return fetching
  }

  const age = () => performance.now() - (fetched?.at ?? Number.NEGATIVE_INFINITY)
  const mayAsk = () => performance.now() - triedAt >= coolDownMs

  async function current(): Promise<KeySet> {
    if (age() >= usableForMs)
      await reload().catch((cause: unknown) => {
        throw new TokenError('keys_unavailable', { cause })
      })
    else if (age() >= freshForMs && mayAsk()) void reload().catch(() => undefined)
    return (fetched as unknown as Fetched).keys
  }

  /** The key that a header names, for `jwtVerify`. @throws TokenError */
  return async function keyFor(header: JWSHeaderParameters) {
    if (typeof header.kid !== 'string') throw new TokenError('unknown_key')
    const keys = await current()
    try {
      return await keys(header)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      // A key set that is being fetched may have it; one that was just asked for has not.
      if (fetching === null && !mayAsk()) throw new TokenError('unknown_key', { cause: error })
    }
    await (fetching ?? reload()).catch(() => undefined)
    try {
      return await (fetched as unknown as Fetched).keys(header)
    } catch (cause) {
      throw new TokenError('unknown_key', { cause })
    }
  }
}
