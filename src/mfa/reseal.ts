import { keyIdOf } from '../base/crypto/derive.js'
import { reseal } from '../base/crypto/seal.js'
import type { Deps } from '../deps.js'

const batch = 200

/**
 * Encrypts all secrets of an earlier `SECRET_KEY` with the current one, so that the operator can remove the
 * fallback key. A secret that no key decrypts stays as it is; the next sign-in of its owner logs it.
 */
export async function resealSecrets({
  db,
  totpKeys
}: Pick<Deps, 'db' | 'totpKeys'>): Promise<{ resealed: number }> {
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
      const sealed = reseal(totpKeys, sealedSecret, userId)
      if (sealed === null) continue
      const { count } = await db.prisma.authenticator.updateMany({
        where: { id, sealedSecret },
        data: { sealedSecret: sealed, keyId: current }
      })
      resealed += count
    }
    if (rows.length < batch) return { resealed }
    after = rows.at(-1)?.id ?? null
  }
}
