import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import pg from 'pg'
import { packageRoot } from '../../src/base/package-root.js'
import { startAppOn } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'

const role = `postern_service_${process.pid}`

/** The statements that the documentation gives, under a role name of this run. */
async function documentedGrants(): Promise<string> {
  const page = await readFile(join(packageRoot, 'docs', 'operations.md'), 'utf8')
  const section = page.split('### A role for the service')[1] ?? ''
  const sql = /```sql\n(.*?)```/s.exec(section)?.[1] ?? ''
  return sql.replaceAll('postern_service', role)
}

async function runAt(url: string | URL, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: String(url) })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

test('DAT-05 the service runs as a role that may do no more than the documentation grants', async t => {
  const database = await createTestDatabase()
  const maintenance = new URL(database.adminUrl)
  maintenance.pathname = '/postgres'
  atEnd(t, async () => {
    await database.drop()
    await runAt(maintenance, `DROP ROLE ${role}`)
  })
  await runAt(database.adminUrl, await documentedGrants())

  // As somebody who may take on the role, and then has taken it on.
  const restricted = new URL(database.adminUrl)
  restricted.searchParams.set('options', `-c role=${role}`)
  await assert.rejects(runAt(restricted, 'CREATE TABLE "Mine" ()'), { code: '42501' })

  const { inject } = await startAppOn(t, String(restricted))
  const password = 'a gigantic purple hat'
  const headers = { 'x-refresh-transport': 'body' }
  const signUp = { email: 'ada@example.test', password1: password, password2: password }
  const post = (url: string, payload: object, more = {}) =>
    inject({ method: 'POST', url, payload, headers: { ...headers, ...more } })

  assert.equal((await post('/registration/', signUp)).statusCode, 201)
  const signIn = await post('/login/', { email: signUp.email, password })
  const { access, refresh } = signIn.json()
  const bearer = { authorization: `Bearer ${access}` }
  assert.equal((await post('/refresh/', { refresh })).statusCode, 200)
  assert.equal((await inject({ url: '/sessions/', headers: bearer })).statusCode, 200)
  assert.equal((await post('/sessions/revoke-others/', {}, bearer)).statusCode, 200)
  assert.equal((await post('/logout-all/', {}, bearer)).statusCode, 200)
})
