import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { startApp, type TestApp } from '../support/app.js'
import {
  type Answer,
  claimsOf,
  newMember,
  newPerson,
  present,
  presentAccess,
  refreshCookie,
  refreshTokenOf,
  setCookies
} from '../support/people.js'
import {
  type Access,
  type Act,
  explain,
  type Outcome,
  type Rules,
  type State,
  stepsAt,
  type Token,
  type Transport,
  userOf
} from './session-model.js'

// MODEL_RUNS says how many sequences to try, MODEL_SEED repeats what a failure printed.
const runs = Number(process.env.MODEL_RUNS ?? 20)
const seed = process.env.MODEL_SEED === undefined ? {} : { seed: Number(process.env.MODEL_SEED) }

const strict = { REFRESH_REUSE_GRACE_SECONDS: '0' }
const shortLived = { JWT_ALLAUTH_SESSION_LIFETIME: '1500' }
const settings = [
  {},
  strict,
  { ...shortLived, JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE: 'false' },
  { ...strict, ...shortLived, LOGOUT_ON_PASSWORD_CHANGE: 'false' }
]

for (const chosen of settings) {
  const title = JSON.stringify(chosen)
  test(`SES-01 SES-02 SES-03 SES-04 SES-05 SES-08 SES-09 SES-10 SES-11 SES-13 SES-15 SES-18 SES-20 sessions do what the model says, with ${title}`, t =>
    followModel(t, chosen))
}

async function followModel(t: TestContext, chosen: Record<string, string>) {
  const service = await startApp(t, {
    JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME: '600',
    JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '300',
    MAX_SESSIONS_PER_USER: '1000',
    LOGIN_FAILURES_PER_ACCOUNT: '10000/15m',
    LOGIN_FAILURES_PER_NETWORK: '10000/15m',
    LOGIN_FAILURES_PER_PAIR: '10000/15m',
    ...chosen
  })
  const seen: Record<string, number> = {}
  // The first hash waits for its worker to start; that is no part of any story.
  await newMember(service)
  const property = fc.asyncProperty(
    fc.array(moment, { minLength: 3, maxLength: 25, size: 'max' }),
    async moments => {
      const count = (outcome: string) => {
        seen[outcome] = (seen[outcome] ?? 0) + 1
      }
      try {
        const story = await openStory(service, count)
        for (const each of moments) await story.live(each)
        await story.presentEverything()
      } catch (error) {
        if (!(error instanceof TooSlow)) throw error
        count('ended early')
      }
    }
  )
  await fc.assert(property, {
    ...seed,
    includeErrorInReport: true,
    numRuns: runs
  })
  t.diagnostic(JSON.stringify(seen))
}

/** An index that is taken modulo what there is; small ones, which are newer and live, are likelier. */
const index = fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, fc.nat(12))
const transport = fc.constantFrom<Transport>('cookie', 'body')
const age = fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 2, 3)

const signingIn = fc.record({ does: fc.constant('signIn'), user: fc.nat(1), transport })
const ending = fc.record({
  does: fc.constantFrom('logoutAll', 'revokeOthers', 'changePassword'),
  session: index,
  transport
})

/** What somebody does. `age` counts refresh tokens back from the newest. */
const deed = fc.oneof(
  { weight: 24, arbitrary: fc.record({ does: fc.constant('refresh'), session: index, age }) },
  { weight: 8, arbitrary: signingIn },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('readUser'), session: index, age: fc.nat(1) })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('logout'),
      session: fc.option(index),
      token: fc.option(fc.record({ session: index, age }))
    })
  },
  { weight: 3, arbitrary: ending },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('endSession'), session: index, target: index })
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('refreshTheOtherWay'), session: index, age })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('setActive'),
      user: fc.nat(1),
      active: fc.boolean()
    })
  }
) as fc.Arbitrary<Deed>

type Deed =
  | { does: 'refresh' | 'refreshTheOtherWay' | 'readUser'; session: number; age: number }
  | { does: 'signIn'; user: number; transport: Transport }
  | {
      does: 'logout'
      session: number | null
      token: { session: number; age: number } | null
    }
  | {
      does: 'logoutAll' | 'revokeOthers' | 'changePassword'
      session: number
      transport: Transport
    }
  | { does: 'endSession'; session: number; target: number }
  | { does: 'setActive'; user: number; active: boolean }

