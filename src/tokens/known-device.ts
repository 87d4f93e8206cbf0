import type { Config } from '../base/config/load.js'
import { deriveKeyChain } from '../base/crypto/derive.js'
import { keyedDigest } from '../base/crypto/digest.js'
import { newJti } from '../base/crypto/random.js'
import { areClaimsOf, isExpired, isUuid, seconds } from './claims.js'
import type { Jws } from './jws.js'

/**
 * The cookie of a device from which accounts signed in. It grants no access: sign-ins from the device
 * use a separate budget of attempts, so failures of an attacker do not block the owner.
 */
export type KnownDevices = {
  /** The id of the device if it signed in to this address before. */
  read(cookie: string | null, address: string): string | null
  /** The cookie after a sign-in to this address. It contains the ten latest accounts. */
  remember(cookie: string | null, address: string): string
}

export const knownDeviceCookie = 'known_device'
export const knownDeviceSeconds = 365 * 86_400
const mostAccounts = 10

type Device = { readonly id: string; readonly accounts: readonly string[] }
type Parts = { readonly config: Config; readonly clock: () => Date; readonly jws: Jws }

export function createKnownDevices({ config, clock, jws }: Parts): KnownDevices {
  const issuer = config.PUBLIC_URL
  const expected = { issuer, audience: `${issuer}/known-device`, tokenType: 'known_device' }
  const secrets = [config.SECRET_KEY, ...config.SECRET_KEY_FALLBACKS] as const
  const { current, earlier } = deriveKeyChain([...secrets], 'known-device-accounts')
  /** The current digest of an address, then those of earlier keys, which an older cookie may contain. */
  const digestsOf = (address: string) =>
    [current, ...earlier].map(key => keyedDigest(key, address).slice(0, 22))

  function parse(cookie: string | null): Device | null {
    const claims = cookie === null ? null : jws.verify(cookie)
    if (claims === null || !areClaimsOf(claims, expected, clock()) || isExpired(claims, clock()))
      return null
    const { jti, accounts } = claims
    if (!isUuid(jti) || !Array.isArray(accounts)) return null
    return { id: jti, accounts: accounts.filter(account => typeof account === 'string') }
  }

  return {
    read(cookie, address) {
      const device = parse(cookie)
      const digests = digestsOf(address)
      return device?.accounts.some(account => digests.includes(account)) ? device.id : null
    },
    remember(cookie, address) {
      const { id, accounts } = parse(cookie) ?? { id: newJti(), accounts: [] }
      const digests = digestsOf(address)
      const now = seconds(clock())
      return jws.sign({
        iss: issuer,
        aud: expected.audience,
        token_type: expected.tokenType,
        jti: id,
        iat: now,
        exp: now + knownDeviceSeconds,
        accounts: [
          ...digests.slice(0, 1),
          ...accounts.filter(other => !digests.includes(other))
        ].slice(0, mostAccounts)
      })
    }
  }
}
