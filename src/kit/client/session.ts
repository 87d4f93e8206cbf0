import { PosternError } from './error.js'
import { type Answer, insist, type Service, sleep } from './service.js'
import type { Message, Tabs } from './tabs.js'

/** Whether somebody is signed in. `unknown` until the first refresh has an answer. */
export type SessionState = 'unknown' | 'signed-out' | 'signed-in'

/** Where the refresh token is kept with body transport: a keychain, a file, `AsyncStorage`. */
export type TokenStorage = {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>
  setItem(key: string, value: string): unknown
  removeItem(key: string): unknown
}

type Access = { readonly token: string; readonly seconds: number; readonly since: Moment }
type Moment = { readonly monotonic: number; readonly wall: number }

/** The codes of the client guide that end a session on the client. Everything else can pass. */
const endings = [
  'refresh_missing',
  'token_not_valid',
  'refresh_reused',
  'session_expired',
  'no_active_account',
  'email_not_verified',
  'validation_error'
]
const isEnding = (error: unknown) =>
  error instanceof PosternError && error.status < 500 && endings.includes(error.code)

/** A token that is handed out is good for so many seconds more. */
const sparedSeconds = 30

/** The tokens of one session, shared by the tabs of a site. `storage` is null with cookie transport. */
export function openSession(service: Service, storage: TokenStorage | null, tabs: Tabs) {
  const key = `postern:${service.url}`
  const listeners = new Set<(state: SessionState) => void>()
  let state: SessionState = 'unknown'
  let userId: string | null = null
  /** When the newest token was issued, by the clock of the service. */
  let newest = 0
  let access: Access | null = null
  let refreshing: Promise<void> | null = null
  let restoring = false

  tabs.listen(hear)

  function enter(next: SessionState, whose: string | null) {
    if (next === state && whose === userId) return
    state = next
    userId = whose
    for (const listener of [...listeners]) listener(next)
  }

  function hear(message: Message) {
    if (message.type === 'signed-out') leave()
    else if (message.type === 'ask') {
      // A tab that has not heard yet would put its old token into the place of the new one.
      if (access?.token !== message.refused) tellToken()
    } else if (!isOutdated(message.token))
      keep({ token: message.token, seconds: message.seconds, since: now() })
  }

  /** Whether a tab that slept tells of somebody who is not signed in any more. */
  function isOutdated(token: string): boolean {
    const { userId: whose, issuedAt } = ownerOf(token)
    return whose !== userId && issuedAt < newest
  }

  const tellToken = () => {
    if (access === null || !isGood(access)) return
    tabs.tell({ type: 'token', token: access.token, seconds: left(access) })
  }

  function keep(found: Access) {
    const { userId: whose, issuedAt } = ownerOf(found.token)
    access = found
    newest = Math.max(newest, issuedAt)
    enter('signed-in', whose)
  }

  function leave() {
    access = null
    enter('signed-out', null)
  }

  /** Takes the tokens of an answer. The refresh token is kept before the access token is used. */
  async function adopt(answer: Answer, since: Moment): Promise<void> {
    const token = String(answer.access)
    if (storage !== null && typeof answer.refresh === 'string')
      await storage.setItem(key, answer.refresh)
    keep({ token, seconds: Number(answer.expires_in ?? lifetimeOf(token)), since })
    tellToken()
  }

  async function forget(): Promise<void> {
    await storage?.removeItem(key)
    leave()
    tabs.tell({ type: 'signed-out' })
  }

  /** The body that holds the refresh token. Null: there is none, so nobody is signed in. */
  async function refreshBody(): Promise<{ refresh?: string } | null> {
    if (storage === null) return {}
    const refresh = await storage.getItem(key)
    return refresh ? { refresh } : null
  }

  async function rotate(): Promise<void> {
    const body = await refreshBody()
    if (body === null) return leave()
    try {
      await insist(async () => {
        const since = now()
        const answer = await service.call({ path: '/refresh/', body })
        await adopt(answer, since)
      })
    } catch (error) {
      if (!isEnding(error)) throw error
      await forget()
    }
  }

  /** Gets a token other than the refused one. All who ask meanwhile, in any tab, share the request. */
  function refresh(refused: string | null): Promise<void> {
    const isThere = () => access !== null && access.token !== refused && isGood(access)
    refreshing ??= tabs
      .exclusive(async waited => {
        if (isThere()) return
        await tabs.ask(waited, refused)
        if (!isThere()) await rotate()
      })
      .finally(() => {
        refreshing = null
      })
    return refreshing
  }

  async function accessToken(): Promise<string | null> {
    if (access !== null && isGood(access)) return access.token
    if (state === 'signed-out') return null
    await refresh(access?.token ?? null)
    return access?.token ?? null
  }

  /** A token of the same account in place of one that a server refused. Null: there is no other. */
  async function accessTokenAfter(refused: string): Promise<string | null> {
    if (access?.token === refused) await refresh(refused)
    if (access === null || access.token === refused) return null
    // What one person asked for is not done for another who has signed in meanwhile.
    return ownerOf(refused).userId === userId ? access.token : null
  }

  /** Finds out whether somebody is signed in, as long as somebody wants to know. */
  async function restore(): Promise<void> {
    if (restoring) return
    restoring = true
    while (state === 'unknown' && listeners.size > 0) {
      try {
        await accessToken()
      } catch (error) {
        await sleep(((error instanceof PosternError && error.retryAfter) || 10) * 1000)
      }
    }
    restoring = false
  }

  function subscribe(listener: (state: SessionState) => void): () => void {
    listeners.add(listener)
    listener(state)
    if (state === 'unknown') void restore()
    return () => listeners.delete(listener)
  }

  return {
    state: () => state,
    userId: () => userId,
    /** Seconds since the token came, for one that a server refuses as soon as it is there. */
    age: () => (access === null ? 0 : elapsed(access.since)),
    /** The id of the session, from its access token. */
    id: () => (access === null ? null : String(claimsOf(access.token).sid)),
    goodToken: () => (access !== null && isGood(access) ? access.token : null),
    accessToken,
    accessTokenAfter,
    adopt,
    forget,
    refreshBody,
    subscribe,
    exclusive: <T>(work: () => Promise<T>) => tabs.exclusive(work)
  }
}

