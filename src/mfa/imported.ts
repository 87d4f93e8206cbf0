import { newId } from '../base/crypto/random.js'
import type { Statements } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import { importedDigestOf } from './recovery-codes.js'
import { sealSecret } from './secret.js'

type ImportedFactor = {
  readonly userId: string
  readonly secret: Buffer
  readonly codes: readonly string[]
}

/** Stores authenticator apps and recovery codes of another installation, for accounts without a second factor. */
export async function importFactors(
  tx: Statements,
  deps: Pick<Deps, 'totpKeys' | 'recoveryCodeKeys'>,
  factors: readonly ImportedFactor[]
): Promise<void> {
  if (factors.length === 0) return
  const sealed = factors.map(({ userId, secret }) => ({
    userId,
    ...sealSecret(deps, secret, userId)
  }))
  await tx.run(
    'import-authenticators',
    sql`
    INSERT INTO "Authenticator" ("id", "userId", "sealedSecret", "keyId", "lastStep", "createdAt")
    SELECT id, "userId", decode(secret, 'hex'), "keyId", 0, now()
    FROM unnest(${sealed.map(newId)}::uuid[], ${sealed.map(one => one.userId)}::uuid[],
      ${sealed.map(one => Buffer.from(one.sealedSecret).toString('hex'))}::text[],
      ${sealed.map(one => one.keyId)}::text[]) AS n (id, "userId", secret, "keyId")`
  )
  const codes = factors.flatMap(({ userId, codes }) =>
    codes.map(code => ({ userId, digest: importedDigestOf(deps, userId, code) }))
  )
  await tx.run(
    'import-recovery-codes',
    sql`
    INSERT INTO "RecoveryCode" ("id", "userId", "digest", "createdAt")
    SELECT id, "userId", digest, now()
    FROM unnest(${codes.map(newId)}::uuid[], ${codes.map(one => one.userId)}::uuid[],
      ${codes.map(one => one.digest)}::text[]) AS n (id, "userId", digest)
    ON CONFLICT DO NOTHING`
  )
}
