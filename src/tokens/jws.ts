/** The payload of a token whose signature held. Nothing else of it has been checked. */
export type Claims = Readonly<Record<string, unknown>>

/** Signs claims as a compact JWS, and reads back what the same key signed under the same header. */
export type Jws = {
  sign(claims: Claims): string
  /** Null for anything that this key and header did not sign, whatever it is. */
  verify(token: string): Claims | null
  /** The first segment of every token of this kind. */
  readonly header: string
}

const longestToken = 4096

/**
 * Pins the header: every token of one kind and key starts with the same bytes, so a token with any
 * other header is refused before anything in it is parsed. That answers `alg: none`, algorithm
 * confusion, foreign `kid`, `jku`, `x5u`, `jwk`, `crit` and another kind's `typ` in one comparison
 * (RFC 8725 §3.1, §3.10, §3.11). A signature in another spelling of the same bytes is refused too.
 */
export function pinHeader(
  sign: (claims: Claims) => string,
  verify: (token: string) => unknown
): Jws {
  const header = headerOf(sign({}))
  return {
    header,
    sign,
    verify(token) {
      if (token.length > longestToken || headerOf(token) !== header || !isCanonical(token))
        return null
      try {
        const payload = verify(token)
        return isObject(payload) ? payload : null
      } catch {
        return null
      }
    }
  }
}

/** The first segment of a token; the whole text where there is no dot. */
export const headerOf = (token: string): string => token.slice(0, token.indexOf('.'))

function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1)
  return Buffer.from(signature, 'base64url').toString('base64url') === signature
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
