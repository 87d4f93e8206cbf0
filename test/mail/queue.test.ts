import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deriveKeyChain } from '../../src/base/crypto/derive.js'
import { newId } from '../../src/base/crypto/random.js'
import { listMails, resendMail } from '../../src/mail/manage.js'
import { purgeMails } from '../../src/mail/purge.js'
import { openMailbox } from '../support/mailbox.js'
import { interposed, type OutboxRow, startOutbox } from '../support/outbox.js'

const isTried = ({ attempts, leased }: OutboxRow) => attempts > 0 && !leased
const isSent = ({ state }: OutboxRow) => state === 'sent'

test('FLT-07 a mail whose link is void by the time the server is back is dropped unsent', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const { prisma } = outbox.deps.db
  const now = outbox.clock()
  const voids: Record<string, (account: { id: string }, linkId: string) => Promise<unknown>> = {
    superseded: (_, id) => prisma.link.update({ where: { id }, data: { supersededAt: now } }),
    redeemed: (_, id) => prisma.link.update({ where: { id }, data: { redeemedAt: now } }),
    'of another epoch': ({ id }) =>
      prisma.user.update({ where: { id }, data: { credentialEpoch: 1 } }),
    gone: (_, id) => prisma.link.delete({ where: { id } }),
    expired: () => Promise.resolve()
  }
  for (const [name, makeVoid] of Object.entries(voids)) {
    const account = await outbox.newAccount(`${name.replaceAll(' ', '-')}@example.com`)
    const { linkId } = await outbox.postLink(account, name === 'expired' ? 60 : 3600)
    await makeVoid(account, linkId)
  }
  await outbox.advance(61)
  const live = await outbox.newAccount('live@example.com')
  await outbox.postLink(live)

  outbox.startWorker()
  await mailbox.next('live@example.com')
  const rows = await outbox.settled()
  assert.deepEqual(
    rows.map(({ state, sealed }) => [state, sealed]),
    [...Object.keys(voids).map(() => ['dropped', false]), ['sent', false]]
  )
  assert.equal(mailbox.received.length, 1)
})

test('FLT-07 the link that undoes an address change outlives a change of credentials', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const account = await outbox.newAccount()
  const { linkId } = await outbox.postLink(account)
  await outbox.deps.db.prisma.link.update({
    where: { id: linkId },
    data: { purpose: 'email_change_undo', credentialEpoch: null }
  })
  await outbox.deps.db.prisma.user.update({
    where: { id: account.id },
    data: { credentialEpoch: 7 }
  })
  outbox.startWorker()
  await mailbox.next(account.email)
})

test('DAT-02 the table never shows the link of a mail, and keeps nothing of it once it is sent', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const dump = async () =>
    JSON.stringify(await outbox.query(`SELECT m.*, encode("sealedSecret", 'escape') FROM "Mail" m`))
  const account = await outbox.newAccount()
  const { token } = await outbox.postLink(account)

  assert.ok(!(await dump()).includes(token))
  assert.deepEqual(
    (await outbox.rows()).map(({ sealed }) => sealed),
    [true]
  )

  outbox.startWorker()
  const mail = await mailbox.next(account.email)
  assert.ok(mail.text?.includes(token))
  assert.deepEqual(
    (await outbox.settled()).map(({ sealed }) => sealed),
    [false]
  )
  assert.ok(!outbox.logs.join('').includes(token))
  assert.ok(!outbox.logs.join('').includes('ABCDEFGH'))
})

test('DAT-02 a dead mail keeps its secret only while its link is good for something', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  mailbox.misbehave({ at: 'recipient', by: 550 })
  outbox.startWorker()
  await outbox.postLink(await outbox.newAccount())
  await outbox.settled()
  await outbox.query(`UPDATE "Mail" SET "params" = '{"when": "", "device": "", "network": ""}'`)
  const paramsKept = async () => {
    const [row] = await outbox.query<{ params: object }>('SELECT "params" FROM "Mail"')
    return Object.keys(row?.params ?? {}).sort()
  }

  await purgeMails(outbox.deps.db)
  assert.deepEqual(
    (await outbox.rows()).map(({ sealed }) => sealed),
    [true]
  )
  assert.deepEqual(await paramsKept(), ['device', 'network', 'when'])
  await outbox.advance(3601)
  await purgeMails(outbox.deps.db)
  assert.deepEqual(
    (await outbox.rows()).map(({ state, sealed }) => [state, sealed]),
    [['dead', false]]
  )
  assert.deepEqual(await paramsKept(), ['when'])
  await outbox.advance(30 * 86_400)
  await purgeMails(outbox.deps.db)
  assert.deepEqual(await outbox.rows(), [])
})

