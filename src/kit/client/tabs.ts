import { sleep } from './service.js'

/** What tabs tell each other. An access token says how many seconds it has left. */
export type Message =
  | { readonly type: 'token'; readonly token: string; readonly seconds: number }
  | { readonly type: 'signed-out' }
  /** For a token other than this one, which a server refused or which is about to end. */
  | { readonly type: 'ask'; readonly refused: string | null }

/** The part of the Web Locks API that is used: `navigator.locks`, or one with the same behaviour. */
export type Locks = {
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean },
    work: (lock: object | null) => Promise<T>
  ): Promise<T>
}

type LocalStorage = {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** What a page has, and other places may lack. */
type Page = {
  readonly document?: unknown
  readonly localStorage?: LocalStorage
  readonly navigator?: { readonly locks?: Locks }
  readonly addEventListener?: (type: string, listener: () => void) => void
}

/** The tabs of a site that share a session. Outside of a browser there is one. */
export type Tabs = ReturnType<typeof openTabs>

/** A tab that was told of a token answers within this time, also on a busy machine. */
const answerWithinMs = 400

export function openTabs(name: string, chosenLocks: Locks | undefined) {
  const page = globalThis as Page
  const inPage = typeof page.document === 'object'
  const local = inPage ? localStorageOf(page) : null
  const locks = chosenLocks ?? (inPage ? page.navigator?.locks : undefined)
  const channel =
    inPage && typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : null
  let queue: Promise<unknown> = Promise.resolve()
  let answered: (() => void) | null = null

  /** A mark that some tab has a token until then. Closing that tab takes it away. */
  const mark = `${name}:token`
  let ownMark = ''
  function markToken(seconds: number) {
    const until = String(Date.now() + seconds * 1000)
    if (local !== null && write(local, mark, until)) ownMark = until
  }
  if (inPage)
    page.addEventListener?.('pagehide', () => {
      if (local?.getItem(mark) === ownMark) local?.removeItem(mark)
    })

  function listen(listener: (message: Message) => void) {
    if (channel === null) return
    channel.onmessage = (event: unknown) => {
      const message = (event as { data: Message }).data
      listener(message)
      if (message.type === 'token') answered?.()
    }
  }

  function tell(message: Message) {
    channel?.postMessage(message)
    if (message.type === 'token') markToken(message.seconds)
    if (message.type === 'signed-out') local?.removeItem(mark)
  }

  /** Asks the other tabs for a token if one of them may have it, and waits for an answer. */
  async function ask(waited: boolean, refused: string | null): Promise<void> {
    if (channel === null) return
    if (!waited && !(Number(local?.getItem(mark)) > Date.now())) return
    const answer = new Promise<void>(resolve => {
      answered = resolve
    })
    channel.postMessage({ type: 'ask', refused } satisfies Message)
    await Promise.race([answer, sleep(answerWithinMs)])
    answered = null
  }

  /** Runs work while no other tab runs any. The work is told whether it had to wait for one. */
  function exclusive<T>(work: (waited: boolean) => Promise<T>): Promise<T> {
    const turn = queue.then(() => {
      if (locks !== undefined) return byLocks(locks, name, work)
      return local === null ? work(false) : byStorage(local, `${name}:lock`, work)
    })
    queue = turn.catch(() => undefined)
    return turn
  }

  return { listen, tell, ask, exclusive }
}

async function byLocks<T>(
  locks: Locks,
  name: string,
  work: (waited: boolean) => Promise<T>
): Promise<T> {
  const atOnce = await locks.request(name, { ifAvailable: true }, async lock =>
    lock === null ? null : { result: await work(false) }
  )
  return atOnce === null ? locks.request(name, {}, () => work(true)) : atOnce.result
}

/** Longer than most work takes. Whoever comes after that overlaps, which the service forgives. */
const lockMs = 20_000

/** For pages without Web Locks: those that do not come by HTTPS, and old browsers. */
async function byStorage<T>(
  local: LocalStorage,
  key: string,
  work: (waited: boolean) => Promise<T>
): Promise<T> {
  const me = Math.random().toString(36).slice(2)
  let waited = false
  for (;;) {
    const [, until] = (local.getItem(key) ?? '').split(' ')
    if (!(Number(until) > Date.now())) {
      // Without room for a lock two tabs may refresh at once.
      if (!write(local, key, `${me} ${Date.now() + lockMs}`)) break
      // Another tab may write at the same moment. The last one to write has the lock.
      await sleep(30)
      if (local.getItem(key)?.startsWith(me)) break
    }
    waited = true
    await sleep(40)
  }
  try {
    return await work(waited)
  } finally {
    if (local.getItem(key)?.startsWith(me)) local.removeItem(key)
  }
}

/** Null where the browser forbids it, or has no room left. */
function localStorageOf(page: Page): LocalStorage | null {
  try {
    const local = page.localStorage ?? null
    if (local === null || !write(local, 'postern', '')) return null
    local.removeItem('postern')
    return local
  } catch {
    return null
  }
}

/** False where there is no room left: the app and this package share it. */
function write(local: LocalStorage, key: string, value: string): boolean {
  try {
    local.setItem(key, value)
    return true
  } catch {
    return false
  }
}
