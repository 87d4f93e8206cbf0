import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import pg from 'pg'
import type { EndSpan, StartSpan } from '../tracing.js'
import type { Address, Tls } from './address.js'
import { connectionError } from './connection-error.js'
import { isNamed, runNamed } from './named-query.js'

/** What connections of a pool have met and their pool should know. */
export type Trouble = { diskFull: boolean }

/** What every statement of a connection is bound by. */
export type SessionOptions = {
  readonly address: Address
  /** Longest time for a statement, for a lock, and twice as long for an idle transaction; 0: no limit. */
  readonly timeoutMs: number
  /** False where a pooler cannot keep named statements. */
  readonly preparedStatements: boolean
  readonly trouble?: Trouble
  /** Told of each statement, by its name or its first word. */
  readonly startSpan?: StartSpan | undefined
}

type ClientOptions = pg.ClientConfig & SessionOptions

/** The parts of pg's client that its types leave out. */
type Internals = {
  readonly processID: number
  readonly connection: EventEmitter & { ssl: Tls; readonly stream: Socket }
  ssl: Tls
  pipeline: boolean
  getStartupConf(): Record<string, string>
}

type Result = pg.QueryResult & pg.QueryResult[]
type Query = string | (pg.QueryConfig & { submit?: unknown })

const quote = (value: string) => pg.escapeLiteral(value)

/** Server settings on which results and time limits depend, whatever server, database or role say. */
function sessionSettings({ address, timeoutMs }: SessionOptions): [name: string, value: string][] {
  return [
    ['TimeZone', 'UTC'],
    ['DateStyle', 'ISO, MDY'],
    ['default_transaction_isolation', 'read committed'],
    ['search_path', address.searchPath],
    ['statement_timeout', String(timeoutMs)],
    ['lock_timeout', String(timeoutMs)],
    ['idle_in_transaction_session_timeout', String(2 * timeoutMs)],
    ['bytea_output', 'hex'],
    ['extra_float_digits', '1'],
    ...Object.entries(address.settings)
  ]
}

/** Sets them all by one SELECT, until the end of the session or of the transaction. */
const setAll = (options: SessionOptions, until: 'session' | 'transaction'): string =>
  sessionSettings(options)
    .map(
      ([name, value]) => `set_config(${quote(name)}, ${quote(value)}, ${until === 'transaction'})`
    )
    .join(', ')

// The mode that worked, where `sslmode` leaves a choice.
const chosenTls = new WeakMap<Address, Tls>()

/**
 * A connection with the settings that the service depends on (docs/decisions/015). The startup packet
 * holds only what PgBouncer takes by default. On a connection of its own the rest is set once. Behind a
 * pooler, which may give each transaction another connection, each transaction sets it for itself: the
 * statement travels between a BEGIN and a COMMIT in one packet, so it still costs one round trip.
 *
 * `connect` throws a {@link ConnectionError}.
 */
export class Connection extends pg.Client {
  readonly #session: SessionOptions
  readonly #begin: string
  #pooled = false
  /** The server refused a write: after a failover this is no connection to keep. */
  isReadOnly = false

  constructor(options: ClientOptions) {
    super({ ...options, connectionString: options.address.connectionString, ssl: false })
    this.#session = options
    this.#begin = `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT ${setAll(options, 'transaction')}`
    // A lost connection is reported by the query that waits, or by the pool.
    this.on('error', () => undefined)
    const { connection } = this as unknown as Internals
    connection.on('errorMessage', (error: pg.DatabaseError) => this.#notice(error))
  }

  #notice(error: pg.DatabaseError): void {
    if (error.code === '25006') this.isReadOnly = true
    if (error.code === '53100' && this.#session.trouble) this.#session.trouble.diskFull = true
    // A pooler gave the statement to a connection that does not know its name, or knows it already.
    if (error.code === '42P05' || error.code === '26000')
      error.message +=
        '. The pooler does not keep prepared statements: set DATABASE_PREPARED_STATEMENTS=false.'
  }

  /** The startup packet. PgBouncer keeps these five apart for each client, in every mode. */
  getStartupConf(): Record<string, string> {
    const { user = '', database = '' } = this
    return {
      user,
      database,
      application_name: this.#session.address.applicationName,
      client_encoding: 'UTF8',
      DateStyle: 'ISO, MDY',
      TimeZone: 'UTC'
    }
  }

  override connect(): Promise<pg.Client>
  override connect(callback: (error: Error | null) => void): void
  override connect(callback?: (error: Error | null) => void): Promise<pg.Client> | undefined {
    const opened = this.#open()
    if (callback === undefined) return opened
    opened.then(() => callback(null), callback)
    return undefined
  }

  async #open(): Promise<pg.Client> {
    const { address } = this.#session
    const internals = this as unknown as Internals
    try {
      const tls = await chooseTls(address)
      internals.ssl = tls
      internals.connection.ssl = tls
      await super.connect()
      await this.#prepareSession(internals)
      return this
    } catch (error) {
      chosenTls.delete(address)
      internals.connection.stream.destroy()
      throw connectionError(error, address)
    }
  }

