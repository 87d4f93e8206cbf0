import { digest, keyedDigest } from '../base/crypto/digest.js'
import { newId, newRecoveryCode } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import { forgetCodesOf } from './shown-codes.js'

type Keys = Pick<Deps, 'recoveryCodeKeys'>

const codesInSet = 10

/** At this number of unused codes the owner gets a mail. */
export const fewCodes = 2

/**
 * Creates a new set of codes, in a transaction that has locked the account, and removes the old set. The
 * table stores only digests, so the codes can be shown only now.
 */
export async function issueRecoveryCodes(
  tx: Database,
  { userId, now }: { userId: string; now: Date }
): Promise<string[]> {
  const codes = Array.from({ length: codesInSet }, newRecoveryCode)
  await tx.prisma.recoveryCode.deleteMany({ where: { userId } })
  await forgetCodesOf(tx, userId)
  await tx.prisma.recoveryCode.createMany({
    data: codes.map(code => ({
      id: newId(),
      userId,
      digest: digestOf(userId, code),
      createdAt: now
    }))
  })
  return codes.map(code => code.replaceAll(/(.{4})(?=.)/g, '$1-'))
}

/** Uses a code up. Returns how many are left; null when there is no such unused code (MFA-16). */
export async function useRecoveryCode(
  tx: Database,
  { recoveryCodeKeys }: Keys,
  { userId, code, now }: { userId: string; code: string; now: Date }
): Promise<number | null> {
  const typed = normalized(code)
  const keys = [recoveryCodeKeys.current, ...recoveryCodeKeys.earlier]
  const digests = [digestOf(userId, typed), ...keys.map(key => importedDigest(key, userId, typed))]
  const { count } = await tx.prisma.recoveryCode.updateMany({
    where: { userId, digest: { in: digests }, usedAt: null },
    data: { usedAt: now }
  })
  return count === 0 ? null : tx.prisma.recoveryCode.count({ where: { userId, usedAt: null } })
}

/** Removes differences of case, width, spaces and dashes, which people may type. */
const normalized = (code: string) =>
  code
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')

/**
 * A digest without a key: 80 random bits resist a search, and the codes stay valid after a change or loss
 * of `SECRET_KEY`. With the account's id an attacker must search for each account separately.
 */
const digestOf = (userId: string, code: string) => digest(`${userId}\0${code}`)

const importedDigest = (key: Buffer, userId: string, code: string) =>
  keyedDigest(key, `${userId}\0${code}`)

/**
 * The digest of a code from another installation. Such codes are short, so the digest has a key: without
 * `SECRET_KEY` the table does not tell them. They end with the `SECRET_KEY` they were imported under, and its
 * place in `SECRET_KEY_FALLBACKS`.
 */
export const importedDigestOf = (
  { recoveryCodeKeys }: Keys,
  userId: string,
  code: string
): string => importedDigest(recoveryCodeKeys.current, userId, normalized(code))
