import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../src/base/crypto/random.js'
import { atEnd } from '../support/at-end.js'
import { generous, open } from '../support/links.js'
import { type Fault, openMailbox } from '../support/mailbox.js'
import { impatient, interposed, type OutboxRow, startOutbox } from '../support/outbox.js'
import { newClient, newPerson, signIn, signUp } from '../support/people.js'
import { inLanes, until } from '../support/until.js'

const addresses = (count: number) => Array.from({ length: count }, () => `${newId()}@example.com`)

test('FLT-04 fifty mails queued while the SMTP server is down all arrive once it is up', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  const worker = outbox.startWorker()
  const people = addresses(50)

  await mailbox.down()
  await inLanes(50, 10, index => outbox.post(people[index] as string))
  const waiting = await outbox.settled(isTried)
  assert.ok(waiting.every(({ state }) => state === 'queued'))
  assert.ok(waiting.every(({ lastError }) => lastError?.includes('ECONNREFUSED')))

  await mailbox.up()
  await outbox.advance(60)
  worker.wake()
  await mailbox.count(50)
  await outbox.settled(({ state }) => state === 'sent')
  assert.deepEqual(mailbox.received.flatMap(({ recipients }) => recipients).sort(), people.sort())
})

test('FLT-32 while the SMTP server is gone for an hour people sign up, and all their links work afterwards', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox, { EMAIL_VERIFICATION: 'mandatory', ...generous })
  const worker = outbox.startWorker()
  const people = Array.from({ length: 6 }, () => newPerson())
  await mailbox.down()
  for (const person of people) {
    assert.equal((await signUp(newClient(outbox), person)).statusCode, 201)
    worker.wake()
    await outbox.settled(isTried)
    await outbox.advance(600)
  }
  worker.wake()
  const waiting = await outbox.settled(row => isTried(row) && row.waits > 0)
  assert.ok(waiting.every(({ state }) => state === 'queued'))
  assert.ok(
    waiting.every(({ waits }) => waits <= 1200),
    'none waits for longer than a quarter of an hour and its spread'
  )

  await mailbox.up()
  await outbox.advance(1200)
  worker.wake()
  for (const person of people) {
    await open(newClient(outbox), await mailbox.linkFor(person.email))
    assert.equal((await signIn(newClient(outbox), person)).statusCode, 200)
  }
  await outbox.settled(({ state }) => state === 'sent')
  assert.equal(mailbox.received.length, people.length)
})

test('FLT-04 a mail is in the outbox exactly when what it is about has happened', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  outbox.startWorker()

  await assert.rejects(
    outbox.deps.db.transaction(async tx => {
      await outbox.enqueueIn(tx, 'rolled-back@example.com')
      throw new Error('changed my mind')
    }),
    /changed my mind/
  )
  await outbox.post('kept@example.com')

  await mailbox.next('kept@example.com')
  assert.equal((await outbox.settled()).length, 1)
})

const isTried = ({ attempts, leased }: OutboxRow) => attempts > 0 && !leased

const temporary: [name: string, fault: Fault, reason: RegExp][] = [
  ['it does not greet', { at: 'greeting', by: 'hang' }, /ETIMEDOUT/],
  ['it is too busy to greet', { at: 'greeting', by: 421 }, /421/],
  ['it hangs at the recipient', { at: 'recipient', by: 'hang' }, /ETIMEDOUT/],
  ['it defers the recipient', { at: 'recipient', by: 450 }, /450 RCPT TO/],
  ['it hangs after the content', { at: 'data', by: 'hang' }, /ETIMEDOUT/],
  ['it defers the content', { at: 'data', by: 451 }, /451 DATA/],
  ['it drops the connection after the content', { at: 'data', by: 'drop' }, /ECONNECTION|ESOCKET/]
]
test('FLT-05 whatever a server does for the moment, the mail goes out again later', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  for (const [name, fault, reason] of temporary) {
    await t.test(name, async () => {
      // A worker of its own, so that no connection is left over from before.
      const worker = outbox.startWorker({ limits: impatient })
      const sent = mailbox.received.length
      mailbox.misbehave(fault)
      await outbox.post('ada@example.com')
      const failed = (await outbox.settled(isTried)).at(-1)
      assert.equal(failed?.state, 'queued')
      assert.match(failed?.lastError ?? '', reason)

      mailbox.misbehave(null)
      await outbox.advance(60)
      worker.wake()
      await mailbox.next('ada@example.com')
      await outbox.settled(({ state }) => state === 'sent')
      assert.equal(mailbox.received.length, sent + 1)
      await worker.stop()
    })
  }
})

test('FLT-05 a recipient that goes wrong holds nobody else up', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  outbox.startWorker({ limits: impatient })
  for (const by of [550, 450, 'hang'] as const) {
    await t.test(`answered ${by}`, async () => {
      const sent = mailbox.received.length
      const bad = `bad-${by}@example.com`
      mailbox.misbehave({ at: 'recipient', by, address: bad })
      await outbox.post(bad)
      for (const address of addresses(8)) await outbox.post(address)
      await mailbox.count(sent + 8)
      const [failed, ...others] = (await outbox.settled(isTried)).slice(-9)
      assert.equal(failed?.state, by === 550 ? 'dead' : 'queued')
      assert.ok(others.every(({ state }) => state === 'sent'))
    })
  }
})

