import { UnsealError } from '../base/crypto/seal.js'
import type { Failure } from '../base/outbox/retry.js'

/** A mail that cannot be sent to any server; a retry does not help. */
export class UnsendableError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UnsendableError'
  }
}

type SmtpError = Error & {
  readonly code?: string
  readonly originalCode?: string
  readonly responseCode?: number
  readonly permanent?: boolean
  readonly command?: string
}

/**
 * Classifies an error. A permanent refusal (5yz, RFC 5321 §4.2.1) ends a mail only when it concerns the
 * recipient or the content. A refusal of the greeting, the sign-in or the sender is an error in the
 * settings, which the operator may correct within the day.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof UnsealError || error instanceof UnsendableError) {
    return { permanent: true, summary: error.name }
  }
  const { name, code, originalCode, responseCode, permanent, command } = error as SmtpError
  const isAboutMail = command === 'RCPT TO' || command === 'DATA'
  const wantsSignIn = responseCode === 530 || responseCode === 535 || responseCode === 538
  const parts = [code ?? name, originalCode, responseCode, command]
  return {
    permanent: permanent === true && isAboutMail && !wantsSignIn,
    summary: parts.filter(Boolean).join(' ')
  }
}