/** Whether a sign-out found nothing to end: the session is over already. */
export const isOver = (error: unknown) =>
  isEnding(error) || (error instanceof PosternError && error.code === 'not_authenticated')

export const now = (): Moment => ({ monotonic: performance.now(), wall: Date.now() })

/**
 * A clock that is set back or forward does not make a token live longer. Neither does a device that
 * sleeps, where the monotonic clock stands still.
 */
function elapsed(since: Moment): number {
  const { monotonic, wall } = now()
  return Math.max(monotonic - since.monotonic, wall - since.wall) / 1000
}

const left = ({ seconds, since }: Access) => seconds - elapsed(since)

/** Tokens that live for less than a minute are spared for half of their life. */
const isGood = (access: Access) => left(access) >= Math.min(sparedSeconds, access.seconds / 2)

/** For services from before `expires_in`. */
function lifetimeOf(token: string): number {
  const { exp, iat } = claimsOf(token)
  return Number(exp) - Number(iat)
}

/** Null and 0 for a token that cannot be read here: it is one of a mock, or the device has no `atob`. */
function ownerOf(token: string): { readonly userId: string | null; readonly issuedAt: number } {
  try {
    const { sub, iat } = claimsOf(token)
    return {
      userId: typeof sub === 'string' ? sub : null,
      issuedAt: typeof iat === 'number' ? iat : 0
    }
  } catch {
    return { userId: null, issuedAt: 0 }
  }
}

function claimsOf(token: string): Answer {
  const [, payload = ''] = token.split('.')
  return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
}
