import pg from 'pg'
import type { Config } from '../../base/config/load.js'
import { pendingMigrations } from '../../base/database/migrate.js'
import { type Finding, findingsOf, problemsOr } from './finding.js'

const { ok, fail, failIf, warnIf } = findingsOf('database')

/** Connects like the service. If that fails, the client is null and the finding has the reason. */
export async function connectClient(
  url: string
): Promise<{ client: pg.Client | null; findings: Finding[] }> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    query_timeout: 10_000,
    application_name: 'postern'
  })
  client.on('error', () => undefined) // the waiting query rejects with the same error
  try {
    await client.connect()
    return { client, findings: [] }
  } catch (error) {
    await client.end().catch(() => undefined)
    return { client: null, findings: [fail(describeConnection(error as Failure, new URL(url)))] }
  }
}

type Failure = Error & { readonly code?: string; readonly errors?: readonly Failure[] }

/** Describes a failed connection without the URL, which contains a password. */
function describeConnection(error: Failure, { hostname, port, pathname }: URL): string {
  const at = `${hostname}:${port || 5432}`
  const code = error.code ?? error.errors?.[0]?.code ?? ''
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: `No PostgreSQL listens at ${at}, the address in DATABASE_URL. Is it running, and is the port right?`,
    ENOTFOUND: `The host ${hostname} of DATABASE_URL cannot be resolved. Is it spelt correctly?`,
    EAI_AGAIN: `The host ${hostname} of DATABASE_URL cannot be resolved now. Does DNS work on this machine?`,
    '28P01': `The PostgreSQL at ${at} refuses the user or the password of DATABASE_URL.`,
    '28000': `The PostgreSQL at ${at} refuses the connection: its pg_hba.conf does not allow this user, TLS mode or address.`,
    '3D000': `There is no database ${decodeURIComponent(pathname.slice(1))} at ${at}. Create it, or correct DATABASE_URL.`,
    '53300': `The PostgreSQL at ${at} has no free connection. Raise max_connections or lower DATABASE_POOL_SIZE.`,
    '57P03': `The PostgreSQL at ${at} is starting up or shutting down. Try again in a moment.`
  }
  const timedOut = code === 'ETIMEDOUT' || /timeout/i.test(error.message)
  if (timedOut)
    return `The PostgreSQL at ${at} does not answer within 5 seconds. Does a firewall block it?`
  return known[code] ?? `The database at ${at} cannot be used: ${error.message}.`
}

type Facts = {
  readonly version: number
  readonly name: string
  readonly standby: boolean
  readonly readOnly: boolean
  readonly connections: number
}

/** Checks version, role and connection limit of the server. */
export async function examineServer(client: pg.Client, config: Config): Promise<Finding[]> {
  const { rows } = await client.query<Facts>(`
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
      pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') = 'on' AS "readOnly",
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections`)
  const { version, name, standby, readOnly, connections } = rows[0] as Facts
  const pool = config.DATABASE_POOL_SIZE
  return problemsOr(
    ok(`PostgreSQL ${name} answers.`),
    failIf(version < 140_000, `PostgreSQL ${name} is too old. Postern needs 14 or later.`),
    failIf(
      standby || readOnly,
      'The database is read-only: it is a standby, or set to read-only. DATABASE_URL must point to the primary.'
    ),
    warnIf(
      pool > connections,
      `DATABASE_POOL_SIZE is ${pool}, and the server has only ${connections} connections for all clients. Lower DATABASE_POOL_SIZE or raise max_connections.`
    )
  )
}

/** Checks whether every migration is applied. Only then can the content of the tables be checked. */
export async function examineMigrations(
  client: pg.Client,
  { MIGRATE_ON_START }: Config
): Promise<{ isCurrent: boolean; findings: Finding[] }> {
  const { ok, warn, fail } = findingsOf('migrations')
  try {
    const pending = await pendingMigrations(client)
    if (pending.length === 0)
      return { isCurrent: true, findings: [ok('Every migration is applied.')] }
    const names = pending.join(', ')
    const finding = MIGRATE_ON_START
      ? warn(`The database lacks ${names}. The next start applies them.`)
      : fail(`The database lacks ${names}. Run: postern migrate.`)
    return { isCurrent: false, findings: [finding] }
  } catch (error) {
    if ((error as Error).name !== 'MigrationsError') throw error
    return { isCurrent: false, findings: [fail((error as Error).message)] }
  }
}

/** Checks whether the role of `DATABASE_URL` has the privileges that the service needs. */
export async function examineRole(client: pg.Client): Promise<Finding[]> {
  const { ok, fail } = findingsOf('role')
  const { rows } = await client.query<{ role: string; tables: string[] }>(`
    SELECT current_user AS role, COALESCE(array_agg(c.relname::text ORDER BY c.relname)
      FILTER (WHERE NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))), '{}') AS tables
    FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> '_prisma_migrations'`)
  const { role = '', tables = [] } = rows[0] ?? {}
  if (tables.length === 0) return [ok(`The role ${role} may use every table.`)]
  return [
    fail(
      `The role ${role} may not read and write ${tables.join(', ')}. The grants it needs are in docs/operations.md.`
    )
  ]
}

/** Seconds by which `iat` of a token may lie ahead of the clock of the reader. */
const tolerance = 60

/** Compares the clocks of this machine and of the database: each of them decides about some deadlines. */
export async function examineClock(client: pg.Client, clock: () => Date): Promise<Finding[]> {
  const { ok, warnIf, failIf } = findingsOf('clock')
  const before = clock().getTime()
  const { rows } = await client.query<{ now: Date }>('SELECT now() AS now')
  const middle = (before + clock().getTime()) / 2
  const seconds = Math.round((middle - (rows[0] as { now: Date }).now.getTime()) / 1000)
  const apart = Math.abs(seconds)
  const sentence = `This machine's clock is ${apart} seconds ${seconds > 0 ? 'ahead of' : 'behind'} the database's. Synchronise both (NTP).`
  return problemsOr(
    ok('The clocks of this machine and the database agree.'),
    failIf(apart >= tolerance, `${sentence} Other instances refuse tokens from this machine.`),
    warnIf(apart >= 5 && apart < tolerance, sentence)
  )
}
