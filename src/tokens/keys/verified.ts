import { hash } from 'node:crypto'
import type { Claims } from '../jws.js'

const mostTokens = 5000

/** Tokens whose signature was verified, so that it is not verified again with each request. */
export type VerifiedTokens = {
  /** The claims of a token, or null if it was not verified or has expired. */
  read(token: string): Claims | null
  add(token: string, claims: Claims): void
  /** To be called when the keys change. */
  clear(): void
}

/**
 * Remembers claims by the digest of the whole token, so no token can get the claims of another (JWT-11). When it
 * is full, the oldest one goes. It knows nothing of accounts and sessions: these are read for each request.
 */
export function createVerifiedTokens(clock: () => Date): VerifiedTokens {
  const known = new Map<string, Claims>()
  const digestOf = (token: string) => hash('sha256', token, 'base64')
  const isLive = ({ exp }: Claims) => typeof exp === 'number' && exp > clock().getTime() / 1000
  return {
    read(token) {
      const digest = digestOf(token)
      const claims = known.get(digest)
      if (claims === undefined) return null
      if (isLive(claims)) return claims
      known.delete(digest)
      return null
    },
    add(token, claims) {
      if (!isLive(claims)) return
      const [oldest = ''] = known.size < mostTokens ? [] : known.keys()
      known.delete(oldest)
      known.set(digestOf(token), Object.freeze(claims))
    },
    clear: () => known.clear()
  }
}
