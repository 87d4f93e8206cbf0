import { ConfigError } from './config/load.js'
import { EmbeddedDatabaseError } from './database/embedded.js'

/** What a process says that cannot start: one sentence where we know the reason, else the whole error. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof ConfigError || error instanceof EmbeddedDatabaseError) return error.message
  if ((error as Error & { code?: string }).code === 'EADDRINUSE')
    return 'Another process listens on that HOST and PORT. Choose another PORT.'
  if (/MigrationsError|UnsealError|Refusal/.test(error.name)) return error.message
  return error.stack ?? error.message
}
