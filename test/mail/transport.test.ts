import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { loadConfig } from '../../src/base/config/load.js'
import { failureOf } from '../../src/mail/mail-error.js'
import { createSmtpTransport, timeLimits } from '../../src/mail/transport.js'
import { secretKey } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { openMailbox } from '../support/mailbox.js'
import { impatient } from '../support/outbox.js'

const mail = {
  id: '01920000-0000-7000-8000-000000000001',
  template: 'password-changed',
  recipient: 'ada@example.com',
  createdAt: new Date('2026-01-02T03:04:05Z'),
  subject: 'Hello',
  text: 'Hello Ada',
  html: '<p>Hello Ada</p>',
  link: null
}

function open(t: TestContext, settings: Readonly<Record<string, string>>, limits = timeLimits) {
  const config = loadConfig({
    DATABASE_URL: 'postgresql://127.0.0.1/none',
    SECRET_KEY: secretKey,
    DEFAULT_FROM_EMAIL: 'Postern <no-reply@auth.example>',
    ...settings
  })
  const transport = createSmtpTransport(config, { connections: 2, limits })
  atEnd(t, () => transport.close())
  return transport
}

const outcome = (sending: Promise<void>) =>
  sending.then(
    () => null,
    error => failureOf(error)
  )

test('a mail says that it was sent by a machine, by whom, and carries a name that stays', async t => {
  const mailbox = await openMailbox(t)
  await open(t, mailbox.settings).send(mail)
  const received = await mailbox.next(mail.recipient)
  assert.equal(received.messageId, `<${mail.id}@auth.example>`)
  assert.deepEqual(received.date, mail.createdAt)
  assert.equal(received.headers.get('auto-submitted'), 'auto-generated')
  assert.equal(received.from?.text, '"Postern" <no-reply@auth.example>')
  assert.equal(received.sender, 'no-reply@auth.example')
  assert.equal(received.headers.has('x-mailer'), false)
  assert.match(received.text ?? '', /Hello Ada/)
  assert.match(String(received.html), /<p>Hello Ada<\/p>/)
})

test('EML-03 nothing in a mail adds a recipient or a header', async t => {
  const mailbox = await openMailbox(t)
  const { send } = open(t, mailbox.settings)
  await send({ ...mail, subject: 'Hello\r\nBcc: evil@example.com\r\nX-Evil: 1' })
  const received = await mailbox.next(mail.recipient)
  assert.deepEqual(received.recipients, [mail.recipient])
  assert.equal(received.headers.has('bcc'), false)
  assert.equal(received.headers.has('x-evil'), false)

  const strange = [
    'ada@example.com, evil@example.com',
    'ada@example.com\r\nRCPT TO:<evil@example.com>',
    'Ada <ada@example.com>',
    '"evil@example.com"@example.com',
    'group: ada@example.com, evil@example.com;',
    'ada@example.com ',
    'ada',
    ''
  ]
  for (const recipient of strange) {
    const failure = await outcome(send({ ...mail, recipient }))
    assert.deepEqual(failure, { permanent: true, summary: 'UnsendableError' }, recipient)
  }
  assert.equal(mailbox.received.length, 1)
})

test('a mail makes us read no file and fetch no URL', async t => {
  const mailbox = await openMailbox(t)
  const { send } = open(t, mailbox.settings)
  const reading = { path: '/etc/hostname' } as unknown as string
  assert.match((await outcome(send({ ...mail, text: reading })))?.summary ?? '', /EFILEACCESS/)
  const fetching = { href: 'http://127.0.0.1:1/' } as unknown as string
  assert.match((await outcome(send({ ...mail, html: fetching })))?.summary ?? '', /EURLACCESS/)
  assert.equal(mailbox.received.length, 0)
})

test('TLS that is demanded is verified, and never done without', async t => {
  const untrusted = await openMailbox(t, { tls: true })
  const demanding = { ...untrusted.settings, EMAIL_USE_TLS: 'true' }
  const refused = await outcome(open(t, demanding).send(mail))
  assert.equal(refused?.permanent, false)
  assert.match(refused?.summary ?? '', /SELF_SIGNED|ESOCKET|ETLS|CERT/)

  const plain = await openMailbox(t)
  const missing = await outcome(open(t, { ...plain.settings, EMAIL_USE_TLS: 'true' }).send(mail))
  assert.equal(missing?.permanent, false)
  assert.deepEqual([untrusted.received, plain.received], [[], []])

  // A relay on this machine is taken as it is where TLS is not demanded.
  await open(t, untrusted.settings).send(mail)
  assert.equal((await untrusted.next(mail.recipient)).secure, false)
})

test('FLT-05 a server that never finishes connecting or greeting is given up in time', async t => {
  const sockets = new Set<Socket>()
  const silent = createServer(socket => sockets.add(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as AddressInfo
  for (const more of [{}, { EMAIL_USE_SSL: 'true' }]) {
    const settings = { EMAIL_HOST: '127.0.0.1', EMAIL_PORT: String(port), ...more }
    const { send } = open(t, settings, impatient)
    const failure = await outcome(send(mail))
    assert.equal(failure?.permanent, false)
    assert.match(failure?.summary ?? '', /ETIMEDOUT/)
  }
})

test('a mail that takes too long is abandoned when it is told so', async t => {
  const mailbox = await openMailbox(t)
  mailbox.misbehave({ at: 'data', by: 'hang' })
  const abort = new AbortController()
  const sending = outcome(open(t, mailbox.settings).send(mail, abort.signal))
  await mailbox.misbehaved()
  abort.abort()
  assert.deepEqual(await sending, { permanent: false, summary: 'EABORT' })
})

test('mails are signed when there is a DKIM key, and a key that cannot be read stops the start', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-dkim-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  const file = join(folder, 'dkim.pem')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const mailbox = await openMailbox(t)
  const settings = {
    ...mailbox.settings,
    DKIM_DOMAIN: 'auth.example',
    DKIM_SELECTOR: 'spring',
    DKIM_PRIVATE_KEY_FILE: file
  }
  await open(t, settings).send(mail)
  const { headerLines } = await mailbox.next(mail.recipient)
  const line = headerLines.find(({ key }) => key === 'dkim-signature')?.line ?? ''
  assert.match(line, /d=auth\.example;[\s\S]*s=spring;/)
  const [, fields = ''] = /;h=([^;]*);/.exec(line.replaceAll(/\s/g, '')) ?? []
  for (const field of ['from', 'to', 'subject', 'date', 'message-id'])
    assert.ok(fields.toLowerCase().split(':').includes(field), `${field} is not signed: ${fields}`)

  await writeFile(file, 'no key')
  assert.throws(() => open(t, settings), { name: 'ConfigError', message: /DKIM_PRIVATE_KEY_FILE/ })
})