test('FLT-05 a permanent refusal ends a mail only where it is about that mail', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  mailbox.misbehave({ at: 'data', by: 554 })
  outbox.startWorker()
  await outbox.post('ada@example.com')
  const [refused] = await outbox.settled()
  assert.deepEqual([refused?.state, refused?.lastError], ['dead', 'EMESSAGE 554 DATA'])

  // A password that the server does not take is ours to mend, and the mail waits for that.
  const wrong = await startOutbox(t, mailbox, {
    EMAIL_HOST_USER: 'ada',
    EMAIL_HOST_PASSWORD: 'not the one'
  })
  mailbox.misbehave({ at: 'sign-in', by: 535 })
  wrong.startWorker()
  await wrong.post('ada@example.com')
  const [waiting] = await wrong.settled(isTried)
  assert.equal(waiting?.state, 'queued')
  assert.match(waiting?.lastError ?? '', /EAUTH 535/)
})

test('FLT-05 a lost answer means the identical mail a second time, under the same Message-ID', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  mailbox.misbehave({ at: 'taken', by: 'drop' })
  const worker = outbox.startWorker()
  await outbox.post('ada@example.com')
  await outbox.settled(isTried)

  mailbox.misbehave(null)
  await outbox.advance(60)
  worker.wake()
  await outbox.settled(({ state }) => state === 'sent')
  const [first, second, third] = mailbox.received
  assert.equal(third, undefined)
  assert.ok(first?.messageId)
  assert.equal(first?.messageId, second?.messageId)
  assert.deepEqual(first?.date, second?.date)
  assert.equal(first?.text, second?.text)
})

test('FLT-01 a worker whose database is away says so once, and goes on when it is back', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  let refusals = 0
  let away = true
  const db = interposed(outbox.deps.db, async (name, run) => {
    if (name !== 'claim-mails' || !away) return run()
    refusals++
    throw new Error('Connection terminated unexpectedly')
  })
  const worker = outbox.startWorker({ db })
  await outbox.post('ada@example.com')
  await until('three refusals', () => {
    worker.wake()
    return refusals > 2
  })
  assert.equal(mailbox.received.length, 0)

  away = false
  worker.wake()
  await mailbox.next('ada@example.com')
  await outbox.settled(({ state }) => state === 'sent')
  const told = outbox.logs.filter(line => line.includes('the mail queue cannot be read'))
  assert.equal(told.length, 1)
})

test('FLT-05 a mail that was sent is written down as sent, however often that fails', async t => {
  const mailbox = await openMailbox(t)
  const outbox = await startOutbox(t, mailbox)
  let failures = 0
  const db = interposed(outbox.deps.db, async (name, run) => {
    if (name !== 'settle-mail-sent' || failures === 2) return run()
    failures++
    throw new Error('Connection terminated unexpectedly')
  })
  outbox.startWorker({ db })
  await outbox.post('ada@example.com')
  const [sent] = await outbox.settled(({ state }) => state === 'sent')
  assert.equal(sent?.attempts, 1)
  assert.equal(mailbox.received.length, 1)
})

/** Refuses what is written down about some mails, as a rule of the database's own would. */
const refuseTo = (state: string) => `
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
  CREATE TRIGGER refused BEFORE UPDATE ON "Mail" FOR EACH ROW
    WHEN (NEW."recipient" LIKE 'odd-%' AND NEW."state" = '${state}') EXECUTE FUNCTION refuse()`

for (const [state, fault] of [
  ['sent', null],
  ['dead', { at: 'recipient', by: 550, address: 'odd-1@example.com' }]
] as const)
  test(`FLT-05 mails of which the database refuses to hear that they are ${state} hold nobody else up`, async t => {
    const mailbox = await openMailbox(t)
    const outbox = await startOutbox(t, mailbox)
    await outbox.query(refuseTo(state))
    atEnd(t, () => outbox.query('DROP FUNCTION IF EXISTS refuse() CASCADE'))
    const isOdd = ({ state }: OutboxRow) => state === 'queued'
    mailbox.misbehave(fault)
    const odd = Array.from({ length: fault === null ? 7 : 1 }, (_, n) => `odd-${n + 1}@example.com`)
    for (const address of odd) await outbox.post(address)
    const worker = outbox.startWorker()
    const told = () => outbox.logs.filter(line => line.includes('mail.unsettled')).length
    await until('all are told', () => told() === odd.length)

    const others = addresses(3)
    for (const address of others) await outbox.post(address)
    for (const address of others) await mailbox.next(address)
    const waiting = async () => (await outbox.rows()).filter(isOdd)
    await until('the others are settled', async () => (await waiting()).length === odd.length)
    assert.ok((await waiting()).every(({ leased }) => leased))
    const sent = mailbox.received.length
    assert.equal(sent, others.length + (fault === null ? odd.length : 0))

    // The end of the lease is when it is tried again; what was sent by this worker is not sent again.
    await outbox.advance(181)
    worker.wake()
    await until('all are told again', () => told() === 2 * odd.length)
    await outbox.query('DROP FUNCTION refuse() CASCADE')
    await outbox.advance(181)
    worker.wake()
    await outbox.settled()
    assert.equal(mailbox.received.length, sent)
  })
