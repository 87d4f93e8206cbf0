import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { startApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { beside, postern } from '../support/cli.js'
import { newMember, refresh } from '../support/people.js'

test('HSH-10 sign-ins against imported hashes stay in the queue: health and refresh go on', async t => {
  const service = await startApp(t, { HASH_CONCURRENCY: '1', HASH_QUEUE_LIMIT: '20' })
  const { client } = await newMember(service)
  const folder = await mkdtemp(join(tmpdir(), 'postern-django-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  const path = join(folder, 'dump.json')
  const password = `pbkdf2_sha256$500000$salt$${'A'.repeat(43)}=`
  const fields = { password, last_login: null, email: 'old@example.com' }
  await writeFile(path, JSON.stringify([{ model: 'auth.user', pk: 1, fields }]))
  const { code, err } = await postern(['import', 'django', path], beside(service.databaseUrl))
  assert.equal(code, 0, err)

  const login = (remoteAddress: string) =>
    service.inject({
      method: 'POST',
      url: '/login/',
      payload: { email: `${remoteAddress}@example.com`, password: 'wrong' },
      remoteAddress
    })
  assert.equal((await login('192.0.2.1')).statusCode, 401)
  let settled = 0
  const waiting = Array.from({ length: 60 }, (_, index) =>
    login(`198.51.100.${index}`).finally(() => settled++)
  )
  for (let round = 0; round < 5; round++) {
    assert.equal((await service.inject({ method: 'GET', url: '/health/live' })).statusCode, 200)
    assert.equal((await refresh(client)).statusCode, 200)
  }
  assert.ok(settled < waiting.length, 'they were answered while sign-ins waited')
  const statuses = (await Promise.all(waiting)).map(({ statusCode }) => statusCode)
  assert.deepEqual([...new Set(statuses)].sort(), [401, 503])
})
