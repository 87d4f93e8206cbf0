import pg from 'pg'

export type Statement = {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}

/** The statements that some work of this process runs, without those of the mail worker and of new connections. */
export async function statementsOf(work: () => Promise<unknown>): Promise<Statement[]> {
  const { query } = pg.Client.prototype
  const statements: Statement[] = []
  const noting = function (this: pg.Client, ...args: [string | Partial<Statement>]) {
    const [given] = args
    const {
      name = 'unnamed',
      text = '',
      values = []
    } = typeof given === 'string' ? { text: given } : (given ?? {})
    statements.push({ name, text, values })
    return Reflect.apply(query, this, args)
  }
  pg.Client.prototype.query = noting as typeof query
  await work().finally(() => {
    pg.Client.prototype.query = query
  })
  return statements.filter(
    ({ name, text }) => name !== 'claim-mails' && !text.startsWith('SELECT set_config')
  )
}
