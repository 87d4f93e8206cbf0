import { generateKeyPairSync } from 'node:crypto'
import { createSigner } from 'fast-jwt'
import { claimsOf, driveRefresh, driveUser, signIn, type Tokens } from './people.js'
import type { Measurable, Place } from './world.js'

type Parameter =
  | { readonly kind: 'constant'; readonly of: unknown }
  | { readonly kind: 'claim'; readonly of: string }
  | { readonly kind: 'new id' }
type Statement = {
  readonly name: string
  readonly text: string
  readonly parameters: readonly Parameter[]
}

/** What the floor needs to do the work of the service. */
export type FloorWork = {
  readonly headers: Readonly<Record<string, string>>
  readonly statements: { readonly user: Statement; readonly refresh: Statement }
  readonly keys: { readonly private: string; readonly public: string; readonly secret: string }
}

/** Learns from a service what its requests do: their headers, and their statements as the driver got them. */
export async function learnWork(place: Place): Promise<FloorWork> {
  const service = await place.startService({ BENCH_COUNT_STATEMENTS: 'true' })
  try {
    const tokens = await signIn(service, 1)
    const one = { clients: 1, count: 1 }
    // So many generations that no constant of the statement is the same number.
    await driveRefresh(service, tokens, { clients: 1, count: 86 })
    const [{ access, refresh } = fail()] = [...tokens]
    await driveUser(service, tokens, one)
    await driveRefresh(service, tokens, one)
    const { last } = await service.usage()
    const found = (name: string, token: string) => {
      const [full, statement] =
        Object.entries(last).find(([key]) => key.startsWith(name)) ?? fail(name)
      return { name: full, text: statement.text, parameters: kindsOf(statement.values, token) }
    }
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return {
      headers: await headersOf(service, access),
      statements: {
        user: found('read-principal-mfa', access),
        refresh: found('rotate-session', refresh)
      },
      keys: {
        private: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
        public: String(publicKey.export({ type: 'spki', format: 'pem' })),
        secret: 'a secret of the floor that is at least as long as a digest'
      }
    }
  } finally {
    await service.stop()
  }
}

function fail(what = 'token'): never {
  throw new Error(`The service ran no ${what}.`)
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function kindsOf(values: readonly unknown[], token: string): Parameter[] {
  const claims = Object.entries(claimsOf(token)).filter(([name]) =>
    ['sub', 'sid', 'jti', 'par', 'gen'].includes(name)
  )
  return values.map(value => {
    const claim = claims.find(([, of]) => of === value)
    if (claim !== undefined) return { kind: 'claim', of: claim[0] }
    return uuid.test(String(value)) ? { kind: 'new id' } : { kind: 'constant', of: value }
  })
}

/** What the service adds to an answer beside that which Node.js and Fastify add to each. */
async function headersOf(
  { port }: Measurable,
  access: string
): Promise<Readonly<Record<string, string>>> {
  const answer = await fetch(`http://127.0.0.1:${port}/user/`, {
    headers: { authorization: `Bearer ${access}` }
  })
  const own = ['x-request-id', 'content-type', 'content-length', 'date', 'connection', 'keep-alive']
  return Object.fromEntries([...answer.headers].filter(([name]) => !own.includes(name)))
}

/** The tokens of other sessions of the service, signed by the keys of the floor. */
export function resigned(tokens: readonly Tokens[], { keys }: FloorWork): Tokens[] {
  const signAccess = createSigner({ key: keys.private, algorithm: 'ES256' })
  const signRefresh = createSigner({ key: keys.secret, algorithm: 'HS256' })
  return tokens.map(({ access, refresh }) => ({
    access: signAccess(claimsOf(access)),
    refresh: signRefresh(claimsOf(refresh))
  }))
}
