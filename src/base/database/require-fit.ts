/** The server cannot hold what the service stores. The message gives the reason. */
export class UnfitDatabaseError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UnfitDatabaseError'
  }
}

type Queryable = { query: (text: string) => Promise<{ rows: unknown[] }> }

type Facts = { readonly version: number; readonly name: string; readonly encoding: string }

/** What of the server is not as the service needs it, one sentence each. */
export async function unfitness(database: Queryable): Promise<string[]> {
  const { rows } = await database.query(`
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
      current_setting('server_encoding') AS encoding`)
  const { version, name, encoding } = rows[0] as Facts
  return [
    ...(version < 140_000 ? [`PostgreSQL ${name} is too old. Postern needs 14 or later.`] : []),
    ...(encoding === 'UTF8'
      ? []
      : [
          `The encoding of the database is ${encoding}, which cannot hold every name. Create one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.`
        ])
  ]
}

/** @throws {UnfitDatabaseError} if the server is too old, or the encoding is not UTF8. */
export async function requireFit(database: Queryable): Promise<void> {
  const [reason] = await unfitness(database)
  if (reason !== undefined) throw new UnfitDatabaseError(reason)
}
