/** The embedded database cannot be used; the message is a sentence for the person who started us. */
export class EmbeddedDatabaseError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EmbeddedDatabaseError'
  }
}

/** The way out that every message about an unsuitable machine ends with. */
export const useOwnServer = 'Set DATABASE_URL to a PostgreSQL server of your own instead.'

/** The code of a failed system call or PostgreSQL answer, such as ENOENT or 57P03. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** Whatever went wrong, as a sentence that names the directory. */
export function readable(error: unknown, dataDir: string): EmbeddedDatabaseError {
  const message = error instanceof Error ? error.message : String(error)
  const forbidden = ['EACCES', 'EPERM'].includes(codeOf(error) ?? '')
  const hint = forbidden ? '. Run Postern as the user that created it, or as root.' : ''
  return new EmbeddedDatabaseError(`The database in ${dataDir} cannot be used: ${message}${hint}`, {
    cause: error
  })
}
