import { emailTaken } from '../accounts/account.js'
import { openInvitation } from '../accounts/invitation.js'
import { createInvited, lockByEmail, reinvite } from '../accounts/invited.js'
import { type LockedAccount, lockAccounts } from '../accounts/lock.js'
import { record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import { canonicalAddress, type EmailAddress } from '../base/email-address.js'
import { fieldProblem, Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { createLink, eraseSignUps, supersede } from '../links/link.js'
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

/** The mail with the link: from another account, or from the operator. */
export type InvitationMail = 'invitation' | 'admin-link'

type Request = {
  /** The account that invites; null for an operator, who may grant any role. */
  readonly inviterId: string | null
  readonly locale: string
  readonly sender: Sender
  /** The mail; null when an operator delivers the link in another way. */
  readonly mail: InvitationMail | null
}

export type Invited = {
  readonly invitationId: string
  readonly email: EmailAddress
  readonly role: number
  /** The URL, for an operator who delivers it. */
  readonly link: string
}

/**
 * Invites a person: creates the account and mails the link. A second invitation of a pending address
 * replaces role, names and link; the inviter needs authority over the old and the new role.
 *
 * @throws {Problem} `validation_error` on `email` or `role`; `email_taken` for a claimed address, which
 *   inviters may learn; `permission_denied` for a role above the inviter's own.
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

type ValidInvitee = Omit<Invitee, 'email' | 'role'> & {
  readonly email: EmailAddress
  readonly role: number
}

async function inviteWithin(
  tx: Database,
  deps: InviteDeps,
  { email, role, firstName, lastName }: ValidInvitee,
  { inviterId, locale, mail, sender }: Request
): Promise<Invited> {
  const known = await tx.prisma.user.findUnique({ where: { email }, select: { id: true } })
  const { requireAuthority } = await lockInviter(tx, deps, inviterId, known?.id ?? null)
  requireAuthority(role)
  const now = deps.clock()
  const account = { email, role, firstName, lastName, locale }
  const { replaced, userId } = await prepareAccount(tx, account, now, requireAuthority)
  const invitationId = await openInvitation(tx, { userId, inviterId, role, createdAt: now })
  const details = {
    role: deps.roles.nameOf(role),
    ...(replaced === null || replaced === role ? {} : { replaced: deps.roles.nameOf(replaced) }),
    ...inviterOf(inviterId)
  }
  await record(tx, {
    event: 'invitation.sent',
    actorId: inviterId,
    subjectId: userId,
    sender,
    details
  })
  const link = await sendInvitation(tx, deps, { userId, email, locale }, mail)
  return { invitationId, email, role, link }
}

/** Creates or replaces the invited account of an address; `replaced` is the role of its earlier invitation. */
async function prepareAccount(
  tx: Database,
  account: Parameters<typeof createInvited>[1],
  now: Date,
  requireAuthority: (role: number) => void
): Promise<{ userId: string; replaced: number | null }> {
  for (;;) {
    const accountAtAddress = await lockByEmail(tx, account.email)
    if (accountAtAddress?.claimed && !accountAtAddress.yields) throw emailTaken()
    if (accountAtAddress !== null) {
      const { id: userId, role: replaced, claimed } = accountAtAddress
      requireAuthority(replaced)
      // An account in use whose address nobody proved stays until the invited person accepts.
      if (claimed) return { userId, replaced }
      await dropSignUps(tx, userId, now)
      await reinvite(tx, userId, account)
      return { userId, replaced }
    }
    const userId = await createInvited(tx, account, now)
    // Null: a parallel sign-up has just taken the address. The next turn reads its account.
    if (userId !== null) return { userId, replaced: null }
  }
}

/** Ends the sign-ups that wait for their confirmation: an invitation takes the address. */
async function dropSignUps(tx: Database, userId: string, now: Date): Promise<void> {
  await supersede(tx, { userId, purpose: 'email_verification' }, now)
  await eraseSignUps(tx, userId)
}

/** Details that name the operator in the trail, when no account is the inviter. */
export const inviterOf = (inviterId: string | null): { by?: 'operator' } =>
  inviterId === null ? { by: 'operator' } : {}

/** Whether people may invite. Operators always may. */
export const invitationsOn = ({
  JWT_ALLAUTH_INVITATIONS,
  JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION
}: Pick<
  Deps['config'],
  'JWT_ALLAUTH_INVITATIONS' | 'JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION'
>): boolean => JWT_ALLAUTH_INVITATIONS || JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION

/** The numbers of the roles that may invite. */
export const invitingRoles = ({ config, roles }: Pick<Deps, 'config' | 'roles'>): number[] =>
  config.JWT_ALLAUTH_REGISTRATION_ALLOWED_ROLES.map(role => roles.numberOf(role) as number)

/**
 * Locks the inviter, so that a parallel demotion waits (ADM-02, ADM-03), together with the account at the
 * address: two people who invite each other would deadlock if each locked themselves first.
 *
 * @returns the locked account, and a check that throws `permission_denied` when the inviter may not grant a
 *   role. A null inviter is an operator, who may grant any.
 */
export async function lockInviter(
  tx: Database,
  { config, roles }: Pick<Deps, 'config' | 'roles'>,
  inviterId: string | null,
  inviteeId: string | null
): Promise<{ invitee: LockedAccount | null; requireAuthority: (role: number) => void }> {
  const accounts = await lockAccounts(
    tx,
    [inviterId, inviteeId].filter(id => id !== null)
  )
  const inviter = accounts.get(inviterId ?? '')
  const allowed = invitingRoles({ config, roles })
  return {
    invitee: accounts.get(inviteeId ?? '') ?? null,
    requireAuthority(role) {
      const mayInvite =
        inviter?.isActive && allowed.includes(inviter.role) && roles.reaches(inviter.role, role)
      if (inviterId !== null && !mayInvite) throw new Problem('permission_denied')
    }
  }
}

type Addressee = {
  readonly userId: string
  readonly email: string
  readonly locale: string
}

/** Replaces the link of an invitation and mails it; returns its URL. */
export async function sendInvitation(
  tx: Database,
  deps: InviteDeps,
  { userId, email, locale }: Addressee,
  mail: InvitationMail | null
): Promise<string> {
  const link = await createLink(tx, deps, {
    userId,
    purpose: 'invitation',
    address: email,
    credentialEpoch: null,
    lifetimeSeconds: deps.config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS
  })
  if (mail !== null)
    await enqueue(tx, deps, { template: mail, to: { id: userId, email, locale }, link })
  return linkUrl(deps.config, { purpose: 'invitation', userId, token: link.secret.token })
}
