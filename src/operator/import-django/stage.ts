import type pg from 'pg'
import { readAddress } from '../../base/database/address.js'
import { openConnection } from '../../base/database/connection.js'
import { canonicalAddress } from '../../base/email-address.js'
import { Refusal } from '../refusal.js'
import { isObject, type Json, partOf, type SourceRecord, userFields, userMarks } from './record.js'

const writeBatch = 250
const readBatch = 250
const longestText = 2000
/** A longer value of a part is not taken, so no more of it is kept. */
const longestPart = 512
/** The data of a larger authenticator cannot be read. */
const longestData = 16_384
/** Of more social accounts or sessions of one person, one more than so many are read: the newest. */
export const mostParts = 500
/** With more authenticators a person is skipped: {@link StagedPerson.authenticatorCount}. */
export const mostAuthenticators = 20

/** A person with all rows of theirs, as they are in the source. */
export type StagedPerson = {
  readonly pk: string | null
  readonly fields: Readonly<Record<string, Json>>
  /** The canonical form of the address that counts: the primary one, else the user's; null for an invalid one. */
  readonly address: string | null
  /** The same as it is written there. */
  readonly writtenAddress: Json
  readonly verified: boolean
  /** How many people have this address, and how many of them verified it. */
  readonly sharing: number
  readonly sharingVerified: number
  /** How many people have the same number. */
  readonly sameKey: number
  readonly furtherAddresses: number
  /** How many there are; the newest {@link mostAuthenticators} are in `authenticators`. */
  readonly authenticatorCount: number
  readonly authenticators: readonly Readonly<Record<string, Json>>[]
  readonly identities: readonly Readonly<Record<string, Json>>[]
  readonly sessions: readonly Readonly<Record<string, Json>>[]
}

export type Stage = {
  readonly people: number
  readonly hasNumbers: boolean
  /** Parts whose person is not in the source. */
  readonly orphans: number
  read(): AsyncGenerator<readonly StagedPerson[]>
}

const tables = `
  CREATE TEMPORARY TABLE staged_person (seq int4 NOT NULL, model text NOT NULL, pk text, username text, email text,
    address text, payload text NOT NULL) ON COMMIT DROP;
  CREATE TEMPORARY TABLE staged_part (seq int4 NOT NULL, kind text NOT NULL, owner text NOT NULL, address text,
    verified boolean NOT NULL, main boolean NOT NULL, payload text NOT NULL) ON COMMIT DROP`

/**
 * Sorts the records of a source by person, in temporary tables of our own database: they hold any number of
 * people, and nothing of them is left afterwards. All of it is one transaction, which poolers allow.
 *
 * @throws {Refusal} if another import runs, or the records do not tell which table has the users.
 */
export async function withStage<T>(
  url: string,
  records: AsyncIterable<SourceRecord>,
  { usersTable, onRead }: { usersTable: string | undefined; onRead: (people: number) => void },
  work: (stage: Stage) => Promise<T>
): Promise<T> {
  const client = await openConnection(
    { address: readAddress(url), timeoutMs: 0, preparedStatements: false },
    { keepAlive: true }
  )
  try {
    await client.query('BEGIN')
    const { rows } = await client.query(
      "SELECT pg_try_advisory_xact_lock(hashtextextended('postern.import', 0)) AS mine"
    )
    if (!rows[0].mine) throw new Refusal('Another import is running. Wait until it ends.')
    await client.query(tables).catch((error: { code?: string }) => {
      if (error.code !== '42501') throw error
      throw new Refusal(
        'The import sorts people in temporary tables. Grant the role of DATABASE_URL the right: GRANT TEMPORARY ON DATABASE … TO ….'
      )
    })
    await fill(client, records, usersTable, onRead)
    return await work(await arrange(client))
  } finally {
    await client.end().catch(() => {})
  }
}

type Row = readonly (string | number | boolean | null)[]

