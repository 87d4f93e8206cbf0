import pg from 'pg'
import { codeOf } from './error.js'
import type { Postmaster } from './postmaster.js'
import { superuser } from './programs.js'

/** Where a running server is reached. */
export type Address = NonNullable<Postmaster['address']> & { readonly password?: string }

/** The process that has the database open. */
export type Holder = { readonly pid: number; readonly since: Date }

// Two numbers that nobody else's advisory locks in this database are likely to be.
const ownership = [1886352244, 1] as const

/** The role and the database of the service: all rights in its own database, none beyond. */
const service = 'postern'

/** What the service connects to. `localhost` is for readers of URLs only: `host` decides. */
export function urlOf({ host, port, password }: Address): string {
  if (password !== undefined)
    return `postgresql://${service}:${password}@${host}:${port}/${service}`
  return `postgresql://${service}@localhost:${port}/${service}?host=${encodeURIComponent(host)}`
}

/** A session of the superuser, or undefined while the server cannot be asked (yet, or any more). */
export async function connect(address: Address): Promise<pg.Client | undefined> {
  const client = new pg.Client({
    ...address,
    user: superuser,
    database: superuser,
    application_name: `postern ${process.pid}`,
    connectionTimeoutMillis: 10_000
  })
  // After it is connected, the end of the session is what tells; see keepRunning.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    if (isPassing(error)) return undefined
    throw error
  }
}

/**
 * Takes ownership for as long as the session lasts. The lock lives in the server, which drops it
 * the moment our process dies, however it dies: there is nothing stale to clean up, no number of a
 * dead process to mistake for a living one.
 */
export async function takeOwnership(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query('SELECT pg_try_advisory_lock($1, $2) AS taken', [
    ...ownership
  ])
  return rows[0].taken
}

/** Who has taken it. */
export async function findHolder(client: pg.Client): Promise<Holder | undefined> {
  const { rows } = await client.query(
    `SELECT a.application_name AS name, a.backend_start AS since
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2`,
    [...ownership]
  )
  const [row] = rows
  return row && { pid: Number(row.name.replace(/^postern /, '')), since: row.since }
}

/** Who has the database open that listens there; nobody where it ends while we look. */
export async function whoHolds(address: Address): Promise<Holder | undefined> {
  const session = await connect(address)
  if (session === undefined) return undefined
  try {
    return await findHolder(session)
  } catch (error) {
    if (isPassing(error)) return undefined
    throw error
  } finally {
    await session.end()
  }
}

/** Makes the role and the database of the service if they are missing. */
export async function ensureDatabase(
  client: pg.Client,
  password: string | undefined
): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [service])
  if (rowCount !== 0) return
  const role = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [service])
  // CREATEDB is for `prisma migrate dev`, which wants a second database to compare with.
  if (role.rowCount === 0) await client.query(`CREATE ROLE ${service} LOGIN CREATEDB`)
  if (password !== undefined) {
    await client.query(`ALTER ROLE ${service} PASSWORD ${client.escapeLiteral(password)}`)
  }
  await client.query(`CREATE DATABASE ${service} OWNER ${service}`)
}

/** The server ended, or is not ready: what another try may not see again. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  // No socket yet, no listener any more; 57P03: starting up or shutting down.
  if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P03', '57P01'].includes(code ?? ''))
    return true
  return error instanceof Error && error.message.startsWith('Connection terminated')
}
