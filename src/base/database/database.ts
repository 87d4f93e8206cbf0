import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import type { StartSpan } from '../tracing.js'
import { readAddress } from './address.js'
import { PrismaClient } from './client/client.js'
import type { TransactionClient } from './client/internal/prismaNamespace.js'
import { Connection, openConnections, type Trouble } from './connection.js'
import { isRetryable, isStatementRefused } from './failures.js'
import { retried } from './retried.js'
import { queryOf, type Sql } from './sql.js'

/** What a transaction of this process may tell the rest of it. */
export type Channel = 'mail'

/** The pool or an open transaction: those who are given one cannot tell which. */
export type Database = {
  readonly prisma: PrismaClient | TransactionClient
  /**
   * Runs a statement of the hot path, or one that Prisma cannot express, and returns its rows. The
   * name makes it a prepared one, planned once for each connection, and stands for one text: what
   * differs between two calls is a value. Cast every value; select int4, never int8.
   */
  run<Row>(name: string, statement: Sql): Promise<Row[]>
  /** Runs `work` in one transaction; within an open one, in that. Retried where PostgreSQL gave up a victim. */
  transaction<T>(work: (tx: Database) => Promise<T>): Promise<T>
  /**
   * Runs `work` in one transaction of named statements only. Without Prisma a large batch takes a third of the
   * memory and time.
   */
  batch<T>(work: (tx: Statements) => Promise<T>): Promise<T>
  /** Wakes the listeners of this process once the open transaction has committed, else at once. */
  notify(channel: Channel): void
  /** Called after each commit that notified; the function returned stops that. */
  listen(channel: Channel, listener: () => void): () => void
}

/** What named statements need: the pool, or a transaction of either kind. */
export type Statements = Pick<Database, 'run'>

export type OpenDatabase = Database & {
  readonly pool: pg.Pool
  /** What a statement met that the next one may not notice. Whoever finds it mended says so here. */
  readonly trouble: Trouble
  close(): Promise<void>
}

type PoolOptions = {
  readonly url: string
  readonly poolSize: number
  readonly statementTimeoutSeconds: number
  /** True unless told otherwise. */
  readonly preparedStatements?: boolean
  readonly startSpan?: StartSpan | undefined
  onIdleError(error: Error): void
}

/** The pool that everything shares: the hot path by named statements, the rest through Prisma. */
export function openDatabase(options: PoolOptions): OpenDatabase {
  const timeout = options.statementTimeoutSeconds * 1000
  const address = readAddress(options.url)
  const trouble: Trouble = { diskFull: false }
  const pool = openConnections(
    {
      address,
      timeoutMs: timeout,
      preparedStatements: options.preparedStatements ?? true,
      trouble,
      startSpan: options.startSpan
    },
    {
      max: options.poolSize,
      // Idle connections stay: opening one under load is what makes a pool collapse.
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: timeout / 2,
      // A server that stopped answering is not told by its own timeout.
      query_timeout: timeout + 1000,
      keepAlive: true,
      // Firewalls and load balancers forget a connection that is silent for minutes.
      keepAliveInitialDelayMillis: 30_000
    }
  )
  pool.on('error', options.onIdleError)
  // The next connection may reach the server that took over.
  pool.on('release', (_error, client) => {
    if (client instanceof Connection && client.isReadOnly) void client.end()
  })
  const adapter = new PrismaPg(pool, {
    schema: address.schema,
    statementNameGenerator: ({ sql }) => createHash('sha1').update(sql).digest('base64url')
  })
  const prisma = new PrismaClient({
    adapter,
    transactionOptions: { maxWait: timeout / 2, timeout: 2 * timeout }
  })
  const listeners = createListeners()
  const database: OpenDatabase = {
    ...listeners,
    pool,
    trouble,
    prisma,
    run: (name, statement) => runOn(pool, { name, ...queryOf(name, statement) }),
    transaction: async work => {
      const { result, told } = await retried(3, isRetryable, async () => {
        // Of a try that was rolled back nobody hears.
        const told = new Set<Channel>()
        const result = await prisma.$transaction(tx => work(inside(tx, listeners, told)))
        return { result, told }
      })
      for (const channel of told) listeners.notify(channel)
      return result
    },
    batch: work => retried(3, isRetryable, () => inBatch(pool, work)),
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    }
  }
  return database
}

async function inBatch<T>(pool: pg.Pool, work: (tx: Statements) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken = true
  try {
    await client.query('BEGIN')
    const result = await work({
      run: async (name, statement) =>
        (await client.query({ name, ...queryOf(name, statement) })).rows
    })
    await client.query('COMMIT')
    broken = false
    return result
  } catch (error) {
    broken = await client.query('ROLLBACK').then(
      () => false,
      () => true
    )
    throw error
  } finally {
    client.release(broken)
  }
}

/**
 * Runs one statement on a connection of the pool. The connection stays in the pool when the server refuses
 * the statement: opening another one costs more than the statement.
 */
async function runOn<Row>(pool: pg.Pool, query: pg.QueryConfig): Promise<Row[]> {
  const client = await pool.connect()
  try {
    const { rows } = await client.query(query)
    client.release()
    return rows
  } catch (error) {
    client.release(!isStatementRefused(error))
    // The stack of the driver begins at its socket.
    Error.captureStackTrace(error as Error)
    throw error
  }
}

type Listeners = Pick<Database, 'notify' | 'listen'>

function createListeners(): Listeners {
  const listeners = new Map<Channel, Set<() => void>>()
  return {
    notify: channel => {
      for (const listener of listeners.get(channel) ?? []) listener()
    },
    listen: (channel, listener) => {
      const those = listeners.get(channel) ?? new Set()
      listeners.set(channel, those.add(listener))
      return () => {
        those.delete(listener)
      }
    }
  }
}

function inside(tx: TransactionClient, { listen }: Listeners, told: Set<Channel>): Database {
  const database: Database = {
    notify: channel => {
      told.add(channel)
    },
    listen,
    prisma: tx,
    run: (name, statement) => {
      const { text, values } = queryOf(name, statement)
      return tx.$queryRawUnsafe(text, ...values)
    },
    transaction: work => work(database),
    batch: work => work(database)
  }
  return database
}