async function fill(
  client: pg.Client,
  records: AsyncIterable<SourceRecord>,
  usersTable: string | undefined,
  onRead: (people: number) => void
): Promise<void> {
  const people: Row[] = []
  const others: Row[] = []
  let count = 0
  async function flush() {
    await insert(
      client,
      'INSERT INTO staged_person (seq, model, pk, username, email, address, payload)',
      people,
      ['int4', 'text', 'text', 'text', 'text', 'text', 'text']
    )
    await insert(
      client,
      'INSERT INTO staged_part (seq, kind, owner, address, verified, main, payload)',
      others,
      ['int4', 'text', 'text', 'text', 'bool', 'bool', 'text']
    )
    people.length = 0
    others.length = 0
  }
  const wanted = usersTable?.toLowerCase().replace('.', '_')
  for await (const record of records) {
    const part = partOf(record.model)
    if (part !== null) others.push(rowOfPart(record, part, count++))
    else if (isUser(record, wanted)) {
      people.push(rowOfPerson(record, count++))
      onRead(1)
    }
    if (people.length + others.length >= writeBatch) await flush()
  }
  await flush()
}

function isUser({ model, fields }: SourceRecord, wanted: string | undefined): boolean {
  if (model === 'users') return true
  if (wanted !== undefined) return model.replace('.', '_') === wanted
  return userMarks.every(mark => Object.hasOwn(fields, mark))
}

/** A longer text is cut; of other values, which only `data` has, a large one becomes null. */
function capped(name: string, value: Json, longest: number): Json {
  if (name === 'data') return JSON.stringify(value).length > longestData ? null : value
  if (typeof value === 'string') return value.slice(0, longest)
  return isObject(value) || Array.isArray(value) ? {} : value
}

/** Keeps the fields that are read. */
function pick(
  fields: Readonly<Record<string, Json>>,
  names: readonly string[],
  longest: number
): string {
  const kept = names
    .filter(name => Object.hasOwn(fields, name))
    .map(name => [name, capped(name, fields[name] as Json, longest)])
  return JSON.stringify(Object.fromEntries(kept))
}

/** A key as text, without the characters that PostgreSQL cannot store. */
const keyText = (key: Json): string =>
  (typeof key === 'string' ? key : JSON.stringify(key))
    .slice(0, longestText)
    .replaceAll('\0', '\ufffd')

const naturalKey = (key: Json | undefined): string | null =>
  typeof key === 'string' ? `natural:${keyText(key)}` : null

const addressOf = (text: Json | undefined): string | null =>
  typeof text === 'string' ? canonicalAddress(text) : null

function rowOfPerson({ model, pk, fields }: SourceRecord, seq: number): Row {
  return [
    seq,
    model,
    pk === undefined || pk === null ? null : keyText(pk),
    naturalKey(fields.username),
    naturalKey(fields.email),
    addressOf(fields.email),
    pick(fields, userFields, longestText)
  ]
}

function rowOfPart(
  { fields }: SourceRecord,
  { kind, fields: names }: NonNullable<ReturnType<typeof partOf>>,
  seq: number
): Row {
  const { user = null } = fields
  const owner = Array.isArray(user) ? naturalKey(user[0]) : keyText(user)
  return [
    seq,
    kind,
    owner ?? 'natural:',
    kind === 'address' ? addressOf(fields.email) : null,
    fields.verified === true,
    fields.primary === true,
    pick(fields, names, longestPart)
  ]
}

async function insert(
  client: pg.Client,
  insertInto: string,
  rows: readonly Row[],
  types: readonly string[]
): Promise<void> {
  if (rows.length === 0) return
  const columns = types.map((_, index) => rows.map(row => row[index]))
  const values = types.map((type, index) => `$${index + 1}::${type}[]`)
  await client.query(`${insertInto} SELECT * FROM unnest(${values.join(', ')})`, columns)
}

