import { ConfigError } from './base/config/load.js'
import { ConnectionError, connectionCode } from './base/database/connection-error.js'
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
  const connection = connectionSentence(error)
  if (connection !== undefined) return connection
  const { code = '', syscall, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE')
    return `Another process listens on port ${port}. Choose another one, or stop that process.`
  const sentence = sentences[code] ?? sentences[`${syscall} ${code}`]
  if (sentence !== undefined) return sentence
  if (/MigrationsError|UnfitDatabaseError|UnsealError|Refusal/.test(error.name))
    return error.message
  return error.stack ?? error.message
}

/** What a connection error says. The pool wraps it; Prisma puts its message at the end of one of its own. */
export function connectionSentence(error: unknown): string | undefined {
  if (error instanceof ConnectionError) return error.message
  if (!(error instanceof Error)) return undefined
  const { code, message, cause } = error as NodeJS.ErrnoException
  return code === connectionCode ? message.trim().split('\n').at(-1) : connectionSentence(cause)
}
