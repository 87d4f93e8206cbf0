import { type Claims, type Guard, TokenError, type Verifier } from './claims.js'

/** Verifies the token of an `Authorization` header. @throws TokenError */
export function verifyBearer(
  verifier: Verifier,
  header: string | undefined,
  guards: readonly Guard[]
): Promise<Claims> {
  const [, token] = /^Bearer ([^ ]+)$/i.exec(header ?? '') ?? []
  if (token === undefined)
    return Promise.reject(new TokenError(header === undefined ? 'missing' : 'malformed'))
  return verifier.verify(token, ...guards)
}

/** An answer in the form of Postern's own errors. */
export function refusal({ status, code, challenge, message }: TokenError) {
  return {
    status,
    headers: {
      ...(challenge === null ? {} : { 'www-authenticate': challenge }),
      ...(status === 503 ? { 'retry-after': '5' } : {})
    },
    body: { detail: message, code }
  }
}
