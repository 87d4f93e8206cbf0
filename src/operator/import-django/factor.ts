import { createHmac } from 'node:crypto'
import { ScureBase32Plugin } from 'otplib'
import { isObject, type Json } from './record.js'

/** How recovery codes are computed there: the dump does not say. */
export type CodeShape = { readonly count: number; readonly digits: number }

/** A second factor that can be taken over. */
export type Factor = {
  readonly secret: Buffer
  /** The unused recovery codes. */
  readonly codes: readonly string[]
  /** Since when sign-ins there asked for it. */
  readonly since: Date | null
  readonly notes: readonly string[]
}

const base32 = new ScureBase32Plugin()
const mostCodes = 100

/**
 * Reads the second factor of a person; null without one.
 *
 * @throws {UnreadableFactor} when there is one that cannot be read: the person must not be imported with the
 *   password alone.
 */
export function readFactor(
  authenticators: readonly Readonly<Record<string, Json>>[],
  shape: CodeShape
): Factor | null {
  const ofType = (type: string) => authenticators.filter(one => one.type === type)
  const [totp, second] = ofType('totp')
  const [recovery] = ofType('recovery_codes')
  const keys = ofType('webauthn').length
  const others =
    authenticators.length - ofType('totp').length - ofType('recovery_codes').length - keys
  if (others > 0) throw new UnreadableFactor('a kind of second factor that is unknown')
  if (totp === undefined) {
    if (keys > 0) throw new UnreadableFactor('a security key is the only second factor')
    return null
  }
  if (second !== undefined) throw new UnreadableFactor('two authenticator apps')
  const secret = secretOf(dataOf(totp).secret)
  const codes = recovery === undefined ? [] : unusedCodes(dataOf(recovery), shape)
  const notes = keys > 0 ? ['security keys are not taken, the authenticator app is'] : []
  return { secret, codes, since: dateOf(totp.created_at), notes }
}

/** The message says what cannot be read. */
export class UnreadableFactor extends Error {}

function dataOf({ data }: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  let value: unknown = data
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value)
    } catch {
      value = null
    }
  }
  if (!isObject(value)) throw new UnreadableFactor('the data of the second factor is no object')
  return value
}

/** RFC 4226 §4 asks for 128 bits; verifiers refuse less. */
function secretOf(text: Json | undefined): Buffer {
  if (typeof text === 'string' && /^[A-Z2-7]{26,256}=*$/.test(text)) {
    try {
      return Buffer.from(base32.decode(text.replace(/=+$/, '')))
    } catch {
      // Falls through to the one refusal.
    }
  }
  throw new UnreadableFactor('the secret of the authenticator app is not readable')
}

function unusedCodes(
  { seed, used_mask: mask, migrated_codes: migrated }: Readonly<Record<string, Json>>,
  { count, digits }: CodeShape
): readonly string[] {
  if (Array.isArray(migrated)) {
    const codes = migrated.filter(code => typeof code === 'string' && /^[\w -]{4,64}$/.test(code))
    if (codes.length < migrated.length || codes.length > mostCodes)
      throw new UnreadableFactor('the recovery codes are not readable')
    return codes as string[]
  }
  const isMask = typeof mask === 'number' && Number.isSafeInteger(mask) && mask >= 0
  if (typeof seed !== 'string' || !/^[!-~]{16,512}$/.test(seed) || !isMask)
    throw new UnreadableFactor('the recovery codes are not readable')
  const used = BigInt(mask)
  return codesOf(seed, { count, digits }).filter(
    (_, index) => ((used >> BigInt(index)) & 1n) === 0n
  )
}

/** The recovery codes of a seed, as allauth computes them: one message that grows by each number. */
function codesOf(seed: string, { count, digits }: CodeShape): string[] {
  let message = ''
  return Array.from({ length: count }, (_, index) => {
    message += `${String(index).padStart(3, ' ')},`
    const digest = createHmac('sha1', seed).update(message).digest()
    return String(digest.readUInt32BE(0) % 10 ** digits).padStart(digits, '0')
  })
}

/** A moment of a dump; null for another text. */
export function dateOf(value: Json | undefined): Date | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d[T ]/.test(value)) return null
  // Without a zone (USE_TZ=False) it is read as UTC.
  const date = new Date(/(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`)
  return Number.isNaN(date.getTime()) ? null : date
}
