import { UnsealError } from '../base/crypto/seal.js'

/** What an attempt came to: whether another one makes sense, and a text that holds no secret. */
export type Failure = { readonly permanent: boolean; readonly summary: string }

/** A mail that no server would take from us; it does not get better by waiting. */
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
 * Sorts failures. A permanent refusal (5yz, RFC 5321 §4.2.1) ends a mail only where it is about that
 * mail, its recipient or its content; one at the greeting, the sign-in or the sender is a mistake in
 * our settings, which somebody may mend within the day.
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
