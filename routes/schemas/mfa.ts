import { Type } from 'typebox'
import type { OfferedCode } from '../../src/mfa/check-code.js'
import type { Evidence } from '../../src/sign-in/authorize-change.js'
import { Password } from './fields.js'

/** Six digits, as typed: apps show them in two groups, so a space is no mistake. */
export const TotpCode = Type.String({
  maxLength: 16,
  pattern: '^\\s*\\d{3}\\s?\\d{3}\\s*$',
  description: 'The six digits that the authenticator app shows.',
  examples: ['492039']
})

export const RecoveryCode = Type.String({
  minLength: 1,
  maxLength: 64,
  format: 'text',
  description: 'One of the recovery codes; case, spaces and dashes do not matter.',
  examples: ['K7QX-3MZP-9WVD-RH4T']
})

const token = (description: string) =>
  Type.String({ minLength: 1, maxLength: 128, format: 'text', description, examples: ['Zt0c…'] })

export const ChallengeId = token('What the sign-in answered with.')
export const SetupChallengeId = token('What the sign-in or sign-up answered with.')

/** What proves again who somebody is. */
export const proofFields = {
  code: Type.Optional(TotpCode),
  recovery_code: Type.Optional(RecoveryCode)
}

export const OptionalPassword = Type.Optional(
  Type.Unsafe<string>({
    ...Password,
    description: 'Needed unless the last sign-in or re-authentication is at most ten minutes old.'
  })
)

type Sent = { readonly code?: string; readonly recovery_code?: string }

/** The code of a body; of two the app's counts. */
export function offeredCode({ code, recovery_code }: Sent): OfferedCode | undefined {
  if (code !== undefined) return { method: 'otp', code }
  return recovery_code === undefined ? undefined : { method: 'rc', code: recovery_code }
}

/** What a body sends to prove who is there. */
export const evidenceOf = (body: Sent & { readonly password?: string }): Evidence => ({
  password: body.password,
  code: offeredCode(body)
})

/** What a route can answer that asks again who is there. */
export const proofProblems = [
  'incorrect_password',
  'invalid_code',
  'totp_not_active',
  'reauthentication_required',
  'busy'
] as const

export const proofs =
  'An account whose session never passed a second factor sends `code` or `recovery_code` too.'

/** What a sign-in that waits for its second factor can be answered. */
export const verifyProblems = [
  'challenge_invalid',
  'invalid_code',
  'totp_not_active',
  'mfa_disabled'
] as const

export const verifying =
  'Few wrong codes end the challenge, and somewhat more, over all sign-ins of the account, are answered 429 for a while. A code that was accepted is not accepted again.'

export const setupDescription =
  'For a browser that holds a challenge in the cookie `mfa_challenge`: forms of the service leave it, and so does a form of yours that posts nothing but the challenge.'
