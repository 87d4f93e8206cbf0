import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { newId } from '../../src/base/crypto/random.js'
import { packageRoot } from '../../src/base/package-root.js'
import { secretKey } from '../support/app.js'
import { openMailbox } from '../support/mailbox.js'
import { startOutbox } from '../support/outbox.js'
import { inLanes } from '../support/until.js'
import { startWorkerProcess } from '../support/worker-process.js'

test('FLT-06 two workers send every mail once', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const people = Array.from({ length: 60 }, () => `${newId()}@example.com`)
  await inLanes(60, 10, index => outbox.post(people[index] as string))
  outbox.startWorker()
  outbox.startWorker()
  outbox.startWorker()

  await mailbox.count(60)
  const rows = await outbox.settled()
  assert.ok(rows.every(({ state, attempts }) => state === 'sent' && attempts === 1))
  assert.deepEqual(mailbox.received.flatMap(({ recipients }) => recipients).sort(), people.sort())
})

test('FLT-06 what a killed worker had claimed is sent by another when the lease is over', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const account = await outbox.newAccount()
  await outbox.postLink(account)
  mailbox.misbehave({ at: 'data', by: 'hang' })

  const killed = startWorkerProcess(t, {
    ...mailbox.settings,
    DATABASE_URL: outbox.databaseUrl,
    SECRET_KEY: secretKey
  })
  await mailbox.misbehaved().catch(error => assert.fail(`${error.message}: ${killed.output()}`))
  assert.deepEqual(await killed.end('SIGKILL'), [null, 'SIGKILL'])
  mailbox.misbehave(null)

  const worker = outbox.startWorker()
  const [held] = await outbox.rows()
  assert.deepEqual([held?.state, held?.leased, held?.attempts], ['queued', true, 1])
  await outbox.advance(181)
  worker.wake()
  await mailbox.next(account.email)
  const [sent] = await outbox.settled()
  assert.deepEqual([sent?.state, sent?.attempts, sent?.sealed], ['sent', 2, false])
  assert.equal(mailbox.received.length, 1)
})

test('a worker hears of a mail when its transaction has committed, and of none that was rolled back', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const { db } = outbox.deps
  const heard: string[] = []
  const listen: typeof db.listen = (channel, listener) =>
    db.listen(channel, () => {
      heard.push(channel)
      listener()
    })
  const worker = outbox.startWorker({ db: { ...db, listen } })

  const rolledBack = db.transaction(async tx => {
    await outbox.enqueueIn(tx, 'ada@example.com')
    throw new Error('changed my mind')
  })
  await assert.rejects(rolledBack)
  assert.deepEqual(heard, [])

  await db.transaction(async tx => {
    await outbox.enqueueIn(tx, 'ada@example.com')
    await outbox.enqueueIn(tx, 'ben@example.com')
    assert.deepEqual(heard, [])
  })
  assert.deepEqual(heard, ['mail'])
  await mailbox.next('ada@example.com')
  await mailbox.next('ben@example.com')

  await worker.stop()
  await outbox.post('late@example.com')
  assert.deepEqual(heard, ['mail'])
})

test('whatever writes a mail wakes the worker', async () => {
  const folder = join(packageRoot, 'src')
  const files = (await readdir(folder, { recursive: true })).filter(
    name => name.endsWith('.ts') && !name.startsWith(join('base', 'database', 'client'))
  )
  const writers: string[] = []
  for (const name of files) {
    const text = await readFile(join(folder, name), 'utf8')
    const writes = /INSERT INTO "Mail"|prisma\.mail\.create|\bqueueMail\(/.test(text)
    if (writes && !text.includes(".notify('mail')")) writers.push(name)
  }
  // It makes the text of statements; those who run them tell.
  assert.deepEqual(writers, [join('mail', 'sql.ts')])
})

test('the worker alone: help, refusals in sentences, and a clean end', async t => {
  const settings = { DATABASE_URL: 'postgresql://127.0.0.1:1/none', SECRET_KEY: secretKey }
  const refused = startWorkerProcess(t, { ...settings, EMAIL_DISABLED: 'true' })
  assert.deepEqual(await refused.exited, [1, null])
  assert.match(refused.output(), /^EMAIL_DISABLED is true, and EVENTS_WEBHOOK_URL is not set.*\n$/)
  const mailless = startWorkerProcess(t, settings)
  assert.deepEqual(await mailless.exited, [1, null])
  assert.match(mailless.output(), /^EMAIL_HOST must be set.*\n$/)

  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const running = startWorkerProcess(t, {
    ...settings,
    ...mailbox.settings,
    DATABASE_URL: outbox.databaseUrl
  })
  await outbox.post('ada@example.com')
  const mail = await mailbox.next('ada@example.com')
  assert.ok(mail.html)
  await outbox.settled()
  assert.deepEqual(await running.end('SIGTERM'), [0, null])
  assert.match(running.output(), /sends mails through 127\.0\.0\.1/)
})
