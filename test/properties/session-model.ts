// What becomes of sessions, said once more without a database: plain state, and for every request
// the steps that it takes, each of which is atomic. Whatever the service answers to requests that
// run side by side must be what some order of their steps would have given.

export type Rules = {
  readonly graceSeconds: number
  readonly idleSeconds: number
  readonly lifetimeSeconds: number | null
  readonly accessSeconds: number
  readonly changeEndsSessions: boolean
}

export type Transport = 'cookie' | 'body'

/** A refresh token that a client was given. Times are seconds of the model's own clock. */
export type Token = {
  readonly sessionId: string
  readonly user: number
  readonly jti: string
  readonly parent: string
  readonly generation: number
  readonly text: string
  readonly expiresAt: number
}

export type Access = Omit<Token, 'jti' | 'parent' | 'generation'>

type Row = {
  readonly user: number
  readonly transport: Transport
  readonly createdAt: number
  expiresAt: number
  next: string
  nextAt: number
  used: string
  usedAt: number
  usedBefore: string | null
  generation: number
}

export type State = {
  users: { password: string; epoch: number; active: boolean }[]
  rows: Record<string, Row>
}

/** What a client saw, or what the model says it should see. */
export type Outcome = {
  readonly status: number
  readonly code?: string | undefined
  readonly sessionId?: string | undefined
  /** Of the refresh token in the answer; an answer by cookie may have none. */
  readonly jti?: string | undefined
  readonly parent?: string | undefined
}

/** What one request found out in earlier steps. */
type Memory = {
  epoch?: number
  bearer?: boolean
  verdict?: 'no_active_account' | 'session_expired' | 'refresh_reused'
}

/** Changes the state; says what the client sees once that is settled. */
export type Step = (state: State, memory: Memory, saw: Outcome) => Outcome | null

const refused = (code: string): Outcome => ({ status: 401, code })
const done: Outcome = { status: 200 }

