import { digest } from '../base/crypto/digest.js'
import { newId, newRecoveryCode } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'

const codesInSet = 10

/** Left of a set when its owner is told to make new ones. */
export const fewCodes = 2

/**
 * Gives an account a new set of codes, in a transaction that holds its lock; those before are dead.
 * They are shown once, here: the table holds digests.
 */
export async function issueRecoveryCodes(
  tx: Database,
  { userId, now }: { userId: string; now: Date }
): Promise<string[]> {
  const codes = Array.from({ length: codesInSet }, newRecoveryCode)
  await tx.prisma.recoveryCode.deleteMany({ where: { userId } })
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

/** Uses a code up; how many are left, or null when there was no such code to be had (MFA-16). */
export async function useRecoveryCode(
  tx: Database,
  { userId, code, now }: { userId: string; code: string; now: Date }
): Promise<number | null> {
  const { count } = await tx.prisma.recoveryCode.updateMany({
    where: { userId, digest: digestOf(userId, normalized(code)), usedAt: null },
    data: { usedAt: now }
  })
  return count === 0 ? null : tx.prisma.recoveryCode.count({ where: { userId, usedAt: null } })
}

/** Case, width, spaces and dashes of any kind are how people copy, not what they copied. */
const normalized = (code: string) =>
  code
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')

/**
 * Not keyed: eighty random bits need no key to withstand a search, and so the codes outlive a new
 * `SECRET_KEY`, or a lost one. The account's id makes each search one account's.
 */
const digestOf = (userId: string, code: string) => digest(`${userId}\0${code}`)
