import { ConfigError } from './base/config/load.js'
import { EmbeddedDatabaseError } from './base/database/embedded.js'

const sentences: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another process listens on that HOST and PORT. Choose another PORT.',
  EADDRNOTAVAIL: 'HOST is not an address of this machine. 0.0.0.0 listens on all its addresses.',
  ENOTFOUND: 'HOST cannot be resolved. 0.0.0.0 listens on all addresses of this machine.',
  'listen EACCES': 'This user cannot listen on that PORT: a port below 1024 needs a special right.',
  '3D000':
    'The server of DATABASE_URL has no database of that name. Create it, or correct the URL.',
  '28P01': 'The server of DATABASE_URL refuses its user or its password.',
  '28000':
    'The server of DATABASE_URL refuses the connection: its pg_hba.conf does not allow this user, TLS mode or address.'
}

/** The message of a failed start: one sentence for a known reason, else the error with its stack. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof ConfigError || error instanceof EmbeddedDatabaseError) return error.message
  const { code = '', syscall } = error as NodeJS.ErrnoException
  const sentence = sentences[code] ?? sentences[`${syscall} ${code}`]
  if (sentence !== undefined) return sentence
  if (/MigrationsError|UnsealError|Refusal/.test(error.name)) return error.message
  return error.stack ?? error.message
}
