import type { Config } from '../base/config/load.js'
import { deriveKeyChain } from '../base/crypto/derive.js'
import { newJti } from '../base/crypto/random.js'
import { seal, unseal } from '../base/crypto/seal.js'
import type { KnownAccount, KnownDevice } from '../sender.js'
import { areClaimsOf, isExpired, isUuid, seconds } from './claims.js'
import type { Jws } from './jws.js'

/**
 * The cookie of a device from which accounts signed in. It grants no access: sign-ins from the device
 * use separate budgets of attempts, so failures of an attacker do not block the owner. A device is known
 * to an account as long as its credential epoch stays: a cookie that somebody took before a password
 * reset has no budget after it.
 */
export type KnownDevices = {
  /** The device of a cookie; null without a valid one. */
  read(cookie: string | null): KnownDevice | null
  /** The cookie after a sign-in to this account. It contains the ten latest accounts. */
  remember(cookie: string | null, account: KnownAccount): string
}

export const knownDeviceCookie = 'known_device'
export const knownDeviceSeconds = 365 * 86_400
const mostAccounts = 10

type Parts = { readonly config: Config; readonly clock: () => Date; readonly jws: Jws }

export function createKnownDevices({ config, clock, jws }: Parts): KnownDevices {
  const issuer = config.PUBLIC_URL
  const expected = { issuer, audience: `${issuer}/known-device`, tokenType: 'known_device' }
  const secrets = [config.SECRET_KEY, ...config.SECRET_KEY_FALLBACKS] as const
  const keys = deriveKeyChain([...secrets], 'known-device-accounts')

  /** Sealed, so that the cookie does not tell one user of a device the accounts of another. */
  function sealAccounts(accounts: readonly KnownAccount[], deviceId: string): string {
    const pairs = accounts.map(({ id, credentialEpoch }) => [id, credentialEpoch])
    return seal(keys, Buffer.from(JSON.stringify(pairs)), deviceId).toString('base64url')
  }

  /** None for a cookie of an earlier version, whose accounts are digests of addresses. */
  function unsealAccounts(sealed: unknown, deviceId: string): KnownAccount[] {
    if (typeof sealed !== 'string') return []
    try {
      const plain = unseal(keys, Buffer.from(sealed, 'base64url'), deviceId).toString()
      const pairs = JSON.parse(plain) as [string, number][]
      return pairs.map(([id, credentialEpoch]) => ({ id, credentialEpoch }))
    } catch {
      return []
    }
  }

  function read(cookie: string | null): KnownDevice | null {
    const claims = cookie === null ? null : jws.verify(cookie)
    if (claims === null || !areClaimsOf(claims, expected, clock()) || isExpired(claims, clock()))
      return null
    const { jti, accounts } = claims
    return isUuid(jti) ? { id: jti, accounts: unsealAccounts(accounts, jti) } : null
  }

  return {
    read,
    remember(cookie, { id: accountId, credentialEpoch }) {
      const { id, accounts } = read(cookie) ?? { id: newJti(), accounts: [] }
      const others = accounts.filter(other => other.id !== accountId)
      const latest = [{ id: accountId, credentialEpoch }, ...others].slice(0, mostAccounts)
      const now = seconds(clock())
      return jws.sign({
        iss: issuer,
        aud: expected.audience,
        token_type: expected.tokenType,
        jti: id,
        iat: now,
        exp: now + knownDeviceSeconds,
        accounts: sealAccounts(latest, id)
      })
    }
  }
}
