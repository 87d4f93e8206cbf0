import { pbkdf2Sync } from 'node:crypto'
import { hash } from '@node-rs/argon2'
import { drive, wire } from './load.js'
import { type Measurable, type Place, password } from './world.js'

export type Tokens = { access: string; refresh: string }

const addressOf = (person: number, kind = 'person') => `${kind}-${person}@example.test`

/** Accounts, all with one password. */
export async function createPeople({ query }: Pick<Place, 'query'>, count: number): Promise<void> {
  const phc = await hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  await query(
    `INSERT INTO "User" ("id", "email", "emailVerifiedAt", "passwordHash", "firstName", "createdAt")
     SELECT gen_random_uuid(), 'person-' || n || '@example.test', now(), $1, 'Person', now()
     FROM generate_series(0, $2::int4 - 1) AS n`,
    [phc, count]
  )
}

/** Accounts as they are imported from Django: none has renewed its hash. They have the same password. */
export async function importPeople(
  world: Pick<Place, 'query'>,
  count: number,
  iterations: number
): Promise<void> {
  const digest = pbkdf2Sync(password, 'salt', iterations, 32, 'sha256').toString('base64')
  const scheme = `pbkdf2_sha256$${iterations}`
  await world.query(
    `INSERT INTO "PasswordScheme" ("scheme", "prefix") VALUES ($1, $1 || '$') ON CONFLICT DO NOTHING`,
    [scheme]
  )
  await world.query(
    `INSERT INTO "User" ("id", "email", "emailVerifiedAt", "passwordHash", "firstName", "createdAt")
     SELECT gen_random_uuid(), 'imported-' || n || '@example.test', now(), $1, 'Person', now()
     FROM generate_series(0, $2::int4 - 1) AS n
     ON CONFLICT ("email") DO UPDATE SET "passwordHash" = EXCLUDED."passwordHash"`,
    [`${scheme}$salt$${digest}`, count]
  )
}

/** A sign-in by body transport. */
export const loginRequest = (person: number, kind?: 'imported'): string =>
  wire('POST', '/login/', {
    body: { email: addressOf(person, kind), password },
    headers: { 'x-refresh-transport': 'body' }
  })

/** The sign-up of somebody new. */
export const registrationRequest = (name: string): string =>
  wire('POST', '/registration/', {
    body: { email: `${name}@example.test`, password1: password, password2: password }
  })

/** One session for each of so many people. */
export async function signIn({ port }: Measurable, people: number): Promise<Tokens[]> {
  const tokens: Tokens[] = []
  let next = 0
  const clients = 4
  const current: number[] = []
  await drive({
    port,
    clients,
    count: people,
    request: client => {
      current[client] = next++
      return loginRequest(current[client])
    },
    onAnswer: (client, body) => {
      tokens[current[client] as number] = JSON.parse(body)
    }
  })
  return tokens
}

const refreshRequest = (token: string) => wire('POST', '/refresh/', { body: { refresh: token } })

export function driveRefresh(
  service: Measurable,
  tokens: Tokens[],
  load: { clients: number; seconds?: number; count?: number }
) {
  return drive({
    port: service.port,
    ...load,
    request: client => refreshRequest((tokens[client] as Tokens).refresh),
    onAnswer: (client, body) => {
      tokens[client] = JSON.parse(body)
    }
  })
}

export function driveUser(
  service: Measurable,
  tokens: Tokens[],
  load: { clients: number; seconds?: number; count?: number }
) {
  const requests = tokens.map(({ access }) => wire('GET', '/user/', { bearer: access }))
  return drive({ port: service.port, ...load, request: client => requests[client] as string })
}

export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
