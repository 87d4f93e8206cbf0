import { ConfigError } from './base/config/load.js'
import { ConnectionError } from './base/database/connection-error.js'
import { EmbeddedDatabaseError } from './base/database/embedded.js'

const sentences: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'HOST is not an address of this machine. 0.0.0.0 listens on all its addresses.',
  ENOTFOUND: 'HOST cannot be resolved. 0.0.0.0 listens on all addresses of this machine.',
  'listen EACCES': 'This user cannot listen on that PORT: a port below 1024 needs a special right.'
}

/** The message of a failed start: one sentence for a known reason, else the error with its stack. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof ConfigError || error instanceof EmbeddedDatabaseError) return error.message
  const connection = connectionErrorOf(error)
  if (connection !== undefined) return connection.message
  const { code = '', syscall, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE')
    return `Another process listens on port ${port}. Choose another one, or stop that process.`
  const sentence = sentences[code] ?? sentences[`${syscall} ${code}`]
  if (sentence !== undefined) return sentence
  if (/MigrationsError|UnfitDatabaseError|UnsealError|Refusal/.test(error.name))
    return error.message
  return error.stack ?? error.message
}

/** Prisma and the pool wrap the errors of a connection. */
export function connectionErrorOf(error: unknown): ConnectionError | undefined {
  if (error instanceof ConnectionError) return error
  return error instanceof Error && error.cause !== undefined
    ? connectionErrorOf(error.cause)
    : undefined
}
