import { ScureBase32Plugin, verifySync } from 'otplib'

const period = 30
/** One step either way: a code may be typed late, and clocks of phones are not exact (RFC 6238 §5.2, §6). */
const tolerance = period

/** A typed code. Apps show it in two groups, so a space between them is allowed. */
export const typedCodePattern = '^\\s*\\d{3}\\s?\\d{3}\\s*$'

const base32 = new ScureBase32Plugin()

/** A secret in base32, as authenticator apps expect it. */
export const secretText = (secret: Uint8Array): string => base32.encode(secret)

type TypedCode = {
  readonly secret: Uint8Array
  readonly code: string
  readonly now: Date
  /** The step of the last accepted code. Codes of this and earlier steps are refused. */
  readonly lastStep: number
}

/**
 * The time step (RFC 6238) of a code that is valid now; null otherwise. The caller must use the step up,
 * which only one of two parallel requests can do (MFA-01).
 */
export function findStep({ secret, code, now, lastStep }: TypedCode): number | null {
  const token = code.replaceAll(/\s/g, '')
  const epoch = now.getTime() / 1000
  const latest = Math.floor((epoch + tolerance) / period)
  // When a fast clock is set back, `lastStep` is in the future and no code is valid for a while.
  if (!/^\d{6}$/.test(token) || lastStep >= latest) return null
  const result = verifySync({
    strategy: 'totp',
    secret,
    token,
    epoch,
    period,
    digits: 6,
    algorithm: 'sha1',
    epochTolerance: tolerance,
    afterTimeStep: lastStep
  })
  return result.valid && 'timeStep' in result ? result.timeStep : null
}
