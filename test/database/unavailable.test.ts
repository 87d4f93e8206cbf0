import assert from 'node:assert/strict'
import test from 'node:test'
import { openDatabase } from '../../src/base/database/database.js'
import { isUnavailable, troubleOf } from '../../src/base/database/failures.js'
import { sql } from '../../src/base/database/sql.js'
import { describe } from '../../src/operator/cli/failure.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'

/** Why there is no connection, as parts of a URL of a server that there is. */
const reasons: Readonly<Record<string, (url: URL) => void>> = {
  'no socket': url => url.searchParams.set('host', '/nowhere'),
  'nothing at the port': url => {
    url.searchParams.delete('host')
    url.host = '127.0.0.1:1'
  },
  'no such database': url => {
    url.pathname = '/nowhere'
  },
  'a setting that the server refuses': url =>
    url.searchParams.set('options', '-c no_such_setting=1')
}

for (const [reason, change] of Object.entries(reasons))
  test(`SES-24 a database without a connection is unavailable to whoever asks: ${reason}`, async t => {
    const there = await createTestDatabase()
    atEnd(t, () => there.drop())
    const url = new URL(there.url)
    change(url)
    const db = openDatabase({
      url: url.href,
      poolSize: 1,
      statementTimeoutSeconds: 20,
      onIdleError: () => {}
    })
    atEnd(t, () => db.close())
    const one = sql`SELECT 1`
    const ways: Readonly<Record<string, () => PromiseLike<unknown>>> = {
      run: () => db.run('one', one),
      batch: () => db.batch(tx => tx.run('one', one)),
      transaction: () => db.transaction(tx => tx.run('one', one)),
      model: () => db.prisma.user.findFirst(),
      write: () => db.prisma.user.updateMany({ data: { role: 0 } }),
      raw: () => db.prisma.$queryRaw`SELECT 1`,
      execute: () => db.prisma.$executeRaw`SELECT 1`
    }
    for (const [way, ask] of Object.entries(ways)) {
      const failure = await Promise.resolve(ask()).then(
        () => assert.fail(`${way} has an answer`),
        error => error
      )
      assert.ok(isUnavailable(failure), `${way}: ${failure}`)
      assert.equal(troubleOf(failure), 'does not answer', way)
      assert.match(describe(failure), /^[^`\n]+ DATABASE_URL[^\n]*$/, 'a command says why')
    }
  })
