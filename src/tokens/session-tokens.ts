import type { Config } from '../base/config/load.js'
import { createRoles, type Roles } from '../base/config/roles.js'
import { newJti } from '../base/crypto/random.js'
import type { Session } from '../sessions/session.js'
import { areClaimsOf, isExpired, isUuid, seconds } from './claims.js'
import type { Claims, Jws } from './jws.js'
import type { KeyRing } from './keys/keyring.js'

/** The cookie that the refresh token of a cookie session is in. */
export const refreshCookie = 'refresh_token'

/** What a valid access token says of its bearer. */
export type Bearer = { readonly userId: string; readonly sessionId: string }

/** What a refresh token says whose signature held; the session decides whether it is still good. */
export type PresentedRefresh = {
  readonly sessionId: string
  readonly userId: string
  readonly jti: string
  readonly expired: boolean
}

/** Issues and reads the two tokens of a session. */
export type Tokens = {
  issue(grant: Session): { access: string; refresh: string }
  /** `expired` is told apart from `null`, a token that is none of ours. */
  readAccess(token: string): Bearer | 'expired' | null
  readRefresh(token: string): PresentedRefresh | null
}

type Parts = {
  readonly config: Config
  readonly clock: () => Date
  readonly keys: KeyRing
  readonly refresh: Jws
}

/** The tokens of an installation: access tokens that others verify, refresh tokens that only we read. */
export function createSessionTokens({ config, clock, keys, refresh }: Parts): Tokens {
  const issuer = config.PUBLIC_URL
  const roles = createRoles(config.ROLES)
  const access = { issuer, audience: config.JWT_AUDIENCE, tokenType: 'access' }
  const ours = { issuer, audience: `${issuer}/refresh`, tokenType: 'refresh' }
  return {
    issue(grant) {
      const now = clock()
      const shared = sharedClaims(config, roles, grant, now)
      const end = seconds(grant.expiresAt)
      const accessEnd = Math.min(seconds(now) + config.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME, end)
      return {
        access: keys.sign({
          ...shared,
          token_type: 'access',
          jti: newJti(),
          aud: access.audience,
          exp: accessEnd
        }),
        refresh: refresh.sign({
          ...shared,
          token_type: 'refresh',
          jti: grant.jti,
          aud: ours.audience,
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
    readRefresh(token) {
      const claims = refresh.verify(token)
      if (claims === null || !areClaimsOf(claims, ours, clock()) || !namesSession(claims))
        return null
      return {
        sessionId: claims.sid,
        userId: claims.sub,
        jti: claims.jti,
        expired: isExpired(claims, clock())
      }
    }
  }
}

/** The claims of contract A.2.11; RFC 9068 §2.2 for the registered ones. */
function sharedClaims(config: Config, roles: Roles, grant: Session, now: Date): Claims {
  return {
    ...extraClaims(config, grant),
    iss: config.PUBLIC_URL,
    sub: grant.user.id,
    user_id: grant.user.id,
    sid: grant.sessionId,
    session: grant.sessionId,
    session_iat: seconds(grant.createdAt),
    iat: seconds(now),
    auth_time: seconds(grant.authTime),
    amr: grant.amr,
    // NIST SP 800-63B: one factor, or two.
    acr: grant.amr.some(method => method === 'otp' || method === 'rc') ? 'aal2' : 'aal1',
    role: grant.user.role,
    role_name: roles.nameOf(grant.user.role),
    email_verified: grant.user.emailVerifiedAt !== null
  }
}

/** The deployer's own claims; a field without a value leaves its claim out, as the reference does. */
function extraClaims(config: Config, { user }: Session): Claims {
  const fields = {
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    locale: user.locale,
    created_at: seconds(user.createdAt)
  }
  const claims = Object.entries(config.JWT_ALLAUTH_USER_ATTRIBUTES).map(([claim, field]) => [
    claim,
    fields[field]
  ])
  return Object.fromEntries(claims.filter(([, value]) => value !== null))
}

type Naming = Claims & { readonly sub: string; readonly sid: string; readonly jti: string }

function namesSession(claims: Claims): claims is Naming {
  return isUuid(claims.sub) && isUuid(claims.sid) && isUuid(claims.jti)
}
