import { withdrawInvitation } from '../accounts/invitation.js'
import { removeInvited } from '../accounts/invited.js'
import type { LockedAccount } from '../accounts/lock.js'
import { record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { liveLink } from '../links/sql.js'
import type { Sender } from '../sender.js'
import { type InviteDeps, inviterOf, lockInviter, sendInvitation } from './invite.js'

export type InvitationState = 'pending' | 'expired' | 'accepted'

export type ListedInvitation = {
  readonly id: string
  readonly email: string
  readonly role: number
  readonly state: InvitationState
  /** The address of the inviter; null for an operator or a removed account. */
  readonly inviter: string | null
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly acceptedAt: Date | null
}

// One text for each state, so that those that wait are found among many accepted ones by their index.
const isIn = {
  any: sql`true`,
  accepted: sql`i."acceptedAt" IS NOT NULL`,
  pending: sql`i."acceptedAt" IS NULL AND ${liveLink}`,
  expired: sql`i."acceptedAt" IS NULL AND NOT COALESCE(${liveLink}, false)`
}

/** Invitations, newest first, of one state or of all. `before` is the last id of the previous page. */
export async function listInvitations(
  { db }: Pick<Deps, 'db'>,
  { state, before, limit }: { state: InvitationState | null; before: string | null; limit: number }
): Promise<{ results: ListedInvitation[]; next: string | null }> {
  const statement = sql`
    SELECT i."id", u."email", i."role", by_user."email" AS "inviter", i."createdAt", l."expiresAt", i."acceptedAt",
      CASE WHEN i."acceptedAt" IS NOT NULL THEN 'accepted' WHEN ${liveLink} THEN 'pending' ELSE 'expired' END
        AS "state"
    FROM "Invitation" i
    JOIN "User" u ON u."id" = i."userId"
    LEFT JOIN "User" by_user ON by_user."id" = i."inviterId"
    LEFT JOIN "Link" l ON l."userId" = u."id" AND l."purpose" = 'invitation' AND l."supersededAt" IS NULL
    WHERE (${before}::uuid IS NULL OR i."id" < ${before}::uuid) AND ${isIn[state ?? 'any']}
    ORDER BY i."id" DESC LIMIT ${limit + 1}::int4`
  const rows = await db.run<ListedInvitation>(`list-invitations-${state ?? 'any'}`, statement)
  const results = rows.slice(0, limit)
  return { results, next: rows.length > limit ? (results.at(-1)?.id ?? null) : null }
}

/** The invitations of an inviter that are not accepted yet, newest first. */
export async function openInvitationsBy(
  { db }: Pick<Deps, 'db'>,
  inviterId: string
): Promise<{ id: string; email: string; role: number }[]> {
  const rows = await db.prisma.invitation.findMany({
    where: { inviterId, acceptedAt: null },
    orderBy: { id: 'desc' },
    select: { id: true, role: true, user: { select: { email: true } } }
  })
  return rows.map(({ id, role, user }) => ({ id, role, email: user.email }))
}

/** The invitation, and who acts on it; a null inviter is an operator. */
type Action = {
  readonly id: string
  readonly inviterId: string | null
  readonly sender: Sender
}

/**
 * Mails an invitation again with a new link, which supersedes the old one. Returns the new URL, for an
 * operator to deliver when mail is disabled.
 *
 * @throws {Problem} `not_found`; `invitation_accepted`; `permission_denied`; `no_active_account` for an
 *   operator and a disabled account.
 */
export async function resendInvitation(
  deps: InviteDeps,
  { id, inviterId, sender }: Action
): Promise<{ email: string; link: string }> {
  return deps.db.transaction(async tx => {
    const { userId, role } = await readOpen(tx, id)
    const { invitee, requireAuthority } = await lockInviter(tx, deps, inviterId, userId)
    requireAuthority(role)
    const { email, ...account } = requireEnabled(invitee, inviterId)
    const locale = account.locale ?? deps.config.DEFAULT_LOCALE
    const details = { role: deps.roles.nameOf(role), ...inviterOf(inviterId) }
    const event = { actorId: inviterId, subjectId: userId, sender, details }
    await record(tx, { event: 'invitation.sent', ...event })
    const addressee = { userId, email, locale }
    return { email, link: await sendInvitation(tx, deps, addressee, 'invitation') }
  })
}

/**
 * Revokes an invitation and removes its account, so that the address is free. An account that was in use
 * before the invitation stays.
 *
 * @throws {Problem} `not_found`; `invitation_accepted`; `permission_denied`.
 */
export async function revokeInvitation(
  deps: InviteDeps,
  { id, inviterId, sender }: Action
): Promise<void> {
  await deps.db.transaction(async tx => {
    const { userId, role } = await readOpen(tx, id)
    const { invitee, requireAuthority } = await lockInviter(tx, deps, inviterId, userId)
    requireAuthority(role)
    // A revoked address can sign up again. For a disabled account only an operator may allow that.
    if (inviterId !== null) requireEnabled(invitee, inviterId)
    if (!(await removeInvited(tx, userId)) && !(await withdrawInvitation(tx, deps, userId)))
      throw new Problem('invitation_accepted')
    const details = { role: deps.roles.nameOf(role), ...inviterOf(inviterId) }
    const event = { actorId: inviterId, subjectId: userId, sender, details }
    await record(tx, { event: 'invitation.revoked', ...event })
  })
}

/** Refuses a disabled account, which only an operator may enable. */
function requireEnabled(account: LockedAccount | null, inviterId: string | null): LockedAccount {
  if (account === null) throw new Problem('not_found')
  if (account.isActive) return account
  throw new Problem(inviterId === null ? 'no_active_account' : 'permission_denied')
}

async function readOpen(tx: Database, id: string): Promise<{ userId: string; role: number }> {
  const invitation = await tx.prisma.invitation.findUnique({ where: { id } })
  if (invitation === null) throw new Problem('not_found')
  if (invitation.acceptedAt !== null) throw new Problem('invitation_accepted')
  return invitation
}
