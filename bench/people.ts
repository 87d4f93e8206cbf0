import { hash } from '@node-rs/argon2'
import { drive, wire } from './load.js'
import { type Measurable, password, type World } from './world.js'

export type Tokens = { access: string; refresh: string }

const addressOf = (person: number) => `person-${person}@example.test`

/** Accounts, all with one password. */
export async function createPeople(world: World, count: number): Promise<void> {
  const phc = await hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  await world.query(
    `INSERT INTO "User" ("id", "email", "emailVerifiedAt", "passwordHash", "firstName", "createdAt")
     SELECT gen_random_uuid(), 'person-' || n || '@example.test', now(), $1, 'Person', now()
     FROM generate_series(0, $2::int4 - 1) AS n`,
    [phc, count]
  )
}

/** A sign-in by body transport. */
export const loginRequest = (person: number): string =>
  wire('POST', '/login/', {
    body: { email: addressOf(person), password },
    headers: { 'x-refresh-transport': 'body' }
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
