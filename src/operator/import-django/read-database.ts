import pg from 'pg'
import { type Address, AddressError, readAddress } from '../../base/database/address.js'
import { openConnection } from '../../base/database/connection.js'
import { ConnectionError } from '../../base/database/connection-error.js'
import { Refusal } from '../refusal.js'
import { type Json, parts, type SourceRecord, userFields, userMarks } from './record.js'

const batch = 1000
/** Longer texts are cut: no value that is taken is longer. */
const longestText = 2000
const longestData = 16_384

type Table = {
  /** The quoted name. */
  readonly name: string
  readonly primaryKey: string | null
  /** Names of columns, with the category of their type (`S`: text). */
  readonly columns: ReadonlyMap<string, string>
}

type Options = {
  readonly usersTable: string | undefined
  readonly wantsSessions: boolean
  readonly onTotal: (people: number) => void
}

/**
 * Reads the tables of an old installation, in one transaction that sees one state and changes nothing.
 *
 * @throws {Refusal} if the database does not answer, or lacks a table or column.
 */
export async function* readDatabase(url: string, options: Options): AsyncGenerator<SourceRecord> {
  let client: pg.Client | undefined
  try {
    client = await connect(url)
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    // Tables may be in a schema that the user or the database names. The URL can name another.
    if (!/[?&](schema|options)=/.test(url)) await client.query('RESET search_path')
    const users = await findUsers(client, options.usersTable)
    const { rows } = await client.query(`SELECT count(*)::int4 AS count FROM ${users.name}`)
    options.onTotal(rows[0].count)
    yield* readTable(client, 'users', users, [...userFields])
    for (const [model, { kind, fields }] of Object.entries(parts)) {
      const table = await describeTable(client, model.replace('.', '_'))
      if (table !== null) {
        requireColumns(table, ['user_id', ...fields])
        yield* readTable(client, model, table, ['user_id', ...fields])
      } else if (kind === 'session' && options.wantsSessions)
        throw new Refusal('The old database has no table of refresh tokens; leave --sessions out.')
    }
  } catch (error) {
    throw error instanceof Refusal ? error : unreadable(error as Error & { code?: string })
  } finally {
    await client?.end().catch(() => {})
  }
}

async function connect(url: string): Promise<pg.Client> {
  const address = addressOf(url)
  return openConnection(
    { address, timeoutMs: 0, preparedStatements: false },
    { connectionTimeoutMillis: 10_000, keepAlive: true }
  )
}

function addressOf(url: string): Address {
  try {
    return readAddress(url)
  } catch (error) {
    if (error instanceof AddressError) throw new Refusal(`SOURCE ${error.message}.`)
    throw new Refusal('SOURCE is not a valid URL of a PostgreSQL database.')
  }
}

const reasons: Readonly<Record<string, string>> = {
  '42501': 'refuses to show a table: this user needs the right to read it',
  '57P01': 'ended the connection'
}

function unreadable(error: Error & { code?: string }): Refusal {
  const { code, message } = error
  if (error instanceof ConnectionError)
    return new Refusal(message.replaceAll('DATABASE_URL', 'SOURCE'))
  const known = code === undefined ? undefined : reasons[code]
  if (known !== undefined) return new Refusal(`The old database ${known}.`)
  return new Refusal(`The old database cannot be read (${code ?? message}).`)
}

async function describeTable(client: pg.Client, name: string): Promise<Table | null> {
  const { rows } = await client
    .query(
      `SELECT c.oid::regclass::text AS "name", a.attname AS "column", t.typcategory AS "category",
         COALESCE(a.attnum = ANY (i.indkey) AND i.indnkeyatts = 1, false) AS "isKey"
       FROM pg_class c
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       JOIN pg_type t ON t.oid = a.atttypid
       LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
       WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
      [name]
    )
    .catch((error: { code?: string }) => {
      // A name that is none, such as one with a lone quotation mark.
      if (/^42/.test(error.code ?? '') && error.code !== '42501') return { rows: [] }
      throw error
    })
  if (rows.length === 0) return null
  return {
    name: rows[0].name,
    primaryKey: rows.find(({ isKey }) => isKey)?.column ?? null,
    columns: new Map(rows.map(({ column, category }) => [column, category]))
  }
}

function requireColumns({ name, columns }: Table, needed: readonly string[]): void {
  const missing = needed.filter(column => !columns.has(column))
  if (missing.length > 0)
    throw new Refusal(`The table ${name} has no column ${missing.join(', ')}.`)
}

/** The table that the address table refers to, or else the only one with the columns of users. */
async function findUsers(client: pg.Client, named: string | undefined): Promise<Table> {
  const table = await describeTable(client, named ?? (await guessUsers(client)))
  if (table === null) throw new Refusal(`The old database has no table ${named}.`)
  requireColumns(table, ['password', 'email'])
  if (table.primaryKey === null && !table.columns.has('id'))
    throw new Refusal(`The table ${table.name} has no primary key of one column.`)
  return table
}

async function guessUsers(client: pg.Client): Promise<string> {
  const referred = await client.query(
    `SELECT DISTINCT confrelid::regclass::text AS "name" FROM pg_constraint
     WHERE contype = 'f' AND conrelid = ANY (ARRAY[to_regclass('account_emailaddress'),
       to_regclass('mfa_authenticator'), to_regclass('jwt_allauth_refreshtokenwhitelistmodel')])`
  )
  if (referred.rows.length === 1) return referred.rows[0].name
  const { rows } = await client.query(
    `SELECT a.attrelid::regclass::text AS "name" FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relkind IN ('r', 'p') AND a.attname = ANY ($1) AND NOT a.attisdropped AND pg_table_is_visible(c.oid)
     GROUP BY a.attrelid HAVING count(*) = $2`,
    [userMarks, userMarks.length]
  )
  if (rows.length === 1) return rows[0].name
  throw new Refusal(
    rows.length === 0
      ? 'The old database has no table of users. Name it with --users-table.'
      : `The old database has several tables of users: ${rows.map(({ name }) => name).join(', ')}. Name one with --users-table.`
  )
}

async function* readTable(
  client: pg.Client,
  model: string,
  table: Table,
  fields: readonly string[]
): AsyncGenerator<SourceRecord> {
  const { name, primaryKey, columns } = table
  const key = pg.escapeIdentifier(primaryKey ?? 'id')
  const values = fields
    .filter(field => columns.has(field))
    .map(
      field => `'${field.replace('user_id', 'user')}', ${expressionOf(field, columns.get(field))}`
    )
  await client.query(
    `DECLARE postern_import NO SCROLL CURSOR FOR
     SELECT json_build_object('pk', t.${key}::text, 'fields', json_build_object(${values.join(', ')}))::text AS "record"
     FROM ${name} t ORDER BY t.${key}`
  )
  for (;;) {
    const { rows } = await client.query(`FETCH ${batch} FROM postern_import`)
    for (const { record } of rows) yield { model, ...(JSON.parse(record) as RowRecord) }
    if (rows.length < batch) break
  }
  await client.query('CLOSE postern_import')
}

type RowRecord = { readonly pk: Json; readonly fields: Readonly<Record<string, Json>> }

/** `field` is a name from {@link parts} or {@link userFields}. */
function expressionOf(field: string, category: string | undefined): string {
  const column = `t.${pg.escapeIdentifier(field)}`
  // As a number of JSON, a large one would lose digits.
  if (field === 'user_id') return `${column}::text`
  if (category === 'S') return `left(${column}, ${longestText})`
  if (field !== 'data') return column
  return `CASE WHEN octet_length(${column}::text) <= ${longestData} THEN to_jsonb(${column}) END`
}
