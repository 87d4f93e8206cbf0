import { Type } from 'typebox'
import type { OfferedCode } from '../../src/mfa/check-code.js'
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

/** What proves again who somebody is (contract A.3.8). */
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

/** The factor of a body; of two the app's code counts. */
export function offeredFactor({ code, recovery_code }: Sent): OfferedCode | undefined {
  if (code !== undefined) return { method: 'otp', code }
  return recovery_code === undefined ? undefined : { method: 'rc', code: recovery_code }
}

/** What any bearer route can answer. */
export const bearerCodes = [
  'not_authenticated',
  'bad_authorization_header',
  'token_not_valid',
  'no_active_account'
] as const

/** What a route can answer that asks for a proof of who is there. */
export const proofCodes = [
  ...bearerCodes,
  'incorrect_password',
  'invalid_code',
  'totp_not_active',
  'reauthentication_required',
  'busy'
] as const
