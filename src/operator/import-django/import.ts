import {
  accountDigest,
  addIdentities,
  createImported,
  setLegacyIds,
  updateImported
} from '../../accounts/imported.js'
import { type LockedAccount, lockAccount } from '../../accounts/lock.js'
import { record } from '../../audit/record.js'
import { newId } from '../../base/crypto/random.js'
import type { Statements } from '../../base/database/database.js'
import { sql } from '../../base/database/sql.js'
import type { Deps } from '../../deps.js'
import { voidLinks } from '../../links/link.js'
import { dropSecondFactor } from '../../mfa/authenticators.js'
import { importFactors } from '../../mfa/imported.js'
import { recordSchemes } from '../../passwords/schemes.js'
import { importSessions } from '../../sessions/legacy.js'
import { revokeAllSessions } from '../../sessions/revoke.js'
import { keepLegacyKey, type LegacyKey } from '../../tokens/legacy-key.js'
import { noSender } from '../no-sender.js'
import { type Candidate, type Choices, plan } from './plan.js'
import type { StagedPerson } from './stage.js'

/** What becomes of a person. `left`: something changed here since, and the person stays as they are here. */
export type Outcome = 'imported' | 'updated' | 'unchanged' | 'left' | 'skipped'

/** A line of the report. */
export type Line = {
  /** The number in the source. */
  readonly id: string | null
  readonly email: string
  readonly outcome: Outcome
  readonly reasons: readonly string[]
}

export type Counts = Record<Outcome, number> & {
  people: number
  passwords: number
  withoutPassword: number
  secondFactors: number
  recoveryCodes: number
  identities: number
  sessions: number
}

export const noCounts = (): Counts => ({
  people: 0,
  imported: 0,
  updated: 0,
  unchanged: 0,
  left: 0,
  skipped: 0,
  passwords: 0,
  withoutPassword: 0,
  secondFactors: 0,
  recoveryCodes: 0,
  identities: 0,
  sessions: 0
})

export type ImportDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'totpKeys' | 'recoveryCodeKeys' | 'legacyKeys'
>

export type Run = {
  readonly choices: Choices
  readonly dryRun: boolean
  /** The key of old refresh tokens, and until when they can be exchanged; null without `--sessions`. */
  readonly sessionTerm: { readonly key: LegacyKey; readonly expiresAt: Date } | null
}

type Known = {
  readonly account: LockedAccount & { readonly legacyId: string | null }
  readonly imported: {
    readonly key: string
    readonly profileDigest: string
    readonly credentialDigest: string
    readonly accountDigest: string
  } | null
}

/** What is to be done with a candidate, decided before anything is written. */
type Step = {
  readonly candidate: Candidate
  outcome: Outcome
  reasons: string[]
  readonly userId: string
  readonly known: Known | null
}

/**
 * Imports a batch of people in one transaction. A person whose import was cut off is complete or absent, so
 * another run goes on where this one ended.
 */
export async function importBatch(
  deps: ImportDeps,
  run: Run,
  people: readonly StagedPerson[]
): Promise<{ lines: Line[]; counts: Counts }> {
  const plans = people.map(person => ({ person, made: plan(person, run.choices) }))
  const candidates = plans.flatMap(({ made }) => ('candidate' in made ? [made.candidate] : []))
  const steps = await decide(deps, candidates)
  const brought = run.dryRun ? wouldBring(run, steps) : await apply(deps, run, steps)
  const counts = noCounts()
  counts.people = people.length
  counts.identities = brought.identities
  counts.sessions = brought.sessions
  const stepOf = new Map(steps.map(step => [step.candidate, step]))
  const lines = plans.flatMap(({ person, made }): Line[] => {
    const id = person.pk
    const email = String(person.writtenAddress ?? '')
    if ('skipped' in made) {
      counts.skipped++
      return [{ id, email, outcome: 'skipped', reasons: [made.skipped] }]
    }
    const step = stepOf.get(made.candidate) as Step
    count(counts, step)
    return step.reasons.length === 0
      ? []
      : [{ id, email, outcome: step.outcome, reasons: step.reasons }]
  })
  return { lines, counts }
}

