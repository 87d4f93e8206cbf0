import type { Database, Statements } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { ForeignHash } from './foreign-hash.js'

/**
 * SQL: the imported kinds of password hashes. The statement that reads an account for a sign-in contains it,
 * so every instance knows of an import as soon as the imported accounts are there.
 */
export const knownSchemes = sql`(SELECT COALESCE(json_agg(p."scheme"), '[]') FROM "PasswordScheme" p)`

/** Reads {@link knownSchemes}. */
export async function readSchemes(db: Database): Promise<string[]> {
  const rows = await db.prisma.passwordScheme.findMany({ select: { scheme: true } })
  return rows.map(({ scheme }) => scheme)
}

/**
 * Records the schemes of hashes, in the transaction that stores them. The update of a known row makes a
 * parallel {@link forgetUnusedSchemes} wait.
 */
export async function recordSchemes(
  tx: Statements,
  hashes: readonly Pick<ForeignHash, 'scheme' | 'prefix'>[]
): Promise<void> {
  const prefixes = new Map(hashes.map(({ scheme, prefix }) => [scheme, prefix]))
  // In one order, so that two imports do not wait for each other.
  const rows = [...prefixes].toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [scheme, prefix] of rows) {
    await tx.run(
      'record-password-scheme',
      sql`
      INSERT INTO "PasswordScheme" ("scheme", "prefix") VALUES (${scheme}::text, ${prefix}::text)
      ON CONFLICT ("scheme") DO UPDATE SET "prefix" = EXCLUDED."prefix"`
    )
  }
}

/**
 * Removes the schemes of which no hash is left, so that sign-ins become cheaper as imported people renew
 * their hashes. Returns how many.
 */
export async function forgetUnusedSchemes(db: Database): Promise<number> {
  if ((await readSchemes(db)).length === 0) return 0
  return db.transaction(async tx => {
    await tx.run('lock-password-schemes', sql`SELECT "scheme" FROM "PasswordScheme" FOR UPDATE`)
    // A separate statement, which sees what a transaction stored that held the lock.
    const removed = await tx.run(
      'forget-password-schemes',
      sql`
      DELETE FROM "PasswordScheme" p WHERE NOT EXISTS (
        SELECT FROM "User" u
        WHERE u."passwordHash" NOT LIKE '$argon2id$%'
          AND u."passwordHash" COLLATE "C" >= p."prefix"
          AND u."passwordHash" COLLATE "C" < p."prefix" || chr(1114111))
      RETURNING 1`
    )
    return removed.length
  })
}
