import pg from 'pg'
import { ConnectionError } from './connection-error.js'

type Coded = {
  code?: unknown
  kind?: unknown
  cause?: unknown
  meta?: { driverAdapterError?: unknown; target?: unknown }
  originalCode?: unknown
  constraint?: unknown
  message?: unknown
}

const networkKind =
  /^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TlsConnectionError|TooManyConnections)$/

/** The SQLSTATE or system code of a failure from pg, Prisma or the network. */
function codeOf(error: unknown, depth = 0): string {
  if (typeof error !== 'object' || error === null || depth > 4) return ''
  const { code, kind, originalCode, cause, meta } = error as Coded
  if (typeof originalCode === 'string') return originalCode
  // Prisma's adapter reports network failures by kind; raw queries have no code P1xxx.
  if (typeof kind === 'string' && networkKind.test(kind)) return 'ECONNRESET'
  const deeper = codeOf(meta?.driverAdapterError ?? cause, depth + 1)
  return deeper || (typeof code === 'string' ? code : '')
}

const unavailableCode =
  /^(08...|25006|26000|42P05|53...|57P0[1-5]|57014|55P03|40001|40P01|25P03|ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|P1\d{3}|P2024|P2028|P2034)$/
const unavailableMessage =
  /timeout exceeded when trying to connect|Connection terminated|is not queryable|Query read timeout|Cannot use a pool after calling end/i

/**
 * Whether the database is unavailable: unreachable, too slow, full, read-only, behind a pooler that
 * loses prepared statements, or the transaction was aborted by a deadlock. The answer is 503; such a
 * failure never means that a row is missing (SES-24).
 */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof ConnectionError || unavailableCode.test(codeOf(error))) return true
  const { message, cause } = (error ?? {}) as Coded
  return (
    (typeof message === 'string' && unavailableMessage.test(message)) ||
    (cause !== undefined && isUnavailable(cause))
  )
}

const troubles: Readonly<Record<string, string>> = {
  '25006': 'is read-only',
  '53100': 'has no space left on its disk',
  '53300': 'has no free connection',
  '26000':
    'is behind a pooler that loses prepared statements; set DATABASE_PREPARED_STATEMENTS=false',
  '42P05':
    'is behind a pooler that loses prepared statements; set DATABASE_PREPARED_STATEMENTS=false'
}

/** Why a database is unavailable, as the end of "the database …". */
export const troubleOf = (error: unknown): string => troubles[codeOf(error)] ?? 'does not answer'

/** No connection can be made until settings or server are changed. */
export const isRefused = (error: unknown): boolean =>
  error instanceof ConnectionError
    ? error.lasting
    : error instanceof Error && error.cause !== undefined && isRefused(error.cause)

/** The server refused one statement, for a unique index for example; the connection is as good as before. */
export const isStatementRefused = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.severity === 'ERROR'

/** Serialisation failures and deadlocks: the transaction may succeed when it runs again. */
export const isRetryable = (error: unknown): boolean => /^(40001|40P01|P2034)$/.test(codeOf(error))

/** A unique constraint refused a row: an equal row exists already. */
export const isUniqueViolation = (error: unknown): boolean => /^(23505|P2002)$/.test(codeOf(error))
