/** The payload of a token with a valid signature. Its claims are not checked yet. */
export type Claims = Readonly<Record<string, unknown>>

/** Signs claims as a compact JWS, and verifies tokens of the same key and header. */
export type Jws = {
  sign(claims: Claims): string
  /** The claims; null for any text that is not a valid token of this key and header. */
  verify(token: string): Claims | null
  /** The first segment of every token of this kind. */
  readonly header: string
}

const longestToken = 4096

/**
 * Accepts only one header: all tokens of one kind and key start with the same bytes. Tokens with
 * another header are refused before parsing, which prevents `alg: none`, algorithm confusion, foreign
 * `kid`, `jku`, `x5u`, `jwk`, `crit` and the `typ` of another kind (RFC 8725 §3.1, §3.10, §3.11).
 * A non-canonical base64url signature is refused too.
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

/** The first segment of a token. */
export const headerOf = (token: string): string => token.slice(0, token.indexOf('.'))

function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1)
  return Buffer.from(signature, 'base64url').toString('base64url') === signature
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
