import { keyIdOf } from '../base/crypto/derive.js'
import { UnsealError, unseal } from '../base/crypto/seal.js'
import type { Deps } from '../deps.js'
import { sealSecret } from './secret.js'

const batch = 200

/**
 * Encrypts all secrets of an earlier `SECRET_KEY` with the current one, so that the operator can remove the
 * fallback key. A secret that no key decrypts stays as it is; the next sign-in of its owner logs it.
 */
export async function resealSecrets(
  deps: Pick<Deps, 'db' | 'totpKeys'>
): Promise<{ resealed: number }> {
  const { db, totpKeys } = deps
  if (totpKeys.earlier.length === 0) return { resealed: 0 }
  const current = keyIdOf(totpKeys.current)
  let resealed = 0
  for (let after: string | null = null; ; ) {
    const rows: { id: string; userId: string; sealedSecret: Uint8Array<ArrayBuffer> }[] =
      await db.prisma.authenticator.findMany({
        where: { keyId: { not: current }, ...(after === null ? {} : { id: { gt: after } }) },
        select: { id: true, userId: true, sealedSecret: true },
        orderBy: { id: 'asc' },
        take: batch
      })
    for (const { id, userId, sealedSecret } of rows) {
      const secret = openOrNull(totpKeys, sealedSecret, userId)
      if (secret === null) continue
      const { count } = await db.prisma.authenticator.updateMany({
        where: { id, sealedSecret },
        data: sealSecret(deps, secret, userId)
      })
      resealed += count
    }
    if (rows.length < batch) return { resealed }
    after = rows.at(-1)?.id ?? null
  }
}

function openOrNull(keys: Deps['totpKeys'], sealed: Uint8Array, userId: string): Buffer | null {
  try {
    return unseal(keys, sealed, userId)
  } catch (error) {
    if (error instanceof UnsealError) return null
    throw error
  }
}
