import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import { moveLinks, supersede } from '../links/link.js'
import { createInvited } from './invited.js'
import type { LockedAccount } from './lock.js'

/** An invitation, which belongs to the address of its account. */
export type Invitation = {
  readonly id: string
  readonly userId: string
  /** Null when an operator invited, or the inviter was removed. */
  readonly inviterId: string | null
  readonly role: number
  readonly createdAt: Date
  readonly acceptedAt: Date | null
}

/** Opens the invitation of an account; one that it has already is replaced and keeps its id. Returns the id. */
export async function openInvitation(
  tx: Database,
  { userId, ...data }: Omit<Invitation, 'id' | 'acceptedAt'>
): Promise<string> {
  const invitation = { ...data, acceptedAt: null }
  const { id } = await tx.prisma.invitation.upsert({
    where: { userId },
    create: { id: newId(), userId, ...invitation },
    update: invitation,
    select: { id: true }
  })
  return id
}

/** Records that the invitation of an account was accepted. */
export async function closeInvitation(tx: Database, userId: string, now: Date): Promise<void> {
  await tx.prisma.invitation.updateMany({ where: { userId }, data: { acceptedAt: now } })
}

/** Gives the invitation of an account that was deleted to another account. */
export async function restoreInvitation(
  tx: Database,
  invitation: Invitation,
  userId: string
): Promise<void> {
  await tx.prisma.invitation.create({ data: { ...invitation, userId } })
}

/** Withdraws the open invitation of an account, which stays; false without one. */
export async function withdrawInvitation(
  tx: Database,
  { clock }: Pick<Deps, 'clock'>,
  userId: string
): Promise<boolean> {
  const { count } = await tx.prisma.invitation.deleteMany({ where: { userId, acceptedAt: null } })
  if (count > 0) await supersede(tx, { userId, purpose: 'invitation' }, clock())
  return count > 0
}

/**
 * Leaves the open invitation of an account that has just changed its address at the old one, with a new
 * account, because the invited person reads that mailbox (UND-07).
 */
export async function leaveInvitation(
  tx: Database,
  { clock, config }: Pick<Deps, 'clock' | 'config'>,
  { id, email, locale }: Pick<LockedAccount, 'id' | 'email' | 'locale'>
): Promise<void> {
  const invitation = await tx.prisma.invitation.findFirst({
    where: { userId: id, acceptedAt: null }
  })
  if (invitation === null) return
  const { role } = invitation
  const language = locale ?? config.DEFAULT_LOCALE
  const invited = { email, role, firstName: '', lastName: '', locale: language }
  const userId = await createInvited(tx, invited, clock())
  // The old address is this transaction's until it commits.
  if (userId === null) throw new Error(`The address of account ${id} has a second account.`)
  await tx.prisma.invitation.update({ where: { id: invitation.id }, data: { userId } })
  await moveLinks(tx, { from: id, to: userId, purpose: 'invitation' })
}
