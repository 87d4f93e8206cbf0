import { emailTaken } from '../accounts/accounts.js'
import { canonicalAddress, type EmailAddress } from '../accounts/address.js'
import { createInvited, lockHolder, reinvite } from '../accounts/invited.js'
import { lockAccount } from '../accounts/lock.js'
import { type Origin, record } from '../audit/record.js'
import { newId } from '../crypto/random.js'
import type { Database } from '../database/database.js'
import { isUniqueViolation } from '../database/failures.js'
import type { Deps } from '../deps.js'
import { fieldProblem, Problem } from '../errors/problem.js'
import { createLink } from '../links/links.js'
import { linkUrl } from '../links/paths.js'
import { enqueue } from '../outbox/enqueue.js'

export type InviteDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'roles' | 'linkCodeKey' | 'outboxKeys'
>

export type Invitee = {
  readonly email: string
  /** By name or number. */
  readonly role: string | number
  readonly firstName: string
  readonly lastName: string
}

type Request = {
  /** The account that invites; null for an operator, who may grant any role. */
  readonly inviterId: string | null
  readonly locale: string
  readonly origin: Origin
  /** False where the operator hands the link over by other means. */
  readonly mails: boolean
}

export type Invited = {
  readonly invitationId: string
  readonly email: EmailAddress
  readonly role: number
  /** The link, for an operator who asked for it instead of a mail. */
  readonly link: string
}

/**
 * Asks somebody in: makes the account they will have, and mails the link to it. Inviting a pending
 * address again replaces role, names and link.
 *
 * @throws {Problem} `validation_error` on `email` or `role`; `email_taken` for a claimed address, which
 *   inviters may know (contract A.3.14); `permission_denied` for a role above the inviter's own.
 */
export async function invite(
  deps: InviteDeps,
  invitee: Invitee,
  request: Request
): Promise<Invited> {
  const email = canonicalAddress(invitee.email)
  const role = deps.roles.numberOf(invitee.role)
  if (email === null) throw fieldProblem('email', { code: 'email' })
  if (role === null) throw fieldProblem('role', { code: 'unknown_role' })
  const work = () =>
    deps.db.transaction(tx => inviteWithin(tx, deps, { ...invitee, email, role }, request))
  try {
    return await work()
  } catch (error) {
    // A sign-up beside this took the free address; what it made is looked at the second time.
    if (isUniqueViolation(error)) return work()
    throw error
  }
}

type Checked = Omit<Invitee, 'email' | 'role'> & {
  readonly email: EmailAddress
  readonly role: number
}

async function inviteWithin(
  tx: Database,
  deps: InviteDeps,
  { email, role, firstName, lastName }: Checked,
  { inviterId, locale, mails, origin }: Request
): Promise<Invited> {
  await demandAuthority(tx, deps, inviterId, role)
  const account = { email, role, firstName, lastName, locale }
  const holder = await lockHolder(tx, email)
  if (holder?.claimed) throw emailTaken()
  const now = deps.clock()
  const invited =
    holder === null ? await createInvited(tx, account, now) : await reinvite(tx, holder, account)
  const invitation = { inviterId, role, createdAt: now, acceptedAt: null }
  const { id: invitationId } = await tx.prisma.invitation.upsert({
    where: { userId: invited.userId },
    create: { id: newId(), userId: invited.userId, ...invitation },
    update: invitation,
    select: { id: true }
  })
  const { userId: subjectId } = invited
  const details = { role: deps.roles.nameOf(role) }
  await record(tx, { event: 'invitation.sent', actorId: inviterId, subjectId, origin, details })
  const link = await sendInvitation(tx, deps, { ...invited, email, locale }, mails)
  return { invitationId, email, role, link }
}

/**
 * The inviter as of now, locked: of a demotion and an invitation at the same moment one comes first,
 * and what the inviter may grant is what they are then (ADM-02, ADM-03).
 */
export async function demandAuthority(
  tx: Database,
  { config, roles }: Pick<Deps, 'config' | 'roles'>,
  inviterId: string | null,
  role: number
): Promise<void> {
  if (inviterId === null) return
  const inviter = await lockAccount(tx, inviterId)
  const allowed = config.JWT_ALLAUTH_REGISTRATION_ALLOWED_ROLES.map(roles.numberOf)
  const may =
    inviter?.isActive && allowed.includes(inviter.role) && roles.reaches(inviter.role, role)
  if (!may) throw new Problem('permission_denied')
}

type Addressee = {
  readonly userId: string
  readonly credentialEpoch: number
  readonly email: string
  readonly locale: string
}

/** Replaces the link of an invitation and mails it; returns it for an operator. */
export async function sendInvitation(
  tx: Database,
  deps: InviteDeps,
  { userId, credentialEpoch, email, locale }: Addressee,
  mails: boolean
): Promise<string> {
  const link = await createLink(tx, deps, {
    userId,
    purpose: 'invitation',
    address: email,
    credentialEpoch,
    lifetimeSeconds: deps.config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS
  })
  if (mails)
    await enqueue(tx, deps, { template: 'invitation', userId, recipient: email, locale, link })
  return linkUrl(deps.config, { purpose: 'invitation', userId, token: link.secret.token })
}
