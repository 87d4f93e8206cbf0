import { legacyKey } from '../accounts/account.js'
import type { Config } from '../base/config/load.js'
import { createRoles, type Roles } from '../base/config/roles.js'
import { newJti } from '../base/crypto/random.js'
import type { Transport } from '../sender.js'
import type { RefreshToken, Session } from '../sessions/session.js'
import { areClaimsOf, isExpired, isUuid, seconds } from './claims.js'
import type { Claims, Jws } from './jws.js'
import type { KeyRing } from './keys/keyring.js'

/** The name of the cookie with the refresh token. */
export const refreshCookie = 'refresh_token'

/** The account and the session of a valid access token. */
export type Bearer = { readonly userId: string; readonly sessionId: string }

/** Issues and reads the two tokens of a session. */
export type SessionTokens = {
  /** `expiresIn`: seconds that the access token has left. */
  issue(session: Session): { access: string; expiresIn: number; refresh: string }
  /** `expired` for an expired token; null for any other invalid one. */
  readAccess(token: string): Bearer | 'expired' | null
  readRefresh(token: string, transport: Transport): RefreshToken | null
}

type Parts = {
  readonly config: Config
  readonly clock: () => Date
  readonly keys: KeyRing
  readonly refresh: Jws
}

/** Access tokens can be verified by other services; refresh tokens only by this service. */
export function createSessionTokens({ config, clock, keys, refresh }: Parts): SessionTokens {
  const issuer = config.PUBLIC_URL
  const roles = createRoles(config.ROLES)
  const access = { issuer, audience: config.JWT_AUDIENCE, tokenType: 'access' }
  const own = { issuer, audience: `${issuer}/refresh`, tokenType: 'refresh' }
  return {
    issue(session) {
      const now = clock()
      const shared = sharedClaims(config, roles, session, now)
      const end = seconds(session.expiresAt)
      const accessEnd = Math.min(seconds(now) + config.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME, end)
      return {
        expiresIn: accessEnd - seconds(now),
        access: keys.sign({
          ...shared,
          token_type: 'access',
          client_id: config.JWT_CLIENT_ID,
          jti: newJti(),
          aud: access.audience,
          exp: accessEnd
        }),
        refresh: refresh.sign({
          ...shared,
          token_type: 'refresh',
          jti: session.jti,
          ...(session.parentJti === null
            ? {}
            : { par: session.parentJti, gen: session.generation }),
          aud: own.audience,
          exp: end
        })
      }
    },
    readAccess(token) {
      const claims = keys.verify(token)
      if (claims === null || !areClaimsOf(claims, access, clock()) || !namesSession(claims))
        return null
      if (isExpired(claims, clock())) return 'expired'
      return { userId: claims.sub, sessionId: claims.sid }
    },
    readRefresh(token, transport) {
      const claims = refresh.verify(token)
      if (claims === null || !areClaimsOf(claims, own, clock()) || !namesSession(claims))
        return null
      const { par = null, gen = null } = claims
      const isWhole = isUuid(par) && typeof gen === 'number' && Number.isSafeInteger(gen)
      if (!isWhole && (par !== null || gen !== null)) return null
      return {
        sessionId: claims.sid,
        userId: claims.sub,
        jti: claims.jti,
        parentJti: par as string | null,
        generation: gen as number | null,
        expired: isExpired(claims, clock()),
        transport
      }
    }
  }
}

/** The claims of both tokens. The registered ones follow RFC 9068 §2.2. */
function sharedClaims(config: Config, roles: Roles, session: Session, now: Date): Claims {
  return {
    ...extraClaims(config, roles, session),
    iss: config.PUBLIC_URL,
    sub: session.user.id,
    user_id: (config.JWT_USER_ID === 'legacy' && session.user.legacyId) || session.user.id,
    sid: session.sessionId,
    session: session.sessionId,
    session_iat: seconds(session.createdAt),
    iat: seconds(now),
    auth_time: seconds(session.authTime),
    amr: session.amr,
    // NIST SP 800-63B: aal1 is one factor, aal2 is two.
    acr: session.amr.some(method => method === 'otp' || method === 'rc') ? 'aal2' : 'aal1',
    role: session.user.role,
    role_name: roles.nameOf(session.user.role),
    email_verified: session.user.emailVerifiedAt !== null
  }
}

/** The claims of `JWT_ALLAUTH_USER_ATTRIBUTES`. A field without a value adds no claim. */
function extraClaims(config: Config, roles: Roles, { user }: Session): Claims {
  const fields = {
    id: user.id,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    locale: user.locale,
    role: user.role,
    role_name: roles.nameOf(user.role),
    created_at: seconds(user.createdAt),
    legacy_id: legacyKey(user.legacyId)
  }
  const claims: Record<string, unknown> = {}
  for (const { path, field, constant } of config.JWT_ALLAUTH_USER_ATTRIBUTES) {
    const value = field === undefined ? constant : fields[field]
    if (value !== null) place(claims, path, value)
  }
  return claims
}

/** Sets a value in nested objects, which it creates. */
function place(claims: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path
  if (rest.length === 0) {
    claims[name] = value
    return
  }
  claims[name] ??= {}
  place(claims[name] as Record<string, unknown>, rest, value)
}

type SessionClaims = Claims & { readonly sub: string; readonly sid: string; readonly jti: string }

function namesSession(claims: Claims): claims is SessionClaims {
  return isUuid(claims.sub) && isUuid(claims.sid) && isUuid(claims.jti)
}
