import type { Config } from '../base/config/load.js'
import { newJti } from '../base/crypto/random.js'
import { areClaimsOf, isExpired, isUuid, seconds } from './claims.js'
import type { Jws } from './jws.js'

/** What a browser may do once, because it opened a mailed link: it names the link, which decides (D4). */
export type Capability = { readonly linkId: string; readonly userId: string }

export type CapabilityKind = 'passwordReset' | 'setPassword'

export type Capabilities = Readonly<
  Record<
    CapabilityKind,
    {
      /** `maxAge` in seconds: until the setting's age or the link's end, whichever comes first. */
      issue(capability: Capability, linkExpiresAt: Date): { token: string; maxAge: number }
      read(token: string | null): Capability | null
    }
  >
>

type Parts = { readonly config: Config; readonly clock: () => Date } & Readonly<
  Record<CapabilityKind, Jws>
>

/** Cookies that allow one thing. Purpose, key, type and audience are their own (JWT-06, CAP-02). */
export function createCapabilities({
  config,
  clock,
  passwordReset,
  setPassword
}: Parts): Capabilities {
  const build = (jws: Jws, tokenType: string, longestSeconds: number) => {
    const issuer = config.PUBLIC_URL
    const expected = { issuer, audience: `${issuer}/${tokenType}`, tokenType }
    return {
      issue({ linkId, userId }: Capability, linkExpiresAt: Date) {
        const now = seconds(clock())
        const exp = Math.min(now + longestSeconds, seconds(linkExpiresAt))
        const token = jws.sign({
          iss: issuer,
          aud: expected.audience,
          token_type: tokenType,
          jti: newJti(),
          iat: now,
          exp,
          sub: userId,
          link: linkId
        })
        return { token, maxAge: Math.max(0, exp - now) }
      },
      read(token: string | null): Capability | null {
        const claims = token === null ? null : jws.verify(token)
        if (
          claims === null ||
          !areClaimsOf(claims, expected, clock()) ||
          isExpired(claims, clock())
        )
          return null
        const { sub, link } = claims
        return isUuid(sub) && isUuid(link) ? { userId: sub, linkId: link } : null
      }
    }
  }
  return {
    passwordReset: build(passwordReset, 'password_reset', config.PASSWORD_RESET_COOKIE_MAX_AGE),
    setPassword: build(setPassword, 'set_password', config.PASSWORD_SET_COOKIE_MAX_AGE)
  }
}
