import { errors, type JWTPayload, jwtVerify } from 'jose'
import { type Claims, TokenError, type TokenProblem, type Verifier } from './claims.js'
import { publishedKeys } from './keys.js'

export { type Claims, type Guard, TokenError, type TokenProblem, type Verifier } from './claims.js'
export { expressPostern } from './express.js'
export { type FastifyPosternOptions, fastifyPostern } from './fastify.js'
export { requireAal2, requireFresh, requireRole } from './guards.js'

/** Whose tokens are accepted, and for whom. */
export type VerifierOptions = {
  /** `PUBLIC_URL` of the service. */
  readonly issuer: string
  /** `JWT_AUDIENCE` of the service. Default: the issuer. */
  readonly audience?: string | readonly string[]
  /** Where the keys are. Default: `/.well-known/jwks.json` of the issuer. */
  readonly jwksUri?: string
  /** By how many seconds clocks may differ, at most 60. Default: 5. */
  readonly clockTolerance?: number
}

/** Those of the service. Each published key names its own, so that a token cannot choose. */
const algorithms = ['ES256', 'EdDSA', 'RS256']

/** More than a token of the service with many claims. */
const longest = 16_384

/** Verifies access tokens offline, by the published keys. Make one and share it: it keeps the keys. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { issuer, audience = issuer, clockTolerance = 5 } = options
  if (!(clockTolerance >= 0 && clockTolerance <= 60))
    throw new RangeError('clockTolerance is a number of seconds from 0 to 60.')
  const audiences = [audience].flat()
  if (!issuer || audiences.length === 0 || audiences.includes(''))
    throw new TypeError('A verifier needs an issuer and an audience.')
  const jwksUri = options.jwksUri ?? `${new URL(issuer).origin}/.well-known/jwks.json`
  const keyFor = publishedKeys(jwksUri)
  const demands = { algorithms, typ: 'at+jwt', issuer, audience: audiences, clockTolerance }

  return {
    async verify(token, ...guards) {
      if (!isCanonical(token)) throw new TokenError('malformed')
      const { payload } = await jwtVerify(token, keyFor, demands).catch((error: unknown) => {
        throw refused(error)
      })
      const claims = checked(payload, audiences, clockTolerance)
      for (const guard of guards) guard(claims)
      return claims
    }
  }
}

/** One token has one text: no padding, no white space, no stray bits at the end (RFC 7515 §2). */
function isCanonical(token: unknown): token is string {
  if (typeof token !== 'string' || token.length > longest) return false
  const parts = token.split('.')
  return parts.length === 3 && parts.every(isBase64Url)
}

const lastLetters = [/^/, /$^/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/]

const isBase64Url = (text: string) =>
  /^[\w-]+$/.test(text) && (lastLetters[text.length % 4] as RegExp).test(text)

/** What the library leaves open: whole numbers, a beginning in the past, each audience, the purpose. */
function checked(payload: JWTPayload, audiences: readonly string[], tolerance: number): Claims {
  const { aud, exp, iat, nbf, token_type, sub, sid } = payload
  if (token_type !== 'access') throw new TokenError('type')
  if (![aud].flat().every(one => typeof one === 'string' && audiences.includes(one)))
    throw new TokenError('audience')
  const times = [exp, iat, ...(nbf === undefined ? [] : [nbf])]
  if (!times.every(time => Number.isSafeInteger(time) && (time as number) >= 0))
    throw new TokenError('claims')
  if (typeof sub !== 'string' || typeof sid !== 'string') throw new TokenError('claims')
  if ((iat as number) > Date.now() / 1000 + tolerance) throw new TokenError('not_yet_valid')
  return payload as Claims
}

const { JOSEAlgNotAllowed, JWSSignatureVerificationFailed, JWTClaimValidationFailed, JWTExpired } =
  errors

const problemOfClaim: Record<string, TokenProblem> = {
  typ: 'type',
  iss: 'issuer',
  aud: 'audience',
  nbf: 'not_yet_valid'
}

function refused(cause: unknown): unknown {
  if (cause instanceof TokenError) return cause
  if (cause instanceof JWTExpired) return new TokenError('expired', { cause })
  if (cause instanceof JOSEAlgNotAllowed) return new TokenError('algorithm', { cause })
  if (cause instanceof JWSSignatureVerificationFailed) return new TokenError('signature', { cause })
  if (cause instanceof JWTClaimValidationFailed) {
    const isNoTime = cause.claim === 'nbf' && cause.reason === 'invalid'
    return new TokenError((!isNoTime && problemOfClaim[cause.claim]) || 'claims', { cause })
  }
  return new TokenError('malformed', { cause })
}
