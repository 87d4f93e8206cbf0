/** What an access token says, after it was verified. */
export type Claims = {
  /** The account: a UUID that never changes. Identify people by it. */
  readonly sub: string
  /** The session. */
  readonly sid: string
  readonly iss: string
  readonly aud: string | readonly string[]
  readonly iat: number
  readonly exp: number
  readonly jti: string
  /** When the person last proved who they are, in seconds since 1970. */
  readonly auth_time: number
  /** How they did (RFC 8176). */
  readonly amr: readonly string[]
  /** `aal2` with a second factor, else `aal1`. */
  readonly acr: string
  /** The role's number. It is an identifier, not an order. */
  readonly role: number
  readonly role_name: string
  readonly email_verified: boolean
  /** The rest, and what `JWT_ALLAUTH_USER_ATTRIBUTES` adds. */
  readonly [claim: string]: unknown
}

/**
 * Why a token was refused. `role`, `not_fresh` and `second_factor` are for a good token that is not
 * enough; `keys_unavailable` says that there is no way to tell.
 */
export type TokenProblem =
  | 'missing'
  | 'malformed'
  | 'algorithm'
  | 'unknown_key'
  | 'signature'
  | 'type'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid'
  | 'claims'
  | 'role'
  | 'not_fresh'
  | 'second_factor'
  | 'keys_unavailable'

/** A token that is not accepted. The reason is for the log: a client needs only `status` and `code`. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly reason: TokenProblem
  /** 401; 403 for a wrong role; 503 while the keys cannot be fetched. */
  readonly status: 401 | 403 | 503
  /** The code that Postern itself would answer with. */
  readonly code: string
  /** The value of `WWW-Authenticate`, with status 401. */
  readonly challenge: string | null

  constructor(
    reason: TokenProblem,
    { cause, asks = '' }: { readonly cause?: unknown; readonly asks?: string } = {}
  ) {
    super(sentences[reason], { cause })
    this.reason = reason
    const [status, code, error] = answers[reason] ?? [401, 'token_not_valid', 'invalid_token']
    this.status = status
    this.code = code
    const parameters = [error && `error="${error}"`, asks].filter(Boolean).join(', ')
    this.challenge = status === 401 ? `Bearer ${parameters}`.trim() : null
  }
}

/** A further demand on a token that is good. @throws TokenError */
export type Guard = (claims: Claims) => void

/** Verifies access tokens of one installation. */
export type Verifier = {
  /** The claims of a token that is good and passes the guards. @throws TokenError */
  verify(token: string, ...guards: readonly Guard[]): Promise<Claims>
}

type AnswerTo = readonly [status: 401 | 403 | 503, code: string, error: string]

/** RFC 9470 has the error for a proof that is too old or too weak. All else is an invalid token. */
const answers: Partial<Record<TokenProblem, AnswerTo>> = {
  missing: [401, 'not_authenticated', ''],
  role: [403, 'permission_denied', ''],
  not_fresh: [401, 'reauthentication_required', 'insufficient_user_authentication'],
  second_factor: [401, 'reauthentication_required', 'insufficient_user_authentication'],
  keys_unavailable: [503, 'unavailable', '']
}

const sentences: Record<TokenProblem, string> = {
  missing: 'An access token is needed.',
  malformed: 'This is not an access token.',
  algorithm: 'The token is signed with an algorithm that is not accepted.',
  unknown_key: 'The token is signed with a key that is not published.',
  signature: 'The signature does not hold.',
  type: 'This token is for another purpose.',
  issuer: 'The token comes from another issuer.',
  audience: 'The token is for another audience.',
  expired: 'The token has expired.',
  not_yet_valid: 'The token begins in the future.',
  claims: 'The token lacks a claim, or has one that makes no sense.',
  role: 'The role does not permit this.',
  not_fresh: 'The person has to prove again who they are.',
  second_factor: 'A second factor is needed.',
  keys_unavailable: 'The keys of the sign-in service cannot be fetched.'
}