  async #prepareSession(internals: Internals): Promise<void> {
    // A pooler answers with a process id of its own. Nothing is set then: the server's connection is shared.
    const values = setAll(this.#session, 'session')
    const text = `SELECT ${values} WHERE pg_backend_pid() = ${internals.processID}`
    const { rowCount } = await super.query(text)
    if (rowCount === 1) return
    await super.query(`${this.#begin}; ROLLBACK`) // so that a setting that cannot be made is told here
    this.#pooled = true
    internals.pipeline = true
  }

  // biome-ignore lint/suspicious/noExplicitAny: the overloads of pg end in any.
  override query(config: any, values?: any, callback?: any): any {
    const { startSpan } = this.#session
    if (startSpan === undefined || typeof config.submit === 'function')
      return this.#run(config, values, callback)
    const end = startSpan(nameOf(config))
    if (typeof values === 'function') return this.#run(config, ending(end, values))
    if (callback !== undefined) return this.#run(config, values, ending(end, callback))
    const result: Promise<Result> = this.#run(config, values)
    result.then(() => end(), end)
    return result
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above.
  #run(config: any, values?: any, callback?: any): any {
    const query = this.#named(config)
    if (!this.#pooled && values === undefined && callback === undefined && isNamed(query))
      return runNamed(submitted => super.query(submitted), query)
    if (!this.#pooled || typeof config.submit === 'function')
      return super.query(query as string, values, callback)
    const done = typeof values === 'function' ? values : callback
    const result = this.#queryPooled(query, typeof values === 'function' ? undefined : values)
    if (done === undefined) return result
    result.then(
      it => done(null, it),
      error => done(error)
    )
  }

  #named(config: Query): Query {
    if (this.#session.preparedStatements || typeof config === 'string') return config
    const { name: _, ...unnamed } = config
    return unnamed as Query
  }

  async #queryPooled(config: Query, values: unknown): Promise<Result> {
    if (this.getTransactionStatus() !== 'I') return this.#send(config, values)
    const text = typeof config === 'string' ? config : config.text
    if (!/^BEGIN\b/i.test(text)) return this.#transact(config, values)
    return this.#send(
      /^BEGIN$/i.test(text)
        ? this.#begin
        : `${text}; SELECT ${setAll(this.#session, 'transaction')}`
    )
  }

  /** One packet, one answer. A COMMIT after a failure rolls back. */
  async #transact(config: Query, values: unknown): Promise<Result> {
    const { stream } = (this as unknown as Internals).connection
    stream.cork()
    const answers = [this.#send(this.#begin), this.#send(config, values), this.#send('COMMIT')]
    stream.uncork()
    const settled = await Promise.allSettled(answers)
    const failed = settled.find(({ status }) => status === 'rejected')
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
    return (settled[1] as PromiseFulfilledResult<Result>).value
  }

  #send(config: Query, values?: unknown): Promise<Result> {
    return super.query(config as string, values as unknown[]) as unknown as Promise<Result>
  }
}

/** The name of a statement; of one without a name, or of Prisma's, the first word, which is never a value. */
function nameOf(config: Query): string {
  const { name, text } = typeof config === 'string' ? { name: undefined, text: config } : config
  const isOurs = name !== undefined && /^[a-z-]+$/.test(name)
  return isOurs ? name : (/^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? 'statement')
}

type Callback = (error: Error | null, result: unknown) => void

const ending =
  (end: EndSpan, callback: Callback): Callback =>
  (error, result) => {
    end(error)
    callback(error, result)
  }

/** libpq tries with and without TLS where the mode allows both. One trial decides for the connections that follow. */
async function chooseTls(address: Address): Promise<Tls> {
  const { tls, connectionString } = address
  const known = tls.length === 1 ? tls[0] : chosenTls.get(address)
  if (known !== undefined) return known
  let reason: unknown
  for (const ssl of tls) {
    const trial = new pg.Client({ connectionString, ssl, connectionTimeoutMillis: 5000 })
    const { user = '', database = '' } = trial
    Object.assign(trial, { getStartupConf: () => ({ user, database }) })
    trial.on('error', () => undefined)
    try {
      await trial.connect()
      chosenTls.set(address, ssl)
      return ssl
    } catch (error) {
      reason = error
      if (!isAboutTls(error as Error)) break
    } finally {
      await trial.end()
    }
  }
  throw reason
}

/** Including 28000: pg_hba.conf may allow a client with TLS only, or without only. */
const isAboutTls = ({ message, code = '' }: Error & { code?: string }): boolean =>
  code === '28000' || /SSL|TLS|CERT|SELF_SIGNED|ISSUER|VERIFY|EPROTO/.test(`${code} ${message}`)

/** Opens one connection, beside the pool. @throws {ConnectionError} */
export async function openConnection(
  options: SessionOptions,
  client: pg.ClientConfig = {}
): Promise<pg.Client> {
  const connection = new Connection({ ...client, ...options })
  await connection.connect()
  return connection
}

/** A pool of connections. */
export const openConnections = (options: SessionOptions, pool: pg.PoolConfig): pg.Pool =>
  new pg.Pool({ ...pool, ...options, Client: Connection } as unknown as pg.PoolConfig)
