// Stores of refresh tokens, and the network between them and two instances of the service, on a clock
// that jumps from event to event. One run is one session, held by an honest client or also by a thief.
import assert from 'node:assert/strict'
import { type Answer, claimsOf, refreshCookie, setCookies } from '../support/people.js'

export const graceSeconds = 10

/** What a client holds: a refresh token and what it says of itself. */
export type Held = {
  readonly text: string
  readonly jti: string
  readonly parent: string
  readonly generation: number
}

/** A session that just began, over one of the two transports. */
export type Run = {
  readonly transport: 'cookie' | 'body'
  readonly token: Held
  readonly random: () => number
  /** Says which run failed. */
  readonly name: string
}

/** What a simulated world can do. Times are seconds since the simulation began. */
export type World = {
  /** Does something at a time; all that is due at one moment runs side by side. */
  at(time: number, act: (now: number) => Promise<void> | void): void
  /** Presents a token to one of the two instances now. */
  present(instance: number, token: Held, transport: Run['transport']): Promise<Answer>
  /** Whether an instance, or the database for both, crashed in that time. What was in flight is lost. */
  crashed(instance: number, from: number, to: number): boolean
  /** Puts the session back to what it was some time ago, as a standby or a backup does. */
  remember(token: Held): Promise<() => Promise<void>>
  count(what: string): void
}

/** `way`: the longest time in one direction; `loss`: for each direction; `repeat`: how often a request comes twice. */
type Network = { readonly way: number; readonly loss: number; readonly repeat: number }

const networks: readonly Network[] = [
  { way: 0.2, loss: 0.05, repeat: 0 },
  { way: 1, loss: 0.2, repeat: 0.05 },
  { way: 4, loss: 0.1, repeat: 0.1 },
  { way: graceSeconds, loss: 0.1, repeat: 0 }
]

/** A seeded generator (mulberry32): a run is repeated by its number. */
export function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** The token in an answer; null where the answer leaves the store as it is. */
function tokenIn(answer: Answer, transport: Run['transport']): Held | null {
  const text =
    transport === 'cookie' ? setCookies(answer).get(refreshCookie) : answer.json().refresh
  return text ? heldOf(text) : null
}

export function heldOf(text: string): Held {
  const { jti, par, gen } = claimsOf(text) as { jti: string; par: string; gen: number }
  return { text, jti, parent: par, generation: gen }
}

/** Presents a token to one of the instances; says what is new in the answer. */
const clientOf =
  (world: World, { random, transport, name }: Run) =>
  async (token: Held) => {
    const instance = Math.floor(random() * 2)
    const answer = await world.present(instance, token, transport)
    assert.ok([200, 401, 503].includes(answer.statusCode), `${name}: ${answer.body}`)
    if (answer.statusCode !== 200) return { instance, news: null, refused: answer }
    return { instance, news: tokenIn(answer, transport), refused: null }
  }

/** Holds new tokens against each other: two children of one parent are at least the grace apart. */
function createBurstCheck(name: string) {
  const made = new Map<string, { jti: string; at: number }>()
  return ({ parent, jti }: Held, now: number) => {
    const sibling = made.get(parent)
    const isYoung = sibling !== undefined && now - sibling.at < graceSeconds - 1
    if (isYoung) assert.equal(jti, sibling.jti, `${name}: a burst made two tokens`)
    else if (sibling?.jti !== jti) made.set(parent, { jti, at: now })
  }
}