/** The steps of every request, at one moment of the model's clock. */
export function stepsAt(rules: Rules, now: number, seen: ReadonlySet<string>) {
  const { graceSeconds, idleSeconds, lifetimeSeconds } = rules
  const deadline = (createdAt: number) => createdAt + (lifetimeSeconds ?? Number.POSITIVE_INFINITY)
  const idleEnd = (createdAt: number) => Math.min(now + idleSeconds, deadline(createdAt))
  const isWithin = (moment: number) => moment + graceSeconds > now

  /** What a session does with a token, apart from whether it lives: the rule in one table. */
  function verdictOn(row: Row, { jti, parent, generation }: Token) {
    if (graceSeconds === 0) return jti === row.next ? 'use' : 'stolen'
    if (parent === row.used) return isWithin(row.nextAt) ? 'same' : 'use'
    if (jti === row.used) return isWithin(row.nextAt) ? 'next' : 'replace'
    if ((jti === row.usedBefore || parent === row.usedBefore) && isWithin(row.usedAt)) return 'late'
    return generation > row.generation ? 'use' : 'stolen'
  }

  function isNew(state: State, jti: string | undefined): jti is string {
    if (jti === undefined || seen.has(jti)) return false
    return Object.values(state.rows).every(row => row.next !== jti && row.used !== jti)
  }

  function endAll(state: State, user: number) {
    for (const [id, row] of Object.entries(state.rows)) if (row.user === user) delete state.rows[id]
  }

  function mint(state: State, user: number, transport: Transport, saw: Outcome): Outcome {
    const { sessionId, jti } = saw
    if (sessionId === undefined || seen.has(sessionId) || !isNew(state, jti))
      return { status: 200, sessionId: 'a new one', jti: 'a new one' }
    const expiresAt = idleEnd(now)
    const longAgo = Number.NEGATIVE_INFINITY
    const fresh = { usedBefore: null, generation: 0, nextAt: longAgo, usedAt: longAgo }
    const row = { user, transport, createdAt: now, expiresAt, next: jti, used: saw.parent ?? '' }
    state.rows[sessionId] = { ...row, ...fresh }
    return { status: 200, sessionId, jti, parent: saw.parent }
  }

  function refusalOf(state: State, { user, sessionId, expiresAt }: Access): Outcome | null {
    if (expiresAt <= now) return refused('token_not_valid')
    if (!userOf(state, user).active) return refused('no_active_account')
    const row = state.rows[sessionId]
    return row === undefined || row.expiresAt <= now ? refused('token_not_valid') : null
  }

  const authenticate =
    (access: Access): Step =>
    (state, memory) => {
      memory.epoch = userOf(state, access.user).epoch
      return refusalOf(state, access)
    }

  /** What a change asks again under the lock: account active, credentials as they were, session still there. */
  function isUnchanged(state: State, { user, sessionId }: Access, { epoch }: Memory): boolean {
    const account = userOf(state, user)
    return account.active && account.epoch === epoch && state.rows[sessionId] !== undefined
  }

  return {
    signIn: (user: number, password: string, transport: Transport): Step[] => [
      (state, memory) => {
        memory.epoch = userOf(state, user).epoch
        return userOf(state, user).password === password ? null : refused('incorrect_credentials')
      },
      (state, memory, saw) => {
        const { active, epoch } = userOf(state, user)
        if (!active || epoch !== memory.epoch) return refused('incorrect_credentials')
        return mint(state, user, transport, saw)
      }
    ],

    refresh: (token: Token, transport: Transport): Step[] => [
      (state, _memory, saw) => {
        const row = state.rows[token.sessionId]
        if (row === undefined || row.transport !== transport) return null
        if (row.expiresAt <= now || token.expiresAt <= now) return null
        if (!userOf(state, row.user).active) return null
        const verdict = verdictOn(row, token)
        if (verdict !== 'use' && verdict !== 'replace') return null
        if (!isNew(state, saw.jti)) return { status: 200, jti: 'a new one' }
        if (verdict === 'use') {
          row.usedBefore = row.used
          row.used = token.jti
          row.usedAt = now
          row.generation = token.generation + 1
        }
        row.next = saw.jti
        row.nextAt = now
        row.expiresAt = idleEnd(row.createdAt)
        return { status: 200, sessionId: token.sessionId, jti: saw.jti, parent: row.used }
      },
      (state, memory) => {
        const row = state.rows[token.sessionId]
        if (row === undefined) return refused('token_not_valid')
        if (!userOf(state, row.user).active) memory.verdict = 'no_active_account'
        else if (row.transport !== transport) return refused('token_not_valid')
        else if (deadline(row.createdAt) <= now) memory.verdict = 'session_expired'
        else if (row.expiresAt <= now || token.expiresAt <= now) return refused('token_not_valid')
        else {
          const verdict = verdictOn(row, token)
          const { sessionId } = token
          const isShown = transport === 'body' || verdict === 'late'
          const answer = (jti: string, parent: string): Outcome =>
            isShown ? { status: 200, sessionId, jti, parent } : { status: 200, sessionId }
          if (verdict === 'use' || verdict === 'replace') return { status: 503, code: 'busy' }
          if (verdict === 'same') return answer(token.jti, token.parent)
          if (verdict !== 'stolen') return answer(row.next, row.used)
          memory.verdict = 'refresh_reused'
        }
        return null
      },
      (state, { verdict = 'refresh_reused' }) => {
        delete state.rows[token.sessionId]
        if (verdict === 'no_active_account') {
          endAll(state, token.user)
          userOf(state, token.user).epoch++
        }
        return refused(verdict)
      }
    ],

    readUser: (access: Access): Step[] => [state => refusalOf(state, access) ?? done],

    logout: (access: Access | null, token: Token | null, transport: Transport): Step[] => [
      (state, memory) => {
        const refusal = access && refusalOf(state, access)
        memory.bearer = access !== null && refusal === null
        return token === null ? refusal : null
      },
      (state, memory) => {
        if (memory.bearer && access !== null) delete state.rows[access.sessionId]
        return null
      },
      (state, memory) => {
        const row = state.rows[token?.sessionId ?? '']
        const isForeign = memory.bearer && access?.user !== token?.user
        if (token !== null && row !== undefined && !isForeign && token.expiresAt > now) {
          const isTaken = verdictOn(row, token) !== 'stolen'
          if (row.transport === transport && row.expiresAt > now && isTaken) {
            delete state.rows[token.sessionId]
            return done
          }
        }
        return memory.bearer ? done : refused('token_not_valid')
      }
    ],

    logoutAll: (access: Access): Step[] => [
      authenticate(access),
      (state, memory) => {
        if (!isUnchanged(state, access, memory)) return refused('token_not_valid')
        endAll(state, access.user)
        userOf(state, access.user).epoch++
        return done
      }
    ],

    revokeOthers: (access: Access): Step[] => [
      authenticate(access),
      (state, memory) => {
        if (!isUnchanged(state, access, memory)) return refused('token_not_valid')
        const own = state.rows[access.sessionId] as Row
        endAll(state, access.user)
        state.rows[access.sessionId] = own
        return done
      }
    ],

    endSession: (access: Access, sessionId: string): Step[] => [
      authenticate(access),
      (state, memory) => {
        if (!isUnchanged(state, access, memory)) return refused('token_not_valid')
        if (state.rows[sessionId]?.user !== access.user) return { status: 404, code: 'not_found' }
        delete state.rows[sessionId]
        return { status: 204 }
      }
    ],

    changePassword: (access: Access, from: string, to: string, transport: Transport): Step[] => [
      authenticate(access),
      state => {
        const isRight = userOf(state, access.user).password === from
        return isRight ? null : { status: 400, code: 'incorrect_password' }
      },
      (state, memory, saw) => {
        if (!isUnchanged(state, access, memory)) return refused('token_not_valid')
        const user = userOf(state, access.user)
        user.password = to
        user.epoch++
        if (!rules.changeEndsSessions) return done
        endAll(state, access.user)
        return mint(state, access.user, transport, saw)
      }
    ],

    setActive: (user: number, active: boolean): Step[] => [
      state => {
        userOf(state, user).active = active
        return done
      }
    ]
  }
}

