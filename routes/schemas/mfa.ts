import { Type } from 'typebox'
import type { OfferedCode } from '../../src/mfa/check-code.js'
import { typedCodePattern } from '../../src/mfa/totp.js'
import type { Evidence } from '../../src/sign-in/authorize-change.js'
import { Password } from './fields.js'

export const TotpCode = Type.String({
  maxLength: 16,
  pattern: typedCodePattern,
  description: 'The six digits that the authenticator app shows.',
  examples: ['492039']
})

export const RecoveryCode = Type.String({
  minLength: 1,
  maxLength: 64,
  format: 'text',
  description: 'One of the recovery codes. Case, spaces and dashes do not matter.',
  examples: ['K7QX-3MZP-9WVD-RH4T']
})

const token = (description: string) =>
  Type.String({ minLength: 1, maxLength: 128, format: 'text', description, examples: ['Zt0c…'] })

export const ChallengeId = token('The challenge from the answer to the sign-in.')
export const SetupChallengeId = token('The challenge from the answer to the sign-in or sign-up.')

/** Fields for a code of the second factor. */
export const proofFields = {
  code: Type.Optional(TotpCode),
  recovery_code: Type.Optional(RecoveryCode)
}

export const OptionalPassword = Type.Optional(
  Type.Unsafe<string>({
    ...Password,
    description: 'Needed when the last sign-in or re-authentication is more than ten minutes old.'
  })
)

type Sent = { readonly code?: string; readonly recovery_code?: string }

/** The code in a body. When both are sent, the code of the app is used. */
export function offeredCode({ code, recovery_code }: Sent): OfferedCode | undefined {
  if (code !== undefined) return { method: 'otp', code }
  return recovery_code === undefined ? undefined : { method: 'rc', code: recovery_code }
}

/** Password and code in a body, as the functions of `src` take them. */
export const evidenceOf = (body: Sent & { readonly password?: string }): Evidence => ({
  password: body.password,
  code: offeredCode(body)
})

/** Problems of a route that takes a password or a code again. */
export const proofProblems = [
  'incorrect_password',
  'invalid_code',
  'totp_not_active',
  'reauthentication_required',
  'busy'
] as const

export const proofs =
  '`code` or `recovery_code` is also needed when the account has a second factor that the session has not passed.'

/** Problems of a route that takes the code at a sign-in. */
export const verifyProblems = [
  'challenge_invalid',
  'invalid_code',
  'totp_not_active',
  'mfa_disabled'
] as const

export const verifying =
  'A few wrong codes end the challenge. More wrong codes, counted over all sign-ins of the account, are answered with 429 for a while. A code works only once.'

export const setupDescription =
  'For a browser with a challenge in the cookie `mfa_challenge`. The forms of the service set this cookie. A form of your own sets it by posting only the challenge.'