test('DAT-02 a secret that no key opens is a dead mail and a line in the log, never a mail without its link', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const lost = deriveKeyChain(['another installation altogether'], 'outbox')
  outbox.startWorker({ outboxKeys: lost })
  const account = await outbox.newAccount()
  await outbox.postLink(account)

  const [dead] = await outbox.settled()
  assert.deepEqual([dead?.state, dead?.lastError], ['dead', 'UnsealError'])
  assert.equal(mailbox.received.length, 0)
  assert.match(outbox.logs.join(''), /mail\.secret_unreadable.*SECRET_KEY_FALLBACKS/)
})

test('a mail that keeps failing is tried ever more rarely, and given up after a day', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  await mailbox.down()
  const worker = outbox.startWorker()
  await outbox.post('ada@example.com')

  const tried = async (attempt: number) => {
    const [row] = await outbox.settled(({ attempts, leased }) => attempts === attempt && !leased)
    return row as OutboxRow
  }
  const pass = async (seconds: number) => {
    await outbox.advance(seconds)
    worker.wake()
  }
  for (const [index, expected] of [10, 20, 40, 80, 160, 320, 640, 900, 900].entries()) {
    const { state, waits } = await tried(index + 1)
    assert.equal(state, 'queued')
    assert.ok(waits > 0.7 * expected && waits < 1.3 * expected, `${expected}: ${waits}`)
    await pass(waits + 1)
  }
  const { age } = await tried(10)
  await pass(86_400 - 60 - age)
  const last = await tried(11)
  assert.equal(last.state, 'queued')
  assert.ok(last.waits < 61, 'the last wait ends with the day')
  await pass(61)
  const dead = await tried(12)
  assert.equal(dead.state, 'dead')
  assert.match(dead.lastError ?? '', /ECONNREFUSED/)
})

test('a dead mail can be listed and sent again, unless its link is void', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const { db } = outbox.deps
  mailbox.misbehave({ at: 'recipient', by: 550 })
  outbox.startWorker()
  const [ada, ben] = [await outbox.newAccount(), await outbox.newAccount()]
  await outbox.postLink(ada)
  const { linkId } = await outbox.postLink(ben)
  await outbox.settled()
  await db.prisma.link.update({ where: { id: linkId }, data: { redeemedAt: outbox.clock() } })
  mailbox.misbehave(null)

  const dead = await listMails(db, { state: 'dead' })
  assert.deepEqual(
    dead.map(({ recipient }) => recipient),
    [ben.email, ada.email]
  )
  assert.ok(dead.every(mail => !('sealedSecret' in mail)))
  const [bens, adas] = dead.map(({ id }) => id) as [string, string]
  assert.deepEqual(
    (await listMails(db, { limit: 1, before: bens })).map(({ id }) => id),
    [adas]
  )

  assert.equal(await resendMail(db, adas), 'queued')
  await mailbox.next(ada.email)
  await outbox.settled()
  assert.equal(await resendMail(db, adas), 'not_dead')
  assert.equal(await resendMail(db, bens), 'void')
  assert.equal(await resendMail(db, newId()), 'unknown')
  assert.equal(mailbox.received.length, 1)
})

test('a mail that says the same as one just before is left out where that is asked', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const { id, email } = await outbox.newAccount()
  const to = { id, email, locale: 'en' }
  const quietly = { template: 'session-ended', to, quietSeconds: 3600 } as const
  await outbox.post(email, quietly)
  await outbox.post(email, quietly)
  assert.equal((await outbox.rows()).length, 1)
  await outbox.advance(3601)
  await outbox.post(email, quietly)
  assert.equal((await outbox.rows()).length, 2)
})

test('a worker that is stopped leaves nothing half done', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  for (let number = 0; number < 12; number++) await outbox.post(`${newId()}@example.com`)
  const worker = outbox.startWorker()
  await mailbox.count(1)
  await worker.stop()

  const rows = await outbox.rows()
  assert.ok(rows.every(({ leased }) => !leased))
  assert.equal(rows.filter(isSent).length, mailbox.received.length)
  assert.ok(rows.every(row => isSent(row) || row.attempts === 0))

  outbox.startWorker()
  await outbox.settled(isSent)
  assert.equal(mailbox.received.length, 12)
  assert.ok((await outbox.rows()).every(isTried))
})

test('a worker that is stopped gives back what it has just claimed', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  await outbox.post('ada@example.com')
  let stop = async () => {}
  await new Promise<void>((resolve, reject) => {
    const db = interposed(outbox.deps.db, async (name, run) => {
      const rows = await run()
      if (name === 'claim-mails') stop().then(resolve, reject)
      return rows
    })
    stop = outbox.startWorker({ db }).stop
  })
  const [row] = await outbox.rows()
  assert.deepEqual([row?.state, row?.attempts, row?.leased], ['queued', 0, false])
  assert.equal(mailbox.received.length, 0)
})
