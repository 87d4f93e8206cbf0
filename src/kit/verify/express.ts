import { refusal, verifyBearer } from './bearer.js'
import { type Claims, type Guard, TokenError, type Verifier } from './claims.js'

type Incoming = {
  readonly headers: { readonly authorization?: string | undefined }
  auth?: Claims
}
type Outgoing = {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

/**
 * Middleware for Express, Connect and others of that shape. It refuses requests without a good token,
 * and puts the claims of the others into `request.auth`.
 */
export function expressPostern(verifier: Verifier, ...guards: readonly Guard[]) {
  return (request: Incoming, response: Outgoing, next: (error?: unknown) => void): void => {
    verifyBearer(verifier, request.headers.authorization, guards).then(
      claims => {
        request.auth = claims
        next()
      },
      (error: unknown) => {
        if (!(error instanceof TokenError)) return next(error)
        const { status, headers, body } = refusal(error)
        response.statusCode = status
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
        response.setHeader('content-type', 'application/json; charset=utf-8')
        response.end(JSON.stringify(body))
      }
    )
  }
}
