import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'

export type Statement = {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}

const noted = new AsyncLocalStorage<Statement[]>()
const { query } = pg.Client.prototype

const noting = function (this: pg.Client, ...args: [string | Partial<Statement>]) {
  const [given] = args
  const {
    name = 'unnamed',
    text = '',
    values = []
  } = typeof given === 'string' ? { text: given } : (given ?? {})
  noted.getStore()?.push({ name, text, values })
  return Reflect.apply(query, this, args)
}
pg.Client.prototype.query = noting as typeof query

/**
 * The statements that some work runs, without those of new connections. What the service does beside it,
 * such as sending mails, runs in another asynchronous context and is not among them.
 */
export async function statementsOf(work: () => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = []
  await noted.run(statements, work)
  return statements.filter(({ text }) => !text.startsWith('SELECT set_config'))
}
