import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from './client/client.js'
import type { TransactionClient } from './client/internal/prismaNamespace.js'
import { isRetryable } from './failures.js'

/**
 * One statement of the hot path, or one that Prisma cannot express. `name` makes it a prepared
 * statement, planned once for each connection: an unnamed one costs twice as much.
 */
export type Statement = { readonly name: string; readonly text: string }

/** The pool or an open transaction: those who are given one cannot tell which. */
export type Database = {
  readonly prisma: PrismaClient | TransactionClient
  /** Runs a statement and returns its rows. Cast every parameter in the text; select int4, never int8. */
  run<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]>
  /** Runs `work` in one transaction; within an open one, in that. Retried where PostgreSQL gave up a victim. */
  transaction<T>(work: (tx: Database) => Promise<T>): Promise<T>
}

export type OpenDatabase = Database & { readonly pool: pg.Pool; close(): Promise<void> }

type PoolOptions = {
  readonly url: string
  readonly poolSize: number
  readonly statementTimeoutSeconds: number
  onIdleError(error: Error): void
}

const tries = 3

/** The pool that everything shares: the hot path by named statements, the rest through Prisma. */
export function openDatabase(options: PoolOptions): OpenDatabase {
  const timeout = options.statementTimeoutSeconds * 1000
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    // Idle connections stay: opening one under load is what makes a pool collapse.
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: timeout / 2,
    statement_timeout: timeout,
    // A server that stopped answering is not told by its own timeout.
    query_timeout: timeout + 1000,
    lock_timeout: timeout,
    idle_in_transaction_session_timeout: 2 * timeout,
    keepAlive: true,
    application_name: 'postern'
  })
  pool.on('error', options.onIdleError)
  const adapter = new PrismaPg(pool, {
    statementNameGenerator: ({ sql }) => createHash('sha1').update(sql).digest('base64url')
  })
  const prisma = new PrismaClient({
    adapter,
    transactionOptions: { maxWait: timeout / 2, timeout: 2 * timeout }
  })
  const database: OpenDatabase = {
    pool,
    prisma,
    run: async ({ name, text }, values) =>
      (await pool.query({ name, text, values: [...values] })).rows,
    transaction: work => withRetries(() => prisma.$transaction(tx => work(inside(tx)))),
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    }
  }
  return database
}

function inside(tx: TransactionClient): Database {
  const database: Database = {
    prisma: tx,
    run: ({ text }, values) => tx.$queryRawUnsafe(text, ...values),
    transaction: work => work(database)
  }
  return database
}

async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === tries || !isRetryable(error)) throw error
    }
  }
}
