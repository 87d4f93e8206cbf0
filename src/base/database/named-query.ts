import pg from 'pg'

/** The parts of pg that its types leave out. */
type Columns = {
  readonly fields: unknown
  readonly _parsers: unknown
  readonly _prebuiltEmptyResultObject: unknown
}
type Connection = { describe(what: object): void }
type Internals = {
  name: string
  _result: Columns
  _accumulateRows: boolean
  prepare(connection: Connection): void
  handleRowDescription(message: object): void
}
const Query = pg.Query as unknown as new (
  text: string,
  values: unknown[],
  callback: (error: Error | null, result: pg.QueryResult) => void
) => Internals

type Known = { readonly columns: Map<string, Columns>; readonly undescribed: Connection }

const known = new WeakMap<Connection, Known>()

function knownOf(connection: Connection): Known {
  const found = known.get(connection) ?? {
    columns: new Map(),
    undescribed: Object.create(connection, { describe: { value: () => {} } })
  }
  known.set(connection, found)
  return found
}

/**
 * A prepared statement that asks for its columns once on each connection. pg asks with each execution, and
 * builds its parsers again. The columns of a prepared statement cannot change: PostgreSQL would refuse it.
 */
class NamedQuery extends Query {
  #columns: Map<string, Columns> | undefined

  override prepare(connection: Connection): void {
    const { columns, undescribed } = knownOf(connection)
    const own = columns.get(this.name)
    if (own === undefined) {
      this.#columns = columns
      super.prepare(connection)
      return
    }
    Object.assign(this._result, own)
    this._accumulateRows = true
    super.prepare(undescribed)
  }

  override handleRowDescription(message: object): void {
    super.handleRowDescription(message)
    const { fields, _parsers, _prebuiltEmptyResultObject } = this._result
    this.#columns?.set(this.name, { fields, _parsers, _prebuiltEmptyResultObject })
  }
}

type Statement = { readonly name: string; readonly text: string; readonly values: unknown[] }

/** Whether it is one of our own prepared statements. Prisma's have parsers of their own. */
export const isNamed = (query: object | string): query is Statement =>
  typeof query === 'object' && 'name' in query && 'values' in query && !('types' in query)

/** Runs a prepared statement by `query`, that of a connection. */
export const runNamed = (
  query: (submitted: pg.Submittable) => unknown,
  { name, text, values }: Statement
): Promise<pg.QueryResult> =>
  new Promise((resolve, reject) => {
    const submitted = new NamedQuery(text, values, (error, result) =>
      error ? reject(error) : resolve(result)
    )
    submitted.name = name
    query(submitted as unknown as pg.Submittable)
  })