function count(counts: Counts, { outcome, candidate }: Step): void {
  counts[outcome]++
  if (outcome !== 'imported' && outcome !== 'updated') return
  counts[candidate.passwordHash === null ? 'withoutPassword' : 'passwords']++
  if (candidate.factor === null) return
  counts.secondFactors++
  counts.recoveryCodes += candidate.factor.codes.length
}

type Brought = { readonly identities: number; readonly sessions: number }

/** Decides for each candidate by what is here already. */
async function decide({ db }: ImportDeps, candidates: readonly Candidate[]): Promise<Step[]> {
  const known = await readKnown(db, candidates)
  return candidates.map(candidate => stepFor(candidate, known))
}

/** How many identities and sessions a run would bring. Those of a person who is known may be here already. */
function wouldBring({ choices }: Run, steps: readonly Step[]): Brought {
  const fresh = steps.filter(({ outcome }) => outcome === 'imported' || outcome === 'updated')
  const sum = (count: (candidate: Candidate) => number) =>
    fresh.reduce((total, { candidate }) => total + count(candidate), 0)
  return {
    identities: sum(({ identities }) => identities.length),
    sessions: choices.wantsSessions
      ? sum(({ isActive, sessions }) => (isActive ? sessions.length : 0))
      : 0
  }
}

/** Whether identities and sessions of the person are taken too. */
const brings = ({ outcome }: Step): boolean =>
  outcome === 'imported' || outcome === 'updated' || outcome === 'unchanged'

type KnownPeople = {
  readonly byLegacyId: ReadonlyMap<string, Known>
  readonly byEmail: ReadonlyMap<string, Known>
  readonly deleted: ReadonlySet<string>
  /** Addresses with an open undo right, and whose it is. */
  readonly reserved: ReadonlyMap<string, string>
}

type KnownRow = LockedAccount & {
  readonly legacyId: string | null
  readonly key: string | null
  readonly profileDigest: string
  readonly credentialDigest: string
  readonly accountDigest: string
}

async function readKnown(db: Statements, candidates: readonly Candidate[]): Promise<KnownPeople> {
  const rows = await db.run<KnownRow>(
    'find-imported-accounts',
    sql`
    SELECT u."id", u."email", u."emailVerifiedAt", u."passwordHash", u."firstName", u."lastName", u."role",
      u."isActive", u."credentialEpoch", u."locale", u."legacyId", i."key", i."profileDigest",
      i."credentialDigest", i."accountDigest"
    FROM (SELECT * FROM "User" WHERE "legacyId" = ANY (${candidates.flatMap(({ legacyId }) => legacyId ?? [])}::text[])
      UNION SELECT * FROM "User" WHERE "email" = ANY (${candidates.map(({ email }) => email)}::text[])) u
    LEFT JOIN "ImportedAccount" i ON i."userId" = u."id"`
  )
  const deleted = await db.run<{ key: string }>(
    'find-deleted-imports',
    sql`
    SELECT "key" FROM "ImportedAccount"
    WHERE "userId" IS NULL AND "key" = ANY (${candidates.map(({ key }) => key)}::text[])`
  )
  const reserved = await db.run<{ address: string; userId: string }>(
    'find-reserved-addresses',
    sql`
    SELECT "address", "userId" FROM "UndoRight"
    WHERE "expiresAt" > now() AND "address" = ANY (${candidates.map(({ email }) => email)}::text[])`
  )
  const known = rows.map(row => {
    const { key, profileDigest, credentialDigest, accountDigest } = row
    const imported = key === null ? null : { key, profileDigest, credentialDigest, accountDigest }
    return { account: row, imported }
  })
  return {
    byLegacyId: new Map(known.map(one => [one.account.legacyId ?? '', one])),
    byEmail: new Map(known.map(one => [one.account.email, one])),
    deleted: new Set(deleted.map(({ key }) => key)),
    reserved: new Map(reserved.map(({ address, userId }) => [address, userId]))
  }
}

const reservedHere = 'the address is reserved for an account here that has just left it'