/** One of a list. */
export const pick = <T>(random: () => number, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T

/**
 * A store that never does wrong: a cookie jar with one to twelve tabs, or a device that is put back by
 * one step at times. Whatever the network does, it stays signed in.
 */
export function honestStore(world: World, run: Run, begin: number): void {
  const { random, transport, name } = run
  const { way, loss, repeat } = pick(random, networks)
  const ask = clientOf(world, run)
  const checkBurst = createBurstCheck(name)
  let store = run.token
  let before = run.token
  const used = new Set<string>()
  const story: string[] = []
  const tell = (now: number, what: string) => story.push(`${now.toFixed(1)} s: ${what}`)
  function send(now: number) {
    const token = store
    if (random() < loss) return
    const arrive = (isHeard: boolean) => async (then: number) => {
      const { instance, news, refused } = await ask(token)
      tell(then, `${token.jti} gets ${news?.jti ?? refused?.body ?? 'nothing new'}`)
      if (refused?.statusCode === 401)
        assert.fail(`${name}: an honest client is signed out\n${story.join('\n')}`)
      // A late answer must not put an older cookie over a newer one.
      if (transport === 'cookie')
        assert.notEqual(news?.jti, token.jti, `${name}: a cookie that says nothing new`)
      if (news !== null && news.parent !== token.parent) {
        checkBurst(news, then)
        used.add(news.parent)
      }
      const back = then + way * random() * random()
      if (!isHeard || news === null || random() < loss || world.crashed(instance, then, back))
        return world.count('answers lost or without news')
      world.at(back, at => {
        world.count('answers stored')
        tell(at, `${news.jti} is stored`)
        before = store
        store = news
      })
    }
    world.at(now + way * random() * random(), arrive(true))
    if (random() < repeat) world.at(now + 9 * random(), arrive(false))
  }
  let time = begin
  for (let bursts = 2 + Math.floor(random() * 4); bursts > 0; bursts--) {
    time += random() < 0.5 ? 5 + random() * 40 : 300 + random() * 500
    const tabs = 1 + Math.floor(random() * 12 * random())
    if (transport === 'body' && random() < 0.1)
      world.at(time, now => {
        // The session has not moved on from the token that the device goes back from.
        if (before.jti !== store.parent || used.has(store.jti)) return
        world.count('devices put back')
        tell(now, `${before.jti} is restored`)
        store = before
      })
    for (let tab = 0; tab < tabs; tab++) world.at(time + tab * random() * 0.3, send)
  }
}

/**
 * A client that sends one request at a time and waits as long as it takes, before a database that goes
 * back in time: a standby takes over that had not heard of the last refreshes.
 */
export function patientClient(world: World, run: Run, begin: number): void {
  const { random, name } = run
  const ask = clientOf(world, run)
  let store = run.token
  let restore: (() => Promise<void>) | null = null
  let left = 4 + Math.floor(random() * 5)
  const again = (now: number) => world.at(now + pick(random, [0.5, 5, 15, 400]) * random(), send)
  async function send(now: number) {
    if (left-- === 0) return
    if (restore === null) {
      if (random() < 0.4) restore = await world.remember(store)
    } else if (random() < 0.4) {
      await restore()
      world.count('sessions put back')
      restore = null
    }
    if (random() < 0.1) return again(now + 30 * random())
    const { instance, news, refused } = await ask(store)
    if (refused?.statusCode === 401)
      assert.fail(`${name}: an honest client is signed out after ${now} s: ${refused.body}`)
    const back = now + 30 * random() * random()
    const isLost = random() < 0.1 || world.crashed(instance, now, back)
    world.at(back, then => {
      if (news !== null && !isLost) store = news
      again(then)
    })
  }
  world.at(begin, send)
}

/**
 * An owner, and a thief with a copy of a token, who is answered more than the grace after the owner's
 * last use. The holder of a token that has become a stranger ends the session with the next refresh, and
 * nobody else does.
 */
export function theft(world: World, run: Run, begin: number): void {
  const { random, name } = run
  const ask = clientOf(world, run)
  const seen = [run.token]
  const holders = { owner: run.token, thief: run.token }
  const keepsStep = random() < 0.3
  let used = run.token.parent
  let honestUses = 1 + Math.floor(random() * 4)
  let rounds = 0
  let generation = 0

  async function use(who: 'owner' | 'thief'): Promise<boolean> {
    const token = holders[who]
    const isKnown = token.parent === used || token.jti === used || token.generation > generation
    const answers = [await ask(token)]
    if (who === 'owner' && random() < 0.3 && answers[0]?.refused === null)
      answers.push(...(await Promise.all([ask(token), ask(token)])))
    const isFound = answers.some(({ refused }) => refused?.json().code === 'refresh_reused')
    assert.equal(
      isFound,
      !isKnown,
      `${name}: the ${who} holds ${isKnown ? 'a token' : 'a stranger'}`
    )
    if (isFound) return true
    const news = answers.find(each => each.news && each.news.jti !== token.jti)?.news
    assert.ok(news, `${name}: a new token beyond the grace`)
    holders[who] = news
    if (used !== news.parent) generation = news.generation
    used = news.parent
    seen.push(news)
    return false
  }

  const gap = () => graceSeconds + 1 + random() * (random() < 0.5 ? 5 : 600)
  async function live(now: number) {
    if (honestUses-- > 0) {
      await use('owner')
      world.at(now + gap(), live)
      return
    }
    holders.thief = pick(random, seen.slice(-3))
    if (await use('thief')) return world.count('thefts found at once')
    world.at(now + gap(), goOn)
  }
  async function goOn(now: number) {
    rounds++
    assert.ok(rounds < (keepsStep ? 4 : 60), `${name}: a theft is never found`)
    const isOwner = keepsStep ? rounds % 2 === 1 : random() < 0.5
    if (await use(isOwner ? 'owner' : 'thief')) return world.count('thefts found later')
    world.at(now + gap(), goOn)
  }
  world.at(begin, live)
}
