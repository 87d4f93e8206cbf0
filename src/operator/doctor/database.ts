import type pg from 'pg'
import type { Config } from '../../base/config/load.js'
import { readAddress } from '../../base/database/address.js'
import { openConnection } from '../../base/database/connection.js'
import { migrationState } from '../../base/database/migrate.js'
import { unfitness } from '../../base/database/require-fit.js'
import { type Finding, findingsOf, problemsOr } from './finding.js'

const { ok, fail, failIf, warnIf } = findingsOf('database')

/** Connects like the service. If that fails, the client is null and the finding has the reason. */
export async function connectClient({
  DATABASE_URL,
  DATABASE_PREPARED_STATEMENTS
}: Config): Promise<{ client: pg.Client | null; findings: Finding[] }> {
  const session = {
    address: readAddress(DATABASE_URL as string),
    timeoutMs: 10_000,
    preparedStatements: DATABASE_PREPARED_STATEMENTS
  }
  const limits = { connectionTimeoutMillis: 5000, query_timeout: 10_000 }
  try {
    return { client: await openConnection(session, limits), findings: [] }
  } catch (error) {
    return { client: null, findings: [fail((error as Error).message)] }
  }
}

type Facts = {
  readonly name: string
  readonly standby: boolean
  readonly readOnly: boolean
  readonly connections: number
}

/** Checks version, encoding, role and connection limit of the server. */
export async function examineServer(client: pg.Client, config: Config): Promise<Finding[]> {
  const { rows } = await client.query<Facts>(`
    SELECT current_setting('server_version') AS name,
      pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') = 'on' AS "readOnly",
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections`)
  const { name, standby, readOnly, connections } = rows[0] as Facts
  const pool = config.DATABASE_POOL_SIZE
  return problemsOr(
    ok(`PostgreSQL ${name} answers.`),
    (await unfitness(client)).map(fail),
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
    const { pending, newer } = await migrationState(client)
    if (newer.length > 0 && pending.length === 0)
      return {
        isCurrent: true,
        findings: [
          ok(`A newer version has applied ${newer.join(', ')}, over which this one may run.`)
        ]
      }
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

type Rights = {
  readonly role: string
  readonly schema: string
  /** Tables, quoted for SQL, that the service writes and this role cannot. */
  readonly unwritten: readonly string[]
  /** Tables that migrations write and this role cannot read. */
  readonly unread: readonly string[]
  readonly owns: boolean
  readonly publicCreates: boolean
}

/** Checks whether the role of `DATABASE_URL` has the privileges that the service needs, and no more. */
export async function examineRole(
  client: pg.Client,
  { DATABASE_URL, MIGRATE_ON_START }: Pick<Config, 'DATABASE_URL' | 'MIGRATE_ON_START'>
): Promise<Finding[]> {
  const { ok, failIf, warnIf } = findingsOf('role')
  const { rows } = await client.query<Rights>(`
    WITH tables AS (
      SELECT c.oid, c.relowner, quote_ident(c.relname) AS name,
        c.relname IN ('_prisma_migrations', 'MigrationFloor', 'AuditRetention') AS "isRead"
      FROM pg_class c
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    )
    SELECT quote_ident(current_user) AS role, quote_ident(current_schema()) AS schema,
      ARRAY(SELECT name FROM tables WHERE NOT "isRead" AND NOT (has_table_privilege(oid, 'SELECT')
        AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE')
        AND has_table_privilege(oid, 'DELETE')) ORDER BY name) AS unwritten,
      ARRAY(SELECT name FROM tables WHERE "isRead" AND NOT has_table_privilege(oid, 'SELECT') ORDER BY name) AS unread,
      (SELECT bool_or(pg_has_role(relowner, 'USAGE')) FROM tables) AS owns,
      has_schema_privilege('public', current_schema(), 'CREATE') AS "publicCreates"`)
  const { role, schema, unwritten, unread, owns, publicCreates } = rows[0] as Rights
  const grant = (rights: string, tables: readonly string[]) =>
    `GRANT ${rights} ON ${tables.join(', ')} TO ${role}`
  return problemsOr(
    ok(`The role ${role} may use every table.`),
    failIf(
      unwritten.length > 0,
      `The role ${role} may not read and write ${unwritten.join(', ')}. As the owner of the tables, run: ${grant('SELECT, INSERT, UPDATE, DELETE', unwritten)};.`
    ),
    failIf(
      unread.length > 0,
      `The role ${role} may not read ${unread.join(', ')}. As the owner of the tables, run: ${grant('SELECT', unread)};.`
    ),
    warnIf(
      // The embedded database has one role, and a service that migrates has to own what it changes.
      owns && DATABASE_URL !== null && !MIGRATE_ON_START,
      `The role ${role} owns the tables, so whoever takes over the service can drop them and empty the audit trail. Run the service as a role of its own; its grants are in docs/operations.md.`
    ),
    warnIf(
      publicCreates,
      `Every role of the server may create objects in the schema ${schema}. Run: REVOKE CREATE ON SCHEMA ${schema} FROM PUBLIC;.`
    )
  )
}

/** Settings on which results depend; each connection of the service sets them anew. */
const ours = [
  'timezone',
  'datestyle',
  'default_transaction_isolation',
  'search_path',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'bytea_output',
  'extra_float_digits'
]

/** Tells of defaults of the database or the role that differ from what the service sets for itself. */
export async function examineDefaults(client: pg.Client): Promise<Finding[]> {
  const { ok } = findingsOf('defaults')
  const { rows } = await client.query<{ setting: string }>(
    `SELECT DISTINCT unnest(setconfig) AS setting FROM pg_db_role_setting
     WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
       AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))`
  )
  const differing = rows
    .map(({ setting }) => setting)
    .filter(setting => ours.includes((setting.split('=')[0] ?? '').toLowerCase()))
  if (differing.length === 0) return []
  return [
    ok(
      `The database or the role has defaults of its own (${differing.sort().join('; ')}). The service sets what it depends on for each connection, so they change nothing here; your own queries see them.`
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