function stepFor(
  candidate: Candidate,
  { byLegacyId, byEmail, deleted, reserved }: KnownPeople
): Step {
  const { legacyId, email, key, notes } = candidate
  const step = (
    outcome: Outcome,
    reasons: readonly string[],
    known: Known | null = null
  ): Step => ({
    candidate,
    outcome,
    reasons: [...reasons],
    userId: known?.account.id ?? newId(),
    known
  })
  if (deleted.has(key)) return step('left', ['the account was deleted here'])
  const atAddress = byEmail.get(email)
  const known = (legacyId === null ? undefined : byLegacyId.get(legacyId)) ?? atAddress
  const reservedFor = reserved.get(email)
  const isReserved = reservedFor !== undefined && reservedFor !== known?.account.id
  if (known === undefined)
    return isReserved ? step('skipped', [reservedHere]) : step('imported', notes)
  const { account, imported } = known
  if (imported === null) return step('skipped', ['an account here has this address'], known)
  if (legacyId !== null && account.legacyId !== null && account.legacyId !== legacyId)
    return step('skipped', ['another imported person has this address here'], known)
  if (accountDigest(account) !== imported.accountDigest)
    return step('left', ['the account changed here since the import'], known)
  const isSame =
    imported.profileDigest === candidate.profileDigest &&
    imported.credentialDigest === candidate.credentialDigest
  if (isSame) return step('unchanged', [], known)
  if (atAddress !== undefined && atAddress.account.id !== account.id)
    return step('left', ['the new address has an account here'], known)
  if (isReserved) return step('left', [reservedHere], known)
  return step('updated', notes, known)
}

/**
 * Writes a batch: updates one by one, because each locks its account, and everything else in one transaction.
 */
async function apply(deps: ImportDeps, run: Run, steps: readonly Step[]): Promise<Brought> {
  const now = deps.clock()
  for (const step of steps.filter(({ outcome }) => outcome === 'updated'))
    await deps.db.transaction(tx => update({ ...deps, db: tx }, step, now))
  return deps.db.batch(async tx => {
    // A retried transaction decides anew who is created.
    const mine = await createNew(tx, deps, steps, now)
    const brought = steps.filter(
      step => brings(step) && (step.outcome !== 'imported' || mine.has(step))
    )
    await setLegacyIds(
      tx,
      brought.flatMap(({ userId, known, candidate: { legacyId } }) =>
        legacyId !== null && known?.account.legacyId === null ? [{ userId, legacyId }] : []
      )
    )
    const identities = await bringIdentities(tx, brought)
    const sessions = await bringSessions(tx, deps, run, brought, now)
    await recordImport(tx, { imported: mine.size })
    for (const step of steps) if (step.outcome === 'imported' && !mine.has(step)) refuse(step)
    return { identities, sessions }
  })
}

/** Somebody signed up with the address since the batch was decided. */
function refuse(step: Step): void {
  step.outcome = 'skipped'
  step.reasons = ['an account here has this address or number']
}

/** Creates the accounts of a batch and returns the steps of those that were created. */
async function createNew(
  tx: Statements,
  deps: ImportDeps,
  steps: readonly Step[],
  now: Date
): Promise<ReadonlySet<Step>> {
  const fresh = steps.filter(({ outcome }) => outcome === 'imported')
  if (fresh.length === 0) return new Set()
  await recordSchemes(
    tx,
    fresh.flatMap(({ candidate }) => candidate.foreign ?? [])
  )
  const created = await createImported(
    tx,
    fresh.map(({ userId, candidate }) => ({
      id: userId,
      ...profileOf(candidate, now),
      legacyId: candidate.legacyId,
      passwordHash: candidate.passwordHash,
      createdAt: candidate.joinedAt
    }))
  )
  const mine = fresh.filter(({ userId }) => created.has(userId))
  const records = mine.map(({ userId, candidate }) => ({
    userId,
    key: candidate.key,
    ...digestsOf(candidate, accountDigest({ ...profileOf(candidate, now), credentialEpoch: 0 }))
  }))
  await tx.run(
    'record-imported-accounts',
    sql`
    INSERT INTO "ImportedAccount" ("key", "userId", "profileDigest", "credentialDigest", "accountDigest", "importedAt")
    SELECT *, now() FROM unnest(${records.map(one => one.key)}::text[], ${records.map(one => one.userId)}::uuid[],
      ${records.map(one => one.profileDigest)}::text[], ${records.map(one => one.credentialDigest)}::text[],
      ${records.map(one => one.accountDigest)}::text[])`
  )
  const factors = mine.flatMap(({ userId, candidate: { factor } }) =>
    factor === null ? [] : [{ userId, ...factor }]
  )
  await importFactors(tx, deps, factors)
  return new Set(mine)
}

