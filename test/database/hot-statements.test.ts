import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { seed } from '../../bench/seed.js'
import { startApp } from '../support/app.js'
import { lookInto } from '../support/database.js'
import * as people from '../support/people.js'
import { type Statement, statementsOf } from '../support/statements.js'

type Node = {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: Node[]
}

const allOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(allOf)]

/** A value of a statement as text of another, which `EXECUTE` needs. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (Buffer.isBuffer(value) || value instanceof Uint8Array)
    return `'\\x${Buffer.from(value).toString('hex')}'`
  if (value instanceof Date) return `'${value.toISOString()}'`
  if (Array.isArray(value))
    return pg.escapeLiteral(
      `{${value.map(one => (one === null ? 'NULL' : JSON.stringify(one instanceof Date ? one.toISOString() : String(one)))).join()}}`
    )
  return pg.escapeLiteral(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

const { newClient, newMember, newPerson, readUser, refresh, signedIn } = people

test('DAT-06 a refresh and GET /user/ are one statement, a sign-in two', async t => {
  const service = await startApp(t, { JWT_ALLAUTH_MFA_TOTP_MODE: 'optional' })
  const { person, client } = await newMember(service)
  const byCookieAlone = () =>
    service.inject({
      method: 'GET',
      url: '/auth/verify/',
      cookies: { refresh_token: client.refreshToken ?? '' }
    })
  const hot: [names: string[], work: () => Promise<unknown>][] = [
    [['rotate-session-mfa-optional'], () => refresh(client)],
    [['read-principal-mfa-optional'], () => readUser(client)],
    [['read-principal-mfa-optional'], () => client.send('GET', '/auth/verify/')],
    [['read-principal-by-cookie-mfa-optional'], () => byCookieAlone()],
    [
      ['reserve-attempts-and-read-account', 'create-session-mfa-optional'],
      () => signedIn(service, person)
    ]
  ]
  for (const [names, work] of hot) {
    const statements = await statementsOf(work)
    assert.deepEqual(
      statements.map(({ name }) => name),
      names
    )
  }
})

test('DAT-06 what a request runs against large tables finds its rows by an index, with a plan that is kept', async t => {
  const service = await startApp(t, {
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
    RATE_LIMIT_ENABLED: 'true'
  })
  const connection = await lookInto(service.databaseUrl).connect()
  t.after(() => connection.release())
  await seed((text, values) => connection.query(text, values).then(({ rows }) => rows), 3000)
  const { person, client } = await newMember(service)
  const other = await signedIn(service, person)
  const stale = client.refreshToken as string
  const requests: (() => Promise<people.Answer>)[] = [
    () => refresh(client),
    () => refresh(client, stale),
    () => readUser(client),
    () =>
      service.inject({
        method: 'GET',
        url: '/auth/verify/',
        cookies: { refresh_token: client.refreshToken ?? '' }
      }),
    () => people.listSessions(client),
    () => client.send('GET', '/user/activity/'),
    () => client.send('PATCH', '/user/', { first_name: 'Ada' }),
    () => client.send('POST', '/mfa/setup/', {}),
    () => client.send('GET', '/mfa/authenticators/'),
    () => people.endSession(client, other.sessionId),
    () => people.revokeOthers(client),
    () => people.changePassword(client, person, 'another gigantic purple hat'),
    () => client.send('POST', '/password/reset/', { email: person.email }),
    () => people.signUp(newClient(service), newPerson('grace')),
    () => people.signIn(newClient(service), { ...person, password: 'wrong' }),
    () => people.signIn(newClient(service), person),
    () => people.logout(client)
  ]
  const statements = new Map<string, Statement>()
  for (const request of requests)
    for (const statement of await statementsOf(async () => {
      const { statusCode, body } = await request()
      assert.ok(statusCode < 300 || statusCode === 401, body)
    }))
      if (/^\s*(SELECT|UPDATE|INSERT|DELETE|WITH)/.test(statement.text))
        statements.set(statement.text, statement)
  assert.ok(statements.size > 20)
  // Rows of small tables are not worth an index to the planner.
  await connection.query('SET enable_seqscan = off')
  for (const statement of statements.values()) {
    const { read, generic } = await planned(statement)
    assert.deepEqual(read, [], `reads a table in full: ${statement.text}`)
    // Prisma sends the limit of a list as a value, which the planner wants to know. So it does the length of a
    // list of keys: earlier versions of PostgreSQL plan for it each time.
    if (!/LIMIT \$\d+ OFFSET|\$\d+::text\[\]/.test(statement.text))
      assert.ok(generic, `is planned on every call: ${statement.text}`)
  }

  /** The tables that a statement reads in full, and whether PostgreSQL keeps its plan after the usual five calls. */
  async function planned({ text, values }: Statement) {
    await connection.query(`PREPARE tried AS ${text}`)
    try {
      const literals = values.map(literal)
      const explain = `EXPLAIN (FORMAT JSON) EXECUTE tried${literals.length > 0 ? `(${literals})` : ''}`
      for (let call = 0; call < 5; call++) await connection.query(explain)
      const { rows } = await connection.query(explain)
      const kept = await connection.query(
        `SELECT generic_plans > 0 AS generic FROM pg_prepared_statements WHERE name = 'tried'`
      )
      const read = allOf(rows[0]['QUERY PLAN'][0].Plan)
        .filter(node => node['Node Type'] === 'Seq Scan')
        .map(node => node['Relation Name'] ?? '')
        // The clock of tests is a table.
        .filter(table => table !== 'shift')
      return { read, generic: kept.rows[0].generic as boolean }
    } finally {
      await connection.query('DEALLOCATE tried')
    }
  }
})