/** Finds out how the rows refer to people, and prepares the order in which they are read. */
async function arrange(client: pg.Client): Promise<Stage> {
  await requireOneModel(client)
  await client.query('CREATE INDEX ON staged_part (owner, kind); ANALYZE staged_part')
  const { rows } = await client.query(`
    SELECT count(*)::int4 AS "people", count(pk)::int4 AS "numbered",
      EXISTS (SELECT FROM staged_part WHERE owner LIKE 'natural:%') AS "isNatural",
      EXISTS (SELECT FROM staged_part WHERE owner NOT LIKE 'natural:%') AS "isNumbered"
    FROM staged_person`)
  const { people, numbered, isNatural, isNumbered } = rows[0]
  if (isNumbered && numbered < people)
    throw new Refusal(
      'The dump refers to people by number, but does not number them. Write it without --natural-primary.'
    )
  if (isNatural && isNumbered)
    throw new Refusal('The dump mixes numbers and natural keys. Write it in one piece.')
  const key = isNatural ? await naturalColumn(client) : numbered === people ? 'pk' : 'username'
  await client.query(`
    CREATE INDEX ON staged_person (${key}); ANALYZE staged_person;
    CREATE TEMPORARY TABLE staged_choice ON COMMIT DROP AS
    SELECT p.seq, p.${key} AS key, CASE WHEN c.seq IS NULL THEN p.address ELSE c.address END AS address,
      CASE WHEN c.seq IS NULL THEN EXISTS (SELECT FROM staged_part a
          WHERE a.owner = p.${key} AND a.kind = 'address' AND a.address = p.address AND a.verified)
        ELSE c.verified END AS verified,
      c.payload AS chosen, p.pk, p.payload
    FROM staged_person p LEFT JOIN LATERAL (
      SELECT a.seq, a.address, a.verified, a.payload FROM staged_part a
      WHERE a.owner = p.${key} AND a.kind = 'address' AND a.main ORDER BY a.verified DESC, a.seq LIMIT 1
    ) c ON true`)
  const orphans = await client.query(`
    SELECT count(*)::int4 AS count FROM staged_part a
    WHERE NOT EXISTS (SELECT FROM staged_person p WHERE p.${key} = a.owner)`)
  return {
    people,
    hasNumbers: numbered === people,
    orphans: orphans.rows[0].count,
    read: () => readPeople(client)
  }
}

async function requireOneModel(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT DISTINCT model FROM staged_person LIMIT 10')
  if (rows.length > 1) {
    const names = rows.map(({ model }) => model).join(', ')
    throw new Refusal(
      `The source has several tables of users: ${names}. Name one with --users-table.`
    )
  }
}

/** Natural keys are the user names, or the addresses where users have no other name. */
async function naturalColumn(client: pg.Client): Promise<'username' | 'email'> {
  const { rows } = await client.query(`
    SELECT NOT EXISTS (SELECT FROM staged_part a WHERE NOT EXISTS
        (SELECT FROM staged_person p WHERE p.username = a.owner)) AS "byName",
      EXISTS (SELECT FROM staged_part a JOIN staged_person p ON p.email = a.owner) AS "byAddress"`)
  return rows[0].byName || !rows[0].byAddress ? 'username' : 'email'
}

async function* readPeople(client: pg.Client): AsyncGenerator<readonly StagedPerson[]> {
  const partsOf = (kind: string, most = mostParts + 1) => `ARRAY(SELECT n.payload FROM (
      SELECT a.seq, a.payload FROM staged_part a
      WHERE a.owner = s.key AND a.kind = '${kind}' ORDER BY a.seq DESC LIMIT ${most}) n ORDER BY n.seq)`
  await client.query(`
    DECLARE postern_people NO SCROLL CURSOR FOR
    SELECT s.pk, s.payload, s.address, s.chosen, s.verified, s."sharing", s."sharingVerified", s."sameKey",
      (SELECT count(*)::int4 FROM staged_part a WHERE a.owner = s.key AND a.kind = 'address'
        AND a.address IS DISTINCT FROM s.address) AS "furtherAddresses",
      (SELECT count(*)::int4 FROM staged_part a WHERE a.owner = s.key AND a.kind = 'authenticator')
        AS "authenticatorCount",
      ${partsOf('authenticator', mostAuthenticators)} AS "authenticators", ${partsOf('identity')} AS "identities",
      ${partsOf('session')} AS "sessions"
    FROM (
      SELECT c.*, count(*) OVER (PARTITION BY c.address)::int4 AS "sharing",
        count(*) FILTER (WHERE c.verified) OVER (PARTITION BY c.address)::int4 AS "sharingVerified",
        CASE WHEN c.key IS NULL THEN 1 ELSE count(*) OVER (PARTITION BY c.key)::int4 END AS "sameKey"
      FROM staged_choice c
    ) s ORDER BY s.seq`)
  for (;;) {
    const { rows } = await client.query(`FETCH ${readBatch} FROM postern_people`)
    yield rows.map(({ payload, chosen, authenticators, identities, sessions, ...row }) => {
      const fields = JSON.parse(payload)
      const written = chosen === null ? fields.email : JSON.parse(chosen).email
      const parsed = (texts: readonly string[]) => texts.map(text => JSON.parse(text))
      return {
        ...row,
        fields,
        writtenAddress: written ?? null,
        authenticators: parsed(authenticators),
        identities: parsed(identities),
        sessions: parsed(sessions)
      }
    })
    if (rows.length < readBatch) return
  }
}
