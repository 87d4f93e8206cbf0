import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.js'
import { lookInto } from '../support/database.js'
import { newMember, readUser, refresh, signedIn } from '../support/people.js'
import { type Statement, statementsOf } from '../support/statements.js'

type Node = {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: Node[]
}

const allOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(allOf)]

test('DAT-06 a refresh and GET /user/ are one statement, a sign-in two, and each finds its rows by an index', async t => {
  const service = await startApp(t)
  const { person, client } = await newMember(service)
  const byCookieAlone = () =>
    service.inject({
      method: 'GET',
      url: '/auth/verify/',
      cookies: { refresh_token: client.refreshToken ?? '' }
    })
  const hot: [names: string[], work: () => Promise<unknown>][] = [
    [['rotate-session'], () => refresh(client)],
    [['read-principal'], () => readUser(client)],
    [['read-principal'], () => client.send('GET', '/auth/verify/')],
    [['read-principal-by-cookie'], () => byCookieAlone()],
    [['reserve-attempts-and-read-account', 'create-session'], () => signedIn(service, person)]
  ]
  for (const [names, work] of hot) {
    const statements = await statementsOf(work)
    assert.deepEqual(
      statements.map(({ name }) => name),
      names
    )
    for (const statement of statements)
      assert.deepEqual(await readInFull(statement), [], statement.name)
  }

  /** The tables of ours that a statement reads in full where any other way is open. */
  async function readInFull({ text, values }: Statement): Promise<string[]> {
    const connection = await lookInto(service.databaseUrl).connect()
    try {
      // The tables of a test are so small that reading them in full is cheapest.
      await connection.query('SET enable_seqscan = off')
      const explain = `EXPLAIN (FORMAT JSON) ${text}`
      const { rows } = await connection.query(explain, [...values])
      return allOf(rows[0]['QUERY PLAN'][0].Plan)
        .filter(node => node['Node Type'] === 'Seq Scan')
        .map(node => node['Relation Name'] ?? '')
        .filter(table => table !== 'shift')
    } finally {
      await connection.query('RESET enable_seqscan')
      connection.release()
    }
  }
})
