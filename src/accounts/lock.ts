import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'
import type { Problem } from '../base/errors/problem.js'

/** An account whose row this transaction has locked, so its credentials cannot change. */
export type LockedAccount = {
  readonly id: string
  readonly email: EmailAddress
  readonly emailVerifiedAt: Date | null
  readonly passwordHash: string | null
  readonly firstName: string
  readonly lastName: string
  readonly role: number
  readonly isActive: boolean
  readonly credentialEpoch: number
  readonly locale: string | null
}

const lockedColumns = sql`
  "id", "email", "emailVerifiedAt", "passwordHash", "firstName", "lastName", "role", "isActive",
  "credentialEpoch", "locale"`

/**
 * Locks the row of an account for the rest of the transaction: sign-ins and changes of credentials
 * wait. Null when there is no such account.
 */
export async function lockAccount(tx: Database, userId: string): Promise<LockedAccount | null> {
  const statement = sql`
    SELECT ${lockedColumns} FROM "User" WHERE "id" = ${userId}::uuid FOR NO KEY UPDATE`
  const [account] = await tx.run<LockedAccount>('lock-account', statement)
  return account ?? null
}

/**
 * Locks two or more accounts in the order of their ids, so that transactions that need the same accounts do
 * not wait for each other. The result has no entry for an account that does not exist.
 */
export async function lockAccounts(
  tx: Database,
  userIds: readonly string[]
): Promise<ReadonlyMap<string, LockedAccount>> {
  const statement = sql`
    SELECT ${lockedColumns} FROM "User" WHERE "id" = ANY (${userIds}::uuid[]) ORDER BY "id" FOR NO KEY UPDATE`
  const accounts = await tx.run<LockedAccount>('lock-accounts', statement)
  return new Map(accounts.map(account => [account.id, account]))
}

/**
 * Locks an account for a person who authenticated when it had this credential epoch.
 *
 * @throws {Problem} `notValid`, when the account was disabled, removed or changed its credentials since.
 */
export async function lockUnchangedAccount(
  tx: Database,
  { userId, credentialEpoch }: { userId: string; credentialEpoch: number },
  notValid: () => Problem
): Promise<LockedAccount> {
  const account = await lockAccount(tx, userId)
  if (!account?.isActive || account.credentialEpoch !== credentialEpoch) throw notValid()
  return account
}
