import { ConfigError } from './base/config/load.js'
import { EmbeddedDatabaseError } from './base/database/embedded.js'

const sentences: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another process listens on that HOST and PORT. Choose another PORT.',
  EADDRNOTAVAIL: 'HOST is no address of this machine. 0.0.0.0 listens on all that it has.',
  ENOTFOUND: 'HOST names no address that is known here. 0.0.0.0 listens on all of this machine.',
  'listen EACCES':
    'This user may not listen on that PORT: those below 1024 need a right of their own.',
  '3D000':
    'The server of DATABASE_URL has no database of that name. Create it, or correct the URL.',
  '28P01': 'The server of DATABASE_URL refuses its user or its password.',
  '28000':
    'The server of DATABASE_URL lets nobody in that way: user, TLS or address do not fit its pg_hba.conf.'
}

/** What a process says that cannot start: one sentence where we know the reason, else the whole error. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof ConfigError || error instanceof EmbeddedDatabaseError) return error.message
  const { code = '', syscall } = error as NodeJS.ErrnoException
  const sentence = sentences[code] ?? sentences[`${syscall} ${code}`]
  if (sentence !== undefined) return sentence
  if (/MigrationsError|UnsealError|Refusal/.test(error.name)) return error.message
  return error.stack ?? error.message
}
