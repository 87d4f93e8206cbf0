import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { isLoopback } from '../config/loopback.js'

/** A parameter of a database URL that cannot be obeyed. The message ends a sentence "DATABASE_URL …". */
export class AddressError extends Error {}

/** Encryption as `sslmode` orders it: the options of TLS, or false for none. */
export type Tls = false | ConnectionOptions

/** Where a database is, and what its URL asks of every connection. */
export type Address = {
  /** The URL without what is read below. */
  readonly connectionString: string
  /** `host:port`, for messages. */
  readonly at: string
  readonly database: string
  readonly applicationName: string
  /** The schema of the tables, which is the first of the search path. */
  readonly schema: string
  readonly searchPath: string
  /** Server settings of `options`. */
  readonly settings: Readonly<Record<string, string>>
  readonly sslmode: string
  /** What is tried, in this order. */
  readonly tls: readonly [Tls, ...Tls[]]
}

const allowed =
  /^(host|port|user|password|dbname|application_name|schema|options|ssl(mode|rootcert|cert|key))$/

/**
 * Reads a database URL. Parameters have the meaning that libpq gives them; `schema` is the one of
 * Prisma.
 *
 * @throws {AddressError} for a parameter that is unknown, contradicts another or cannot be obeyed.
 */
export function readAddress(url: string): Address {
  const rest = new URL(url)
  const params = new Map(rest.searchParams)
  for (const name of params.keys())
    if (!allowed.test(name))
      throw new AddressError(`has the unknown parameter ${name.slice(0, 40)}; remove it`)
  for (const name of params.keys())
    if (!/^(host|port|user|password)$/.test(name)) rest.searchParams.delete(name)
  const database = params.get('dbname')
  if (database !== undefined) rest.pathname = encodeURIComponent(database)
  const { host, port, database: name } = new pg.Client({ connectionString: rest.href, ssl: false })
  const settings = readOptions(params.get('options') ?? '')
  const { search_path: given, ...others } = settings
  const schema = schemaOf(params.get('schema'), given)
  return {
    connectionString: rest.href,
    at: `${host}:${port}`,
    database: name ?? '',
    applicationName: params.get('application_name') ?? 'postern',
    schema,
    searchPath: given ?? pg.escapeIdentifier(schema),
    settings: others,
    ...readTls(params, host)
  }
}

function schemaOf(schema: string | undefined, searchPath: string | undefined): string {
  if (schema !== undefined && searchPath !== undefined)
    throw new AddressError('has both schema and a search_path in options; keep one')
  const [, quoted, plain] =
    /^\s*(?:"((?:[^"]|"")+)"|([^\s",]+))\s*(?:,|$)/.exec(searchPath ?? '') ?? []
  const name = schema ?? quoted?.replaceAll('""', '"') ?? plain?.toLowerCase() ?? 'public'
  if (searchPath !== undefined && (name === '$user' || (quoted ?? plain) === undefined))
    throw new AddressError('must begin the search_path of options with the name of a schema')
  // Prisma does not escape a quotation mark in the name.
  if (!/^[^\0"]{1,63}$/.test(name) || /^pg_/.test(name))
    throw new AddressError('names a schema that cannot hold tables')
  return name
}

/** What Postern sets itself on every connection. */
const ours =
  /^(timezone|datestyle|(default_)?transaction_isolation|statement_timeout|lock_timeout|idle_in_transaction_session_timeout|client_encoding|standard_conforming_strings|bytea_output|extra_float_digits)$/

/** `-c name=value` and `--name=value`, split at spaces that no backslash escapes. */
function readOptions(options: string): Record<string, string> {
  const words = (options.match(/(?:\\.|[^\\\s])+/gs) ?? []).map(word =>
    word.replaceAll(/\\(.)/gs, '$1')
  )
  const settings: Record<string, string> = {}
  for (let index = 0; index < words.length; index++) {
    let word = words[index] as string
    if (word === '-c') word = `-c${words[++index] ?? ''}`
    const [, name = '', value = ''] = /^(?:-c|--)([A-Za-z][\w.-]*)=(.*)$/s.exec(word) ?? []
    const key = name.replaceAll('-', '_').toLowerCase()
    if (key === '') throw new AddressError('has options other than -c name=value')
    if (ours.test(key))
      throw new AddressError(
        `sets ${key} in options, which Postern sets itself${/timeout/.test(key) ? ' (DATABASE_STATEMENT_TIMEOUT)' : ''}`
      )
    settings[key] = value
  }
  return settings
}

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']

/** `sslmode` and its files as libpq has them. Without a mode a server on another machine is asked for TLS. */
function readTls(
  params: ReadonlyMap<string, string>,
  host: string
): Pick<Address, 'sslmode' | 'tls'> {
  const sslmode =
    params.get('sslmode') ?? (isLoopback(host) || host === '::1' ? 'disable' : 'prefer')
  if (!modes.includes(sslmode))
    throw new AddressError(`must have one of ${modes.join(', ')} as sslmode`)
  // libpq ignores the mode on a Unix socket, which is no network.
  if (host.startsWith('/') || sslmode === 'disable') return { sslmode, tls: [false] }
  const root = params.get('sslrootcert')
  if (root === 'system' && sslmode !== 'verify-full')
    throw new AddressError('has sslrootcert=system, which needs sslmode=verify-full')
  if (root === undefined && sslmode === 'verify-ca')
    throw new AddressError('needs sslrootcert for sslmode=verify-ca')
  const ca = root === 'system' ? undefined : fileOf(params, 'sslrootcert')
  const base: ConnectionOptions = {
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca }),
    ...optionalFile('cert', fileOf(params, 'sslcert')),
    ...optionalFile('key', fileOf(params, 'sslkey')),
    ...(isIP(host) === 0 && { servername: host })
  }
  // With a CA every mode verifies the chain; only verify-full also verifies the name.
  const tls: ConnectionOptions =
    sslmode === 'verify-full'
      ? base
      : ca !== undefined
        ? { ...base, checkServerIdentity: () => undefined }
        : { ...base, rejectUnauthorized: false }
  if (sslmode === 'prefer') return { sslmode, tls: [tls, false] }
  if (sslmode === 'allow') return { sslmode, tls: [false, tls] }
  return { sslmode, tls: [tls] }
}

const optionalFile = (name: string, content: string | undefined) =>
  content === undefined ? {} : { [name]: content }

function fileOf(params: ReadonlyMap<string, string>, name: string): string | undefined {
  const path = params.get(name)
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new AddressError(`names a file in ${name} that cannot be read (${code})`)
  }
}
