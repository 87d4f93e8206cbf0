import { newId } from '../base/crypto/random.js'
import { seal, UnsealError, unseal } from '../base/crypto/seal.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'

type ShownDeps = Pick<Deps, 'db' | 'shownCodeKeys'>

/** Recovery codes on a page, whose they are, and when they were made. */
export type ShownCodes = {
  readonly userId: string
  readonly codes: readonly string[]
  readonly email: string
  readonly createdAt: Date
}

/**
 * Keeps new recovery codes for the page that shows them: ten minutes, sealed, so that Reload and Back
 * show the same ones. Returns the id of the row.
 */
export async function keepShownCodes(
  { db, shownCodeKeys }: ShownDeps,
  { userId, codes }: { userId: string; codes: readonly string[] }
): Promise<string> {
  const id = newId()
  const sealed = seal(shownCodeKeys, Buffer.from(codes.join(' ')), id)
  await db.run(
    'keep-shown-codes',
    sql`
    INSERT INTO "ShownCodes" ("id", "userId", "sealedCodes", "createdAt", "expiresAt")
    SELECT ${id}::uuid, u."id", ${sealed}::bytea, now(), now() + interval '10 minutes'
    FROM "User" u WHERE u."id" = ${userId}::uuid`
  )
  return id
}

/** The codes of a row; null when the person is done with them, ten minutes have passed, or newer codes replaced them. */
export async function readShownCodes(
  { db, shownCodeKeys }: ShownDeps,
  id: string
): Promise<ShownCodes | null> {
  const [row] = await db.run<Omit<ShownCodes, 'codes'> & { readonly sealedCodes: Uint8Array }>(
    'read-shown-codes',
    sql`
    SELECT s."sealedCodes", s."userId", s."createdAt", u."email" FROM "ShownCodes" s JOIN "User" u ON u."id" = s."userId"
    WHERE s."id" = ${id}::uuid AND s."expiresAt" > now()`
  )
  if (row === undefined) return null
  try {
    const codes = unseal(shownCodeKeys, row.sealedCodes, id).toString('utf8').split(' ')
    return { userId: row.userId, codes, email: row.email, createdAt: row.createdAt }
  } catch (error) {
    if (error instanceof UnsealError) return null
    throw error
  }
}

/** Forgets the codes of a row: the person has saved them. */
export async function forgetShownCodes({ db }: Pick<Deps, 'db'>, id: string): Promise<void> {
  await db.prisma.shownCodes.deleteMany({ where: { id } })
}

/** Forgets all codes that pages show of an account: they are not valid any more. */
export async function forgetCodesOf(tx: Database, userId: string): Promise<void> {
  await tx.prisma.shownCodes.deleteMany({ where: { userId } })
}
