import { digest, keyedDigest } from '../base/crypto/digest.js'
import { newCode, newId, newLinkToken } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import type { LinkPurpose } from './link-url.js'
import { liveLink } from './sql.js'

/** The data of a sign-up, which takes effect when the person confirms with its own link. */
export type SignUpPayload = {
  readonly passwordHash: string
  readonly firstName: string
  readonly lastName: string
}

/** Whether a link can still be used. `void`: its account was disabled or changed its credentials. */
export type LinkStatus = 'live' | 'redeemed' | 'superseded' | 'expired' | 'void'

export type Link = {
  readonly id: string
  readonly userId: string
  readonly purpose: LinkPurpose
  readonly address: string
  readonly signUp: SignUpPayload | null
  readonly expiresAt: Date
  readonly status: LinkStatus
}

/** The secret of a link: the token in the URL, and the short code. Only the mail contains it. */
export type LinkSecret = { readonly token: string; readonly code: string | null }

/** The secret of a new link, and the digests that the table stores. */
export type DraftedLink = {
  readonly id: string
  readonly secret: LinkSecret
  readonly digest: string
  readonly codeDigest: string | null
}

/** Generates the secret of a link and its digests. */
export function draftLink(
  { linkCodeKey }: Pick<Deps, 'linkCodeKey'>,
  withCode: boolean
): DraftedLink {
  const id = newId()
  const token = newLinkToken()
  const code = withCode ? newCode() : null
  return {
    id,
    secret: { token, code },
    digest: digest(token),
    codeDigest: code && codeDigestOf(linkCodeKey, id, code)
  }
}

type NewLink = {
  readonly userId: string
  readonly purpose: LinkPurpose
  readonly address: string
  readonly credentialEpoch: number | null
  readonly lifetimeSeconds: number
  /** Adds a short code, which the person may type instead. */
  readonly withCode?: boolean
  readonly signUp?: SignUpPayload
}

/**
 * Creates a link, in a transaction that has locked the account, and supersedes a live link of the same
 * purpose (LNK-05). Returns what the mail needs.
 */
export async function createLink(
  tx: Database,
  deps: Pick<Deps, 'linkCodeKey' | 'clock'>,
  { lifetimeSeconds, withCode = false, ...link }: NewLink
): Promise<{ id: string; secret: LinkSecret; expiresAt: Date }> {
  const now = deps.clock()
  const { id, secret, digest, codeDigest } = draftLink(deps, withCode)
  if (link.purpose !== 'email_change_undo') await supersede(tx, link, now)
  const expiresAt = new Date(now.getTime() + lifetimeSeconds * 1000)
  await tx.prisma.link.create({
    data: { id, digest, codeDigest, ...link, createdAt: now, expiresAt }
  })
  return { id, secret, expiresAt }
}

/** Supersedes the live link of an account for a purpose. */
export async function supersede(
  tx: Database,
  { userId, purpose }: Pick<NewLink, 'userId' | 'purpose'>,
  now: Date
): Promise<void> {
  await tx.prisma.link.updateMany({
    where: { userId, purpose, supersededAt: null },
    data: { supersededAt: now }
  })
}

const linkColumns = sql`
  l."id", l."userId", l."purpose"::text, l."address", l."signUp", l."expiresAt",
  CASE
    WHEN ${liveLink} THEN 'live'
    WHEN l."supersededAt" IS NOT NULL THEN 'superseded'
    WHEN l."redeemedAt" IS NOT NULL THEN 'redeemed'
    WHEN l."expiresAt" <= now() THEN 'expired'
    ELSE 'void'
  END AS "status"`

const tokenPattern = /^[A-Za-z0-9_-]{43}$/

/** Identifies a link: by the token of its URL, or by the id in a flow cookie. */
export type LinkKey = { readonly token: string } | { readonly id: string }

/** The link of a key, if it has one of these purposes: a token works for its own purpose only (LNK-08). */
export async function findLink(
  db: Database,
  key: LinkKey,
  ...purposes: readonly LinkPurpose[]
): Promise<Link | null> {
  if ('token' in key && !tokenPattern.test(key.token)) return null
  const byDigest = sql`
    SELECT ${linkColumns} FROM "Link" l JOIN "User" u ON u."id" = l."userId"
    WHERE l."digest" = ${'token' in key ? digest(key.token) : null}::text`
  const byId = sql`
    SELECT ${linkColumns} FROM "Link" l JOIN "User" u ON u."id" = l."userId"
    WHERE l."id" = ${'id' in key ? key.id : null}::uuid`
  const [link] =
    'token' in key
      ? await db.run<Link>('read-link-by-digest', byDigest)
      : await db.run<Link>('read-link-by-id', byId)
  return link !== undefined && purposes.includes(link.purpose) ? link : null
}

