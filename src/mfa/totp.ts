import { ScureBase32Plugin, verifySync } from 'otplib'

const period = 30
/** The step before, for a code that took a while to type; the one to come, in its last five seconds (D10). */
const window = { past: 30, future: 5 }

const base32 = new ScureBase32Plugin()

/** A secret as authenticator apps take it. */
export const secretText = (secret: Uint8Array): string => base32.encode(secret)

type TypedCode = {
  readonly secret: Uint8Array
  readonly code: string
  readonly now: Date
  /** The step of the code that was accepted last: neither that one nor any before it counts again. */
  readonly lastStep: number
}

/**
 * The time step (RFC 6238) that a code is of, if it is one that may be used now. Only informs: the
 * caller has to write the step down, and of two writers one is too late (MFA-01).
 */
export function findStep({ secret, code, now, lastStep }: TypedCode): number | null {
  const token = code.replaceAll(/\s/g, '')
  const epoch = now.getTime() / 1000
  const latest = Math.floor((epoch + window.future) / period)
  // After a clock that ran ahead was set back, no code is fresh for a while.
  if (!/^\d{6}$/.test(token) || lastStep >= latest) return null
  const result = verifySync({
    strategy: 'totp',
    secret: secret,
    token,
    epoch,
    period,
    digits: 6,
    algorithm: 'sha1',
    epochTolerance: [window.past, window.future],
    afterTimeStep: lastStep
  })
  return result.valid && 'timeStep' in result ? result.timeStep : null
}
