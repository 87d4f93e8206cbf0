/** The embedded database cannot be used. The message is a sentence for the operator. */
export class EmbeddedDatabaseError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EmbeddedDatabaseError'
  }
}

/** The end of every message about a machine on which the embedded database cannot run. */
export const useOwnServer = 'Set DATABASE_URL to your own PostgreSQL server instead.'

/** The code of a failed system call or PostgreSQL answer, such as ENOENT or 57P03. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** Wraps an error in a sentence that names the directory. */
export function readable(error: unknown, dataDir: string): EmbeddedDatabaseError {
  const message = error instanceof Error ? error.message : String(error)
  const forbidden = ['EACCES', 'EPERM'].includes(codeOf(error) ?? '')
  const hint = forbidden ? '. Run Postern as the user that created it, or as root.' : ''
  return new EmbeddedDatabaseError(`The database in ${dataDir} cannot be used: ${message}${hint}`, {
    cause: error
  })
}
