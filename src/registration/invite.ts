import { emailTaken } from '../accounts/account.js'
import { createInvited, lockByEmail, reinvite } from '../accounts/invited.js'
import { lockAccount } from '../accounts/lock.js'
import { record } from '../audit/record.js'
import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { canonicalAddress, type EmailAddress } from '../base/email-address.js'
import { fieldProblem, Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { createLink } from '../links/link.js'
import { linkUrl } from '../links/link-url.js'
import { enqueue } from '../mail/enqueue.js'
import type { Sender } from '../sender.js'

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

/** What carries the link: the words of a colleague, or of those who run the service. */
export type InvitationMail = 'invitation' | 'admin-link'

type Request = {
  /** The account that invites; null for an operator, who may grant any role. */
  readonly inviterId: string | null
  readonly locale: string
  readonly sender: Sender
  /** What is mailed; null where an operator hands the link over by other means. */
  readonly mail: InvitationMail | null
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
 * address again replaces role, names and link, which takes the authority over both roles.
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
  return deps.db.transaction(tx => inviteWithin(tx, deps, { ...invitee, email, role }, request))
}

type Checked = Omit<Invitee, 'email' | 'role'> & {
  readonly email: EmailAddress
  readonly role: number
}

async function inviteWithin(
  tx: Database,
  deps: InviteDeps,
  { email, role, firstName, lastName }: Checked,
  { inviterId, locale, mail, sender }: Request
): Promise<Invited> {
  await requireAuthority(tx, deps, inviterId, role)
  const now = deps.clock()
  const account = { email, role, firstName, lastName, locale }
  const mayReplace = (pending: number) => requireAuthority(tx, deps, inviterId, pending)
  const { replaced, ...invited } = await reserve(tx, account, now, mayReplace)
  const invitation = { inviterId, role, createdAt: now, acceptedAt: null }
  const { id: invitationId } = await tx.prisma.invitation.upsert({
    where: { userId: invited.userId },
    create: { id: newId(), userId: invited.userId, ...invitation },
    update: invitation,
    select: { id: true }
  })
  const { userId: subjectId } = invited
  const details = {
    role: deps.roles.nameOf(role),
    ...(replaced === null || replaced === role ? {} : { replaced: deps.roles.nameOf(replaced) }),
    ...inviterOf(inviterId)
  }
  await record(tx, { event: 'invitation.sent', actorId: inviterId, subjectId, sender, details })
  const link = await sendInvitation(tx, deps, { ...invited, email, locale }, mail)
  return { invitationId, email, role, link }
}

/** The account behind an address, as an invited one, and the role that it was to have before. */
async function reserve(
  tx: Database,
  account: Parameters<typeof createInvited>[1],
  now: Date,
  mayReplace: (role: number) => Promise<void>
): Promise<{ userId: string; credentialEpoch: number; replaced: number | null }> {
  for (;;) {
    const holder = await lockByEmail(tx, account.email)
    if (holder?.claimed) throw emailTaken()
    if (holder !== null) {
      await mayReplace(holder.role)
      return { ...(await reinvite(tx, holder, account)), replaced: holder.role }
    }
    const invited = await createInvited(tx, account, now)
    // Null: a sign-up beside this took the free address; what it made is looked at now.
    if (invited !== null) return { ...invited, replaced: null }
  }
}

/** Where nobody of the service acts, the trail says whose hand it was. */
export const inviterOf = (inviterId: string | null): { by?: 'operator' } =>
  inviterId === null ? { by: 'operator' } : {}

/** Numbers of the roles that may invite. */
export const invitingRoles = ({ config, roles }: Pick<Deps, 'config' | 'roles'>): number[] =>
  config.JWT_ALLAUTH_REGISTRATION_ALLOWED_ROLES.map(role => roles.numberOf(role) as number)

/**
 * The inviter as of now, locked: of a demotion and an invitation at the same moment one comes first,
 * and what the inviter may grant is what they are then (ADM-02, ADM-03).
 */
export async function requireAuthority(
  tx: Database,
  { config, roles }: Pick<Deps, 'config' | 'roles'>,
  inviterId: string | null,
  role: number
): Promise<void> {
  if (inviterId === null) return
  const inviter = await lockAccount(tx, inviterId)
  const allowed = invitingRoles({ config, roles })
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
  mail: InvitationMail | null
): Promise<string> {
  const link = await createLink(tx, deps, {
    userId,
    purpose: 'invitation',
    address: email,
    credentialEpoch,
    lifetimeSeconds: deps.config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS
  })
  if (mail !== null)
    await enqueue(tx, deps, { template: mail, to: { id: userId, email, locale }, link })
  return linkUrl(deps.config, { purpose: 'invitation', userId, token: link.secret.token })
}
