import pg from 'pg'
import { codeOf } from './error.js'
import type { Postmaster } from './postmaster.js'
import { superuser } from './programs.js'

/** Where a running server listens. */
export type Address = NonNullable<Postmaster['address']> & { readonly password?: string }

/** The process that owns the server. */
export type Owner = { readonly pid: number; readonly since: Date }

// The advisory lock of the owner: two arbitrary numbers.
const ownership = [1886352244, 1] as const

/** The role and the database of the service. The role has rights only in this database. */
const service = 'postern'

/** The URL for the service. For a Unix socket `host` decides, and `localhost` is a placeholder. */
export function urlOf({ host, port, password }: Address): string {
  if (password !== undefined)
    return `postgresql://${service}:${password}@${host}:${port}/${service}`
  return `postgresql://${service}@localhost:${port}/${service}?host=${encodeURIComponent(host)}`
}

/** A session of the superuser, or undefined while the server starts or stops. */
export async function connect(address: Address): Promise<pg.Client | undefined> {
  const client = new pg.Client({
    ...address,
    user: superuser,
    database: superuser,
    application_name: `postern ${process.pid}`,
    connectionTimeoutMillis: 10_000
  })
  // The event 'end' reports a lost session: see supervise.
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
 * Tries to lock the server for this session. PostgreSQL releases the lock when the process ends for
 * any reason, so no lock is ever stale.
 */
export async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query('SELECT pg_try_advisory_lock($1, $2) AS taken', [
    ...ownership
  ])
  return rows[0].taken
}

/** The process that holds the lock. */
export async function findLockOwner(client: pg.Client): Promise<Owner | undefined> {
  const { rows } = await client.query(
    `SELECT a.application_name AS name, a.backend_start AS since
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2`,
    [...ownership]
  )
  const [row] = rows
  return row && { pid: Number(row.name.replace(/^postern /, '')), since: row.since }
}

/** The process that owns the server at this address; undefined if the server stops meanwhile. */
export async function findOwner(address: Address): Promise<Owner | undefined> {
  const session = await connect(address)
  if (session === undefined) return undefined
  try {
    return await findLockOwner(session)
  } catch (error) {
    if (isPassing(error)) return undefined
    throw error
  } finally {
    await session.end()
  }
}

/** Creates the role and the database of the service if they are missing. */
export async function ensureDatabase(
  client: pg.Client,
  password: string | undefined
): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [service])
  if (rowCount !== 0) return
  const role = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [service])
  // `prisma migrate dev` needs CREATEDB for its shadow database.
  if (role.rowCount === 0) await client.query(`CREATE ROLE ${service} LOGIN CREATEDB`)
  if (password !== undefined) {
    await client.query(`ALTER ROLE ${service} PASSWORD ${client.escapeLiteral(password)}`)
  }
  await client.query(`CREATE DATABASE ${service} OWNER ${service}`)
}

/** Whether the server has ended or is not ready, so that another try may succeed. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  // No socket yet, no listener any more; 57P03: starting up or shutting down.
  if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P03', '57P01'].includes(code ?? ''))
    return true
  return error instanceof Error && error.message.startsWith('Connection terminated')
}
