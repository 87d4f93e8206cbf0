import { legacyKey } from '../accounts/account.js'
import { listEvents } from '../audit/list.js'
import type { Deps } from '../deps.js'
import { listAuthenticators } from '../mfa/authenticators.js'
import { Refusal } from './refusal.js'

/** `invited`: the invitation has not been accepted. `deleting`: the owner deletes it, and the grace is not over. */
export type AccountState = 'active' | 'disabled' | 'invited' | 'deleting'

export type ListedAccount = {
  readonly id: string
  readonly email: string
  readonly emailVerifiedAt: Date | null
  readonly firstName: string
  readonly lastName: string
  readonly role: number
  readonly state: AccountState
  readonly hasPassword: boolean
  readonly hasSecondFactor: boolean
  /** Number of live sessions. */
  readonly sessions: number
  readonly createdAt: Date
  readonly lastLoginAt: Date | null
  /** Its number in the installation that it was imported from. */
  readonly legacyId: string | number | null
  /** When it is erased; null if it is not. */
  readonly eraseAt: Date | null
}

type Filter = {
  readonly role?: number
  readonly state?: AccountState
  /** Part of the address. */
  readonly matching?: string
  /** The last id of the previous page. */
  readonly before?: string
  readonly limit: number
}

const isInvited = { invitation: { is: { acceptedAt: null } } }

const states = {
  disabled: { isActive: false, deletion: { is: null } },
  deleting: { deletion: { isNot: null } },
  invited: { isActive: true, ...isInvited },
  active: { isActive: true, NOT: isInvited }
}

/** Escapes `%` and `_`, which are ordinary characters of an address. */
const escapePattern = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&')

type ReadDeps = Pick<Deps, 'db' | 'clock'>

/** Lists accounts, newest first. `next` is the `before` of the next page. */
export async function listAccounts(
  deps: ReadDeps,
  { role, state, matching, before, limit }: Filter
): Promise<{ results: ListedAccount[]; next: string | null }> {
  const found = await read(deps, limit + 1, {
    ...(role === undefined ? {} : { role }),
    ...(matching === undefined
      ? {}
      : { email: { contains: escapePattern(matching.toLowerCase()) } }),
    ...(before === undefined ? {} : { id: { lt: before } }),
    ...(state === undefined ? {} : states[state])
  })
  const results = found.slice(0, limit)
  return { results, next: found.length > limit ? (results.at(-1)?.id ?? null) : null }
}

/**
 * One account with its second factors and its latest events.
 *
 * @throws {Refusal} if it has been deleted meanwhile.
 */
export async function showAccount(deps: ReadDeps, id: string) {
  const [account] = await read(deps, 1, { id })
  if (account === undefined) throw new Refusal('This account has just been deleted.')
  const factors = await listAuthenticators(deps.db, id)
  const { results: events } = await listEvents(deps, { subjectId: id, limit: 10 })
  return { account, factors, events }
}

type Where = NonNullable<Parameters<Deps['db']['prisma']['user']['findMany']>[0]>['where']

async function read(
  { db, clock }: ReadDeps,
  take: number,
  where: Where & object
): Promise<ListedAccount[]> {
  const rows = await db.prisma.user.findMany({
    where,
    orderBy: { id: 'desc' },
    take,
    include: {
      authenticator: { select: { id: true } },
      invitation: { select: { acceptedAt: true } },
      deletion: { select: { eraseAt: true } }
    }
  })
  // In the same query Prisma would count the sessions of everybody.
  const counts = await db.prisma.session.groupBy({
    by: ['userId'],
    where: { userId: { in: rows.map(({ id }) => id) }, expiresAt: { gt: clock() } },
    _count: true
  })
  const sessionsOf = new Map(counts.map(({ userId, _count }) => [userId, _count]))
  return rows.map(row => ({
    id: row.id,
    email: row.email,
    emailVerifiedAt: row.emailVerifiedAt,
    firstName: row.firstName,
    lastName: row.lastName,
    role: row.role,
    state: stateOf(row),
    hasPassword: row.passwordHash !== null,
    hasSecondFactor: row.authenticator !== null,
    sessions: sessionsOf.get(row.id) ?? 0,
    createdAt: row.createdAt,
    lastLoginAt: row.lastLoginAt,
    legacyId: legacyKey(row.legacyId),
    eraseAt: row.deletion?.eraseAt ?? null
  }))
}

type Stated = {
  readonly isActive: boolean
  readonly invitation: { readonly acceptedAt: Date | null } | null
  readonly deletion: object | null
}

function stateOf({ isActive, invitation, deletion }: Stated): AccountState {
  if (deletion !== null) return 'deleting'
  if (!isActive) return 'disabled'
  return invitation?.acceptedAt === null ? 'invited' : 'active'
}