/** Seconds that pass, or deeds that are done side by side. */
const moment = fc.oneof(
  { weight: 6, arbitrary: fc.array(deed, { minLength: 1, maxLength: 1 }) },
  { weight: 3, arbitrary: fc.array(deed, { minLength: 2, maxLength: 4 }) },
  // The two that are slow enough to meet in the middle: most orders of their steps come up.
  { weight: 1, arbitrary: fc.tuple(signingIn, ending) as unknown as fc.Arbitrary<Deed[]> },
  { weight: 2, arbitrary: fc.constantFrom(2, 15, 200, 500) }
)
type Moment = number | Deed[]

type Known = {
  readonly id: string
  readonly user: number
  readonly transport: Transport
  readonly createdAt: number
  readonly tokens: Token[]
  readonly accesses: Access[]
}

/**
 * Real time passes too while a story is told. The model's time follows it from moment to moment,
 * and is never left nearer than this to a deadline, on either side of it.
 */
const marginSeconds = 3.5

/** One moment took so long that the model cannot say which side of a deadline it was on. */
class TooSlow extends Error {}

/** Two people on the service, everything that their clients were ever given, and where that must have led. */
async function openStory(service: TestApp, count: (outcome: string) => void) {
  const { config } = service
  const rules: Rules = {
    graceSeconds: config.REFRESH_REUSE_GRACE_SECONDS,
    idleSeconds: config.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME,
    lifetimeSeconds: config.JWT_ALLAUTH_SESSION_LIFETIME,
    accessSeconds: config.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME,
    changeEndsSessions: config.LOGOUT_ON_PASSWORD_CHANGE
  }
  const people = [newPerson(), newPerson()]
  const userIds: string[] = []
  const sessions: Known[] = []
  const seen = new Set<string>()
  const rotations: number[] = []
  const log: string[] = []
  const startedAt = Date.now()
  let now = 0
  let turned = 0
  let passwords = 0
  let states: State[] = [
    {
      users: people.map(({ password }) => ({ password, epoch: 0, active: true })),
      rows: {}
    }
  ]

  /** Those that should live come first, the newest before the others. */
  function session(position: number): Known {
    const isLive = ({ id }: Known) => Number(states[0]?.rows[id] !== undefined)
    const ordered = [...sessions].reverse().sort((a, b) => isLive(b) - isLive(a))
    return ordered[position % ordered.length] as Known
  }
  const newest = <T>(list: readonly T[], back: number) =>
    list[Math.max(0, list.length - 1 - back)] as T

  function settle(deed: Deed) {
    const steps = stepsAt(rules, now, seen)
    if (deed.does === 'signIn') {
      const { email } = people[deed.user] as (typeof people)[number]
      const { password } = userOf(states[0] as State, deed.user)
      return {
        user: deed.user,
        transport: deed.transport,
        steps: steps.signIn(deed.user, password, deed.transport),
        send: () => post('/login/', { email, password }, asking(deed.transport))
      }
    }
    if (deed.does === 'setActive') {
      const text = 'UPDATE "User" SET "isActive" = $2 WHERE "id" = $1'
      return {
        user: deed.user,
        steps: steps.setActive(deed.user, deed.active),
        send: () => service.query(text, [userIds[deed.user], deed.active]).then(() => null)
      }
    }
    if (deed.does === 'logout') return settleLogout(deed)
    const { user, transport, tokens, accesses } = session(deed.session)
    if (deed.does === 'refresh' || deed.does === 'refreshTheOtherWay') {
      const token = newest(tokens, deed.age)
      const other = transport === 'cookie' ? 'body' : 'cookie'
      const way = deed.does === 'refresh' ? transport : other
      return {
        user,
        transport,
        steps: steps.refresh(token, way),
        send: () => present(service, token.text, way)
      }
    }
    const access = newest(accesses, deed.does === 'readUser' ? deed.age : 0)
    const bearer = { authorization: `Bearer ${access.text}` }
    if (deed.does === 'readUser')
      return {
        user,
        steps: steps.readUser(access),
        send: () => presentAccess(service, access.text)
      }
    if (deed.does === 'endSession') {
      const { id } = session(deed.target)
      const request = { method: 'DELETE', url: `/sessions/${id}/`, headers: bearer } as const
      return { user, steps: steps.endSession(access, id), send: () => service.inject(request) }
    }
    if (deed.does === 'changePassword') {
      const { password } = userOf(states[0] as State, user)
      const next = `${++passwords} gigantic purple hats`
      const body = { old_password: password, new_password1: next, new_password2: next }
      const headers = { ...bearer, ...asking(deed.transport) }
      return {
        user,
        transport: deed.transport,
        steps: steps.changePassword(access, password, next, deed.transport),
        send: () => post('/password/change/', body, headers)
      }
    }
    const url = deed.does === 'logoutAll' ? '/logout-all/' : '/sessions/revoke-others/'
    return { user, steps: steps[deed.does](access), send: () => post(url, {}, bearer) }
  }

  function settleLogout(deed: Extract<Deed, { does: 'logout' }>) {
    const bySession = deed.token === null ? (deed.session ?? 0) : deed.session
    const access = bySession === null ? null : newest(session(bySession).accesses, 0)
    const held = deed.token === null ? null : session(deed.token.session)
    const token = held && newest(held.tokens, deed.token?.age ?? 0)
    const transport = held?.transport ?? 'cookie'
    const headers = access === null ? {} : { authorization: `Bearer ${access.text}` }
    return {
      user: access?.user ?? token?.user ?? 0,
      steps: stepsAt(rules, now, seen).logout(access, token, transport),
      send: () =>
        transport === 'cookie' && token !== null
          ? post('/logout/', {}, headers, { [refreshCookie]: token.text })
          : post('/logout/', token === null ? {} : { refresh: token.text }, headers)
    }
  }

  const asking = (transport: Transport) => ({ 'x-refresh-transport': transport })
  const post = (
    url: string,
    payload: object,
    headers: Record<string, string>,
    cookies: Record<string, string> = {}
  ) => service.inject({ method: 'POST', url, payload, headers, cookies })

  /** Remembers what an answer gives, and holds it against what every answer must keep. */
  function take(answer: Answer, user: number, transport: Transport | undefined): Outcome {
    const body = answer.body.startsWith('{') ? answer.json() : {}
    const { statusCode: status } = answer
    assert.ok(status !== 500, answer.body)
    if (status >= 300 || body.access === undefined) return { status, code: body.code }
    const inCookie = Boolean(setCookies(answer).get(refreshCookie))
    assert.ok(!inCookie || transport === 'cookie', 'SES-18: the cookie is for cookie sessions')
    assert.equal(
      body.refresh !== undefined,
      transport === 'body',
      'SES-18: and the body for others'
    )
    const { session: id } = claimsOf(body.access) as { session: string }
    let known = sessions.find(each => each.id === id)
    if (known === undefined) {
      const kind = transport as Transport
      known = { id, user, transport: kind, createdAt: now, tokens: [], accesses: [] }
      sessions.push(known)
    }
    const end = known.createdAt + (rules.lifetimeSeconds ?? Number.POSITIVE_INFINITY)
    const shared = { user, sessionId: id }
    keepsBounds(body.access, rules)
    const keepAccess = () => {
      const sessionEnd = Math.max(...(known?.tokens ?? []).map(({ expiresAt }) => expiresAt))
      const expiresAt = Math.min(now + rules.accessSeconds, sessionEnd)
      known?.accesses.push({ ...shared, text: body.access, expiresAt })
    }
    if (!inCookie && transport === 'cookie') {
      keepAccess()
      return { status, sessionId: id }
    }
    const text = refreshTokenOf(answer)
    keepsBounds(text, rules)
    const { jti, par: parent, gen } = claimsOf(text) as { jti: string; par: string; gen: number }
    if (!known.tokens.some(token => token.jti === jti)) {
      const expiresAt = Math.min(now + rules.idleSeconds, end)
      known.tokens.push({ ...shared, jti, parent, generation: gen, text, expiresAt })
      rotations.push(now)
    }
    keepAccess()
    return { status, sessionId: id, jti, parent }
  }

  async function act(deeds: readonly Deed[]) {
    const settled = deeds.map(settle)
    const answers = await Promise.all(settled.map(({ send }) => send()))
    if (ahead() > marginSeconds) throw new TooSlow()
    const acts: Act[] = settled.map(({ steps, user, transport }, position) => {
      const answer = answers[position] as Answer | null
      return { steps, saw: answer === null ? { status: 200 } : take(answer, user, transport) }
    })
    acts.forEach(({ saw }, position) => {
      count(`${deeds[position]?.does} ${saw.code ?? saw.status}`)
      log.push(`${now.toFixed(1)}s ${JSON.stringify(deeds[position])} -> ${JSON.stringify(saw)}`)
    })
    const possible = explain(states, acts)
    const table = await tableOf(service, userIds)
    states = possible.filter(state => hasRows(state, table))
    for (const { saw } of acts) for (const id of [saw.sessionId, saw.jti]) if (id) seen.add(id)
    const rows = states.length > 0 ? '' : JSON.stringify({ table, possible }, null, 1)
    assert.ok(states.length > 0, `no order of these explains the last:\n${log.join('\n')}\n${rows}`)
  }

  /** How far the clocks of process and database are ahead of the model's. */
  const ahead = () => (Date.now() - startedAt) / 1000 + turned - now

  /** Lets at least so many seconds pass, and all that really did. */
  async function pass(seconds: number) {
    const { graceSeconds, lifetimeSeconds } = rules
    const ends = sessions.flatMap(({ tokens, accesses, createdAt }) => [
      ...[...tokens, ...accesses].map(({ expiresAt }) => expiresAt),
      ...(lifetimeSeconds === null ? [] : [createdAt + lifetimeSeconds])
    ])
    if (graceSeconds > 0) ends.push(...rotations.map(moment => moment + graceSeconds))
    let then = now + Math.max(seconds, ahead())
    for (const end of ends.sort((a, b) => a - b))
      if (end > then - marginSeconds && end < then + marginSeconds) then = end + marginSeconds
    now = then
    const behind = -ahead()
    if (behind <= 0) return
    turned += behind
    await service.advance(behind)
  }

  for (const [user, { email, password }] of people.entries()) {
    await pass(0)
    const payload = { email, password1: password, password2: password }
    const answer = await post('/registration/', payload, asking('cookie'))
    assert.equal(answer.statusCode, 201, answer.body)
    userIds.push(String(claimsOf(answer.json().access).sub))
    const saw = { ...take(answer, user, 'cookie'), status: 200 }
    const steps = stepsAt(rules, now, seen).signIn(user, password, 'cookie')
    states = explain(states, [{ steps, saw }])
    if (ahead() > marginSeconds) throw new TooSlow()
    seen.add(saw.sessionId ?? '').add(saw.jti ?? '')
  }

  return {
    async live(moment: Moment): Promise<void> {
      await pass(typeof moment === 'number' ? moment : 0)
      if (typeof moment !== 'number') await act(moment)
    },
    /** At the end whatever is dead must be refused, and whatever is not must work. */
    async presentEverything() {
      for (const session of sessions.keys()) {
        await this.live([{ does: 'readUser', session, age: 0 }])
        await this.live([{ does: 'refresh', session, age: 0 }])
      }
    }
  }
}

/** Neither token outlives its session (SES-10), or the time that a token may live at all. */
function keepsBounds(token: string, { idleSeconds, lifetimeSeconds, accessSeconds }: Rules) {
  const claims = claimsOf(token) as Record<'exp' | 'iat' | 'session_iat', number> & { typ: string }
  const longest = claimsOf(token).token_type === 'access' ? accessSeconds : idleSeconds
  assert.ok(claims.exp <= claims.iat + longest, 'a token lives longer than it may')
  if (lifetimeSeconds !== null) assert.ok(claims.exp <= claims.session_iat + lifetimeSeconds)
}

type Row = { id: string; jti: string; previousJti: string; generation: number }

const tableOf = (service: TestApp, userIds: readonly string[]) =>
  service.query<Row>(
    'SELECT "id", "jti", "previousJti", "generation" FROM "Session" WHERE "userId" = ANY ($1::uuid[])',
    [userIds]
  )

function hasRows({ rows }: State, table: readonly Row[]): boolean {
  return (
    Object.keys(rows).length === table.length &&
    table.every(({ id, jti, previousJti, generation }) => {
      const row = rows[id]
      const isSame = row?.next === jti && row.used === previousJti
      return isSame && row.generation === generation
    })
  )
}