const profileOf = (candidate: Candidate, now: Date) => ({
  email: candidate.email,
  emailVerifiedAt: candidate.verified ? now : null,
  firstName: candidate.firstName,
  lastName: candidate.lastName,
  role: candidate.role,
  isActive: candidate.isActive
})

const digestsOf = ({ profileDigest, credentialDigest }: Candidate, account: string) => ({
  profileDigest,
  credentialDigest,
  accountDigest: account
})

/** Takes over what changed there. Other credentials, or a disabled account, end the sessions here. */
async function update(deps: ImportDeps, step: Step, now: Date): Promise<void> {
  const { db: tx } = deps
  const { candidate, userId, known } = step
  const { imported } = known as Known
  const account = await lockAccount(tx, userId)
  if (account === null || imported === null || accountDigest(account) !== imported.accountDigest) {
    step.outcome = 'left'
    step.reasons = ['the account changed here since the import']
    return
  }
  await recordSchemes(tx, candidate.foreign === null ? [] : [candidate.foreign])
  const hasOtherCredentials = imported.credentialDigest !== candidate.credentialDigest
  const profile = profileOf(candidate, now)
  await updateImported(
    tx,
    userId,
    { ...profile, emailVerifiedAt: profile.emailVerifiedAt && (account.emailVerifiedAt ?? now) },
    hasOtherCredentials ? { passwordHash: candidate.passwordHash } : {}
  )
  if (hasOtherCredentials) {
    await dropSecondFactor(tx, userId)
    if (candidate.factor !== null) await importFactors(tx, deps, [{ userId, ...candidate.factor }])
  }
  const ends =
    hasOtherCredentials ||
    account.email !== candidate.email ||
    account.role !== candidate.role ||
    (account.isActive && !candidate.isActive)
  if (ends) {
    await revokeAllSessions(tx, { userId })
    await voidLinks(tx, userId, now)
  }
  const credentialEpoch = account.credentialEpoch + (ends ? 1 : 0)
  await tx.prisma.importedAccount.update({
    where: { key: imported.key },
    data: digestsOf(candidate, accountDigest({ ...profile, credentialEpoch }))
  })
  await recordImport(tx, { updated: 1 })
}

async function bringIdentities(tx: Statements, steps: readonly Step[]): Promise<number> {
  const wanted = steps.flatMap(step =>
    step.candidate.identities.map(identity => ({ step, userId: step.userId, ...identity }))
  )
  if (wanted.length === 0) return 0
  const { added, taken } = await addIdentities(tx, wanted)
  for (const place of taken) {
    const { step, provider } = wanted[place] as (typeof wanted)[0]
    step.reasons.push(`the account of ${provider} belongs to another person here`)
  }
  return added
}

async function bringSessions(
  tx: Statements,
  deps: ImportDeps,
  { sessionTerm }: Run,
  steps: readonly Step[],
  now: Date
): Promise<number> {
  // A disabled account has no sessions.
  const sessions = steps
    .filter(({ candidate }) => candidate.isActive)
    .flatMap(({ userId, candidate: { factor, sessions } }) =>
      sessions.map(({ session, jti }) => {
        return { userId, session, jti, factorSince: factor && (factor.since ?? now) }
      })
    )
  if (sessionTerm === null || sessions.length === 0) return 0
  const { key, expiresAt } = sessionTerm
  const keyId = await keepLegacyKey(tx, deps, key, expiresAt)
  return importSessions(tx, sessions, { keyId, expiresAt })
}

async function recordImport(
  tx: Statements,
  { imported = 0, updated = 0 }: { imported?: number; updated?: number }
): Promise<void> {
  if (imported + updated === 0) return
  await record(tx, {
    event: 'accounts.imported',
    actorId: null,
    subjectId: null,
    sender: noSender,
    details: { by: 'operator', source: 'django', imported, updated }
  })
}