/** The live reset of an account that no mail carries, because pressing a button began it; it has no code. */
export async function findUnmailedReset(tx: Database, userId: string): Promise<Link | null> {
  const statement = sql`
    SELECT ${linkColumns} FROM "Link" l JOIN "User" u ON u."id" = l."userId"
    WHERE l."userId" = ${userId}::uuid AND l."purpose" = 'password_reset' AND l."codeDigest" IS NULL
      AND ${liveLink}`
  return (await tx.run<Link>('read-unmailed-reset', statement))[0] ?? null
}

/** The live link that a flow cookie names. */
export async function findLiveLink(
  db: Database,
  id: string,
  purpose: LinkPurpose
): Promise<Link | null> {
  const link = await findLink(db, { id }, purpose)
  return link?.status === 'live' ? link : null
}

/** The live link of an address and its short code; each pending sign-up has one. The caller limits the attempts. */
export async function findLinkByCode(
  { db, linkCodeKey }: Pick<Deps, 'db' | 'linkCodeKey'>,
  { address, code, purpose }: { address: string; code: string; purpose: LinkPurpose }
): Promise<Link | null> {
  const statement = sql`
    SELECT ${linkColumns}, l."codeDigest" FROM "Link" l JOIN "User" u ON u."id" = l."userId"
    WHERE u."email" = ${address}::text AND l."purpose" = ${purpose}::"LinkPurpose" AND l."supersededAt" IS NULL`
  type Row = Link & { readonly codeDigest: string | null }
  const links = await db.run<Row>('read-links-by-address', statement)
  const typed = code.toUpperCase().replaceAll(/[\s-]/g, '')
  const isTyped = ({ id, status, codeDigest }: Row) =>
    status === 'live' && codeDigest === codeDigestOf(linkCodeKey, id, typed)
  return links.find(isTyped) ?? null
}

/** Whether another sign-up of the account of a confirmation link is pending too. */
export async function isContested(
  db: Database,
  { id, userId }: Pick<Link, 'id' | 'userId'>
): Promise<boolean> {
  const statement = sql`
    SELECT 1 FROM "Link" l JOIN "User" u ON u."id" = l."userId"
    WHERE l."userId" = ${userId}::uuid AND l."purpose" = 'email_verification' AND l."id" <> ${id}::uuid AND ${liveLink}
    LIMIT 1`
  return (await db.run('read-rival-sign-up', statement)).length > 0
}

/** Erases what the sign-ups of an account asked for: its owner has confirmed, so no other one counts. */
export async function eraseSignUps(tx: Database, userId: string): Promise<void> {
  const statement = sql`
    UPDATE "Link" SET "signUp" = NULL
    WHERE "userId" = ${userId}::uuid AND "purpose" = 'email_verification' AND "signUp" IS NOT NULL`
  await tx.run('erase-sign-ups', statement)
}

/**
 * Uses a link up, in a transaction that has locked the account; false when it was not live. Only one of
 * several parallel attempts succeeds (LNK-02).
 */
export async function redeemLink(tx: Database, link: Pick<Link, 'id'>): Promise<boolean> {
  const statement = sql`
    UPDATE "Link" l SET "redeemedAt" = now() FROM "User" u
    WHERE l."id" = ${link.id}::uuid AND u."id" = l."userId" AND ${liveLink}
    RETURNING 1`
  return (await tx.run('redeem-link', statement)).length > 0
}

/**
 * Moves the live confirmation link of an account to its new epoch, so that a person who sets up a second
 * factor can still follow the link mailed before.
 */
export async function carryVerification(
  tx: Database,
  { userId, credentialEpoch }: { userId: string; credentialEpoch: number }
): Promise<void> {
  await tx.prisma.link.updateMany({
    where: {
      userId,
      purpose: 'email_verification',
      supersededAt: null,
      redeemedAt: null,
      credentialEpoch: credentialEpoch - 1
    },
    data: { credentialEpoch }
  })
}

/** Gives the links of an account for a purpose to another account. */
export async function moveLinks(
  tx: Database,
  { from, to, purpose }: { from: string; to: string; purpose: LinkPurpose }
): Promise<void> {
  await tx.prisma.link.updateMany({ where: { userId: from, purpose }, data: { userId: to } })
}

/** Moves the end of the open undo links of an account, with the right that they are for; returns how many. */
export async function extendUndoLinks(
  tx: Database,
  userId: string,
  { now, expiresAt }: { now: Date; expiresAt: Date }
): Promise<number> {
  const open = { supersededAt: null, redeemedAt: null, expiresAt: { gt: now } }
  const { count } = await tx.prisma.link.updateMany({
    where: { userId, purpose: 'email_change_undo', ...open },
    data: { expiresAt }
  })
  return count
}

/** Supersedes every open link of an account, also undo links, which a new epoch does not void. */
export async function voidLinks(tx: Database, userId: string, now: Date): Promise<void> {
  await tx.prisma.link.updateMany({
    where: { userId, redeemedAt: null, supersededAt: null },
    data: { supersededAt: now }
  })
}

function codeDigestOf(key: Buffer, linkId: string, code: string): string {
  return keyedDigest(key, `${linkId}\0${code}`)
}
