import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import pg from 'pg'
import { newStreamKey, sealStream } from '../../base/crypto/sealed-stream.js'
import { version } from '../../base/version.js'
import { Refusal } from '../refusal.js'
import { type Header, type Line, magic, newChecksum, type Totals } from './format.js'
import { listMigrations, listTables, type Table } from './tables.js'

export type BackupOptions = {
  readonly file: string
  readonly passphrase: string | null
  readonly keyId: string
  /** Told now and then how many rows have been written. */
  readonly onProgress: (rows: number) => void
}

/** Rows that are in memory at a time. */
const pageRows = 500

/**
 * Writes one consistent snapshot of all tables to a new file, which has its name only when it is
 * complete. Other sessions are not held up.
 *
 * @throws {Refusal} if the file cannot be written, or the database is empty.
 */
export async function writeBackup(connection: pg.Client, options: BackupOptions): Promise<Totals> {
  await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const migrations = await listMigrations(connection)
  if (migrations.length === 0) throw new Refusal('The database is empty: there is nothing to keep.')
  const sealed = options.passphrase === null ? null : await newStreamKey(options.passphrase)
  const header: Header = {
    createdAt: await nowOf(connection),
    version,
    migrations,
    keyId: options.keyId,
    lock: sealed?.lock ?? null
  }
  const text = JSON.stringify(header)
  const totals: Record<string, number> = {}
  const lines = Readable.from(content(connection, text, totals, options.onProgress), {
    objectMode: false
  })
  const partial = `${options.file}.partial`
  try {
    await pipeline(
      lines,
      createGzip(),
      async function* (compressed: AsyncIterable<Buffer>) {
        yield Buffer.from(`${magic}\n${text}\n`)
        yield* sealed === null ? compressed : sealStream(compressed, sealed.key, text)
      },
      createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true })
    )
    await rename(partial, options.file)
  } catch (error) {
    const { code, syscall = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new Refusal(`${partial} exists: a backup runs, or one was interrupted. Remove it.`)
    await rm(partial, { force: true })
    if (/^(open|write|writev|fsync|rename)$/.test(syscall))
      throw new Refusal(`${options.file} cannot be written (${code}).`)
    throw error
  }
  await connection.query('COMMIT')
  return totals
}

async function nowOf(connection: pg.Client): Promise<string> {
  const { rows } = await connection.query<{ now: Date }>('SELECT pg_catalog.now() AS now')
  return (rows[0] as { now: Date }).now.toISOString()
}

async function* content(
  connection: pg.Client,
  header: string,
  totals: Record<string, number>,
  onProgress: (rows: number) => void
): AsyncGenerator<string> {
  const checksum = newChecksum(header)
  let written = 0
  const textOf = (lines: readonly Line[]) => {
    const text = lines.map(line => `${JSON.stringify(line)}\n`).join('')
    checksum.update(text)
    return text
  }
  for (const table of await listTables(connection)) {
    yield textOf([{ table: table.name, columns: table.columns.map(({ name }) => name) }])
    totals[table.name] = 0
    for await (const rows of pagesOf(connection, table)) {
      totals[table.name] = (totals[table.name] ?? 0) + rows.length
      written += rows.length
      onProgress(written)
      yield textOf(rows)
    }
  }
  yield `${JSON.stringify({ end: totals, sha256: checksum.digest('hex') })}\n`
}

type Row = (string | null)[]

async function* pagesOf(connection: pg.Client, { name, columns }: Table): AsyncGenerator<Row[]> {
  const values = columns.map(column => `${pg.escapeIdentifier(column.name)}::text`)
  await connection.query(
    `DECLARE backup NO SCROLL CURSOR FOR SELECT ${values.join(', ')} FROM ${pg.escapeIdentifier(name)}`
  )
  for (;;) {
    const page = { text: `FETCH ${pageRows} FROM backup`, rowMode: 'array' } as const
    const { rows } = (await connection.query(page)) as { rows: Row[] }
    if (rows.length > 0) yield rows
    if (rows.length < pageRows) break
  }
  await connection.query('CLOSE backup')
}