export const userOf = (state: State, user: number) => state.users[user] as State['users'][number]

export type Act = { readonly steps: readonly Step[]; readonly saw: Outcome }

/** Every state in which the acts can have left one of `states` so that their clients saw what they saw. */
export function explain(states: readonly State[], acts: readonly Act[]): State[] {
  const ends = new Map<string, State>()
  const visited = new Set<string>()

  function walk(state: State, positions: readonly number[], memories: readonly Memory[]) {
    const key = JSON.stringify([state, positions, memories])
    if (visited.has(key)) return
    visited.add(key)
    const open = acts.flatMap(({ steps }, index) =>
      (positions[index] ?? 0) < steps.length ? [index] : []
    )
    if (open.length === 0) ends.set(JSON.stringify(state), state)
    for (const index of open) {
      const { steps, saw } = acts[index] as Act
      const position = positions[index] ?? 0
      const after = structuredClone(state)
      const memory = { ...memories[index] }
      const expected = (steps[position] as Step)(after, memory, saw)
      if (expected !== null && !matches(expected, saw)) continue
      const next = expected === null ? position + 1 : steps.length
      walk(after, positions.with(index, next), memories.with(index, memory))
    }
  }

  for (const state of states) {
    walk(
      state,
      acts.map(() => 0),
      acts.map(() => ({}))
    )
  }
  return [...ends.values()]
}

function matches(expected: Outcome, saw: Outcome): boolean {
  return (
    expected.status === saw.status &&
    expected.code === saw.code &&
    expected.sessionId === saw.sessionId &&
    expected.jti === saw.jti &&
    expected.parent === saw.parent
  )
}
