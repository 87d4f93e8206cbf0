import type { TestContext } from 'node:test'
import { newId } from '../../src/base/crypto/random.js'
import type { Database } from '../../src/base/database/database.js'
import type { Deps } from '../../src/deps.js'
import { enqueue } from '../../src/mail/enqueue.js'
import { createMailRenderer, type MailViews } from '../../src/mail/render.js'
import { createSmtpTransport, timeLimits } from '../../src/mail/transport.js'
import { createMailWorker } from '../../src/mail/worker.js'
import { startApp } from './app.js'
import { atEnd } from './at-end.js'
import type { Mailbox } from './mailbox.js'
import { until } from './until.js'

/** A mail as the table holds it. */
export type OutboxRow = {
  readonly state: string
  readonly attempts: number
  readonly lastError: string | null
  readonly sealed: boolean
  readonly leased: boolean
  /** Seconds until it is due. */
  readonly waits: number
  /** Seconds since it was made. */
  readonly age: number
}

type NewMail = Parameters<typeof enqueue>[2]

export type Outbox = Awaited<ReturnType<typeof startOutbox>>

/** As little as a mail can say: what these tests are about is how it travels. */
const views: MailViews = {
  mail: (template, locale, context) => ({
    subject: `${template} (${locale})`,
    text: JSON.stringify(context, null, 1),
    html: `<p>${template}</p>`
  })
}

/** The same database with something between it and a worker, that may look, wait or refuse. */
export function interposed(
  db: Database,
  between: (name: string, run: () => Promise<unknown[]>) => Promise<unknown[]>
): Database {
  const run: Database['run'] = <Row>(...[name, statement]: Parameters<Database['run']>) =>
    between(name, () => db.run(name, statement)) as Promise<Row[]>
  return { ...db, run }
}

/** Short enough for a test to see a server hang. */
export const impatient = { connect: 1500, greeting: 1500, answer: 1500 }

/** The service without a worker of its own, and workers that a test starts when it wants one. */
export async function startOutbox(
  t: TestContext,
  mailbox: Pick<Mailbox, 'settings'>,
  settings: Readonly<Record<string, string>> = {}
) {
  const service = await startApp(t, { ...mailbox.settings, MAIL_WORKER: 'false', ...settings })
  const { deps } = service.app
  const { db, config } = deps

  /** An account, as the tables hold it. */
  async function newAccount(email = `ada-${newId()}@example.com`) {
    const id = newId()
    await db.prisma.user.create({ data: { id, email, createdAt: service.clock() } })
    return { id, email }
  }

  /** Writes a mail into the outbox, in a transaction that the test has opened. */
  const enqueueIn = (tx: Database, recipient: string, mail: Partial<NewMail> = {}) =>
    enqueue(tx, deps, {
      template: 'password-changed',
      to: { id: null, email: recipient, locale: 'en' },
      ...mail
    })

  const post = (recipient: string, mail: Partial<NewMail> = {}) =>
    db.transaction(tx => enqueueIn(tx, recipient, mail))

  /** Writes a mail with a link that lives for an hour. */
  async function postLink(account: { id: string; email: string }, seconds = 3600) {
    const id = newId()
    const token = id.replaceAll('-', '').padEnd(43, 'x')
    const createdAt = service.clock()
    await db.prisma.link.create({
      data: {
        id,
        userId: account.id,
        purpose: 'password_reset',
        digest: token,
        address: account.email,
        credentialEpoch: 0,
        createdAt,
        expiresAt: new Date(createdAt.getTime() + seconds * 1000)
      }
    })
    const secret = { token, code: 'ABCDEFGH' }
    const link = { id, secret }
    await post(account.email, {
      template: 'password-reset',
      to: { ...account, locale: 'en' },
      link
    })
    return { linkId: id, token }
  }

  /** One more worker; stopped with the test. */
  function startWorker({
    limits = timeLimits,
    outboxKeys = deps.outboxKeys,
    db = deps.db
  }: Partial<Pick<Deps, 'db' | 'outboxKeys'>> & { limits?: typeof timeLimits } = {}) {
    const transport = createSmtpTransport(config, { connections: 5, limits })
    const render = createMailRenderer(config, views)
    const worker = createMailWorker({ ...deps, db, outboxKeys }, { send: transport.send, render })
    worker.start()
    const stop = async () => {
      await worker.stop()
      transport.close()
    }
    atEnd(t, stop)
    return { ...worker, stop }
  }

  /** Every mail, in the order of their making. */
  const rows = () =>
    service.query<OutboxRow>(`
      SELECT "state"::text, "attempts", "lastError", "sealedSecret" IS NOT NULL AS "sealed",
        COALESCE("leasedUntil" > now(), false) AS "leased",
        extract(epoch FROM "nextAttemptAt" - now())::float8 AS "waits",
        extract(epoch FROM now() - "createdAt")::float8 AS "age"
      FROM "Mail" ORDER BY "id"`)

  /** Waits until the table holds what is looked for: workers write after the server has answered. */
  async function settled(
    isSettled: (row: OutboxRow) => boolean = ({ state }) => state !== 'queued'
  ) {
    let all = await rows()
    await until('mails settled', async () => {
      all = await rows()
      return all.length > 0 && all.every(isSettled)
    })
    return all
  }

  return { ...service, deps, newAccount, enqueueIn, post, postLink, startWorker, rows, settled }
}
