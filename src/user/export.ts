import { legacyKey } from '../accounts/account.js'
import { byOwner, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import { listAuthenticators } from '../mfa/authenticators.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import {
  authorizeChange,
  type ChangeDeps,
  commitChange,
  type Evidence
} from '../sign-in/authorize-change.js'

/** Rises when a field of the export changes its meaning or goes away. */
const exportVersion = 1

/**
 * Reads everything that is stored about the caller, without secrets, as of one moment. It asks for a fresh
 * authentication, because a stolen session must not take all of it away, and it is recorded in the trail.
 *
 * @throws {Problem} as {@link authorizeChange} and {@link commitChange}.
 */
export async function exportAccount(
  deps: ChangeDeps & Pick<Deps, 'roles'>,
  principal: Principal,
  sender: Sender,
  evidence: Evidence = {}
) {
  const authorization = await authorizeChange(deps, { principal, sender }, 'fresh', evidence)
  return commitChange(deps, authorization, async (tx, { id: userId }) => {
    const { sessionId } = principal
    await record(tx, { event: 'account.exported', ...byOwner(userId), sessionId, sender })
    return {
      version: exportVersion,
      createdAt: deps.clock(),
      account: await readProfile(tx, deps, principal),
      sessions: await readSessions(tx, userId, sessionId),
      authenticators: await listAuthenticators(tx, userId),
      activity: await readActivity(tx, userId),
      mails: await readMails(tx, userId),
      links: await readLinks(tx, userId),
      invitations: await readInvitations(tx, deps, userId),
      identities: await readIdentities(tx, userId),
      ...(await readRest(tx, userId))
    }
  })
}

async function readProfile(
  tx: Database,
  { roles }: Pick<Deps, 'roles'>,
  { user: { id }, pendingEmail }: Principal
) {
  const user = await tx.prisma.user.findUniqueOrThrow({
    where: { id },
    omit: { credentialEpoch: true, isActive: true }
  })
  const { passwordHash, legacyId, role, ...profile } = user
  return {
    ...profile,
    pendingEmail,
    role,
    roleName: roles.nameOf(role),
    hasPassword: passwordHash !== null,
    legacyId: legacyKey(legacyId)
  }
}

async function readSessions(tx: Database, userId: string, sessionId: string) {
  const sessions = await tx.prisma.session.findMany({
    where: { userId },
    orderBy: { id: 'desc' },
    select: {
      id: true,
      createdAt: true,
      authTime: true,
      lastUsedAt: true,
      expiresAt: true,
      transport: true,
      amr: true,
      ip: true,
      userAgent: true
    }
  })
  return sessions.map(session => ({ ...session, current: session.id === sessionId }))
}

/** Events that the person caused or that concern the account. Those who acted on it stay unnamed. */
async function readActivity(tx: Database, userId: string) {
  const events = await tx.prisma.auditEvent.findMany({
    where: { OR: [{ subjectId: userId }, { actorId: userId }] },
    orderBy: { id: 'desc' }
  })
  return events.map(({ actorId, subjectId, sessionId, details, ...event }) => {
    const { operator: _, ...facts } = details as Record<string, unknown>
    const isOwn = actorId === userId
    return {
      ...event,
      byYou: isOwn,
      aboutYou: subjectId === userId,
      session: sessionId,
      details: facts as Record<string, string | number | boolean | string[]>
    }
  })
}

const readMails = (tx: Database, userId: string) =>
  tx.prisma.mail.findMany({
    where: { userId },
    orderBy: { id: 'desc' },
    select: { template: true, recipient: true, state: true, createdAt: true, settledAt: true }
  })

const readLinks = (tx: Database, userId: string) =>
  tx.prisma.link.findMany({
    where: { userId },
    orderBy: { id: 'desc' },
    select: { purpose: true, address: true, createdAt: true, expiresAt: true, redeemedAt: true }
  })

async function readInvitations(tx: Database, { roles }: Pick<Deps, 'roles'>, userId: string) {
  const select = { role: true, createdAt: true, acceptedAt: true } as const
  const received = await tx.prisma.invitation.findUnique({ where: { userId }, select })
  const sent = await tx.prisma.invitation.findMany({
    where: { inviterId: userId },
    orderBy: { id: 'desc' },
    select: { ...select, user: { select: { email: true } } }
  })
  const named = <Row extends { role: number }>(row: Row) => ({
    ...row,
    roleName: roles.nameOf(row.role)
  })
  return {
    received: received && named(received),
    sent: sent.map(({ user: { email }, ...invitation }) => named({ email, ...invitation }))
  }
}

const readIdentities = (tx: Database, userId: string) =>
  tx.prisma.identity.findMany({
    where: { userId },
    orderBy: { id: 'desc' },
    select: { provider: true, uid: true, createdAt: true }
  })

/** What few accounts have: a right to undo changes, and an import from another installation. */
async function readRest(tx: Database, userId: string) {
  const where = { userId }
  const undoRight = await tx.prisma.undoRight.findUnique({
    where,
    select: { address: true, createdAt: true, expiresAt: true }
  })
  const imported = await tx.prisma.importedAccount.findUnique({
    where,
    select: { importedAt: true }
  })
  const importedSessions = await tx.prisma.legacySession.findMany({
    where,
    orderBy: { createdAt: 'desc' },
    select: { session: true, createdAt: true, expiresAt: true, endedAt: true }
  })
  return { undoRight, importedAt: imported?.importedAt ?? null, importedSessions }
}
