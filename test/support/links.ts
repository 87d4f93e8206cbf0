import type { TestContext } from 'node:test'
import { type LinkPurpose, linkUrl } from '../../src/links/link-url.js'
import { unsealLinkSecret } from '../../src/mail/link-secret.js'
import { startApp, type TestApp } from './app.js'
import { type Mailbox, openMailbox } from './mailbox.js'
import { type Answer, type Client, newClient } from './people.js'

/** Budgets that no test of a flow should meet. */
export const generous = {
  MAILS_PER_ADDRESS: '1000/min',
  MAILS_PER_NETWORK: '1000/min',
  MAILS_OVER_ALL: '1000/min'
}

/** A service that mails to a server of the test's. */
export async function startMailing(
  t: TestContext,
  settings: Readonly<Record<string, string>> = {}
): Promise<{ service: TestApp; mailbox: Mailbox }> {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, { ...generous, ...mailbox.settings, ...settings })
  return { service, mailbox }
}

/** The path of a mailed link. */
export const pathOf = (link: string): string => new URL(link).pathname

/** Opens a mailed link as a browser that keeps its cookies does. */
export const open = (client: Client, link: string): Promise<Answer> =>
  client.send('GET', pathOf(link), undefined, { accept: 'text/html,application/xhtml+xml' })

/** A client that has opened a link and holds what it left. */
export async function opened(service: TestApp, link: string): Promise<Client> {
  const client = newClient(service)
  await open(client, link)
  return client
}

/** Posts what a form of our own pages posts. */
export function postForm(
  service: TestApp,
  path: string,
  fields: Record<string, string>,
  client: Pick<Client, 'cookies'>,
  headers: Record<string, string> = {}
): Promise<Answer> {
  return service.inject({
    method: 'POST',
    url: path,
    payload: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'text/html',
      ...headers
    },
    cookies: Object.fromEntries(client.cookies)
  }) as unknown as Promise<Answer>
}

export const setNew = (
  client: Client,
  password: string,
  headers: Record<string, string> = {}
): Promise<Answer> =>
  client.send(
    'POST',
    '/password/reset/set-new/',
    { new_password1: password, new_password2: password },
    headers
  )

export const askReset = (client: Client, email: string): Promise<Answer> =>
  client.send('POST', '/password/reset/', { email })

/** A mail that waits in the outbox, and the path of its link, which is for this account. */
export type QueuedMail = {
  readonly template: string
  readonly userId: string | null
  readonly path: string | null
  readonly code: string | null
}

/** Settings under which mails wait in the outbox, where {@link queuedMails} reads them without a worker. */
export const unsent = { ...generous, MAIL_WORKER: 'false' }

/** The mails to an address, newest first, as its owner would read them. */
export async function queuedMails(service: TestApp, email: string): Promise<QueuedMail[]> {
  type Row = {
    id: string
    template: string
    sealedSecret: Buffer | null
    purpose: LinkPurpose
    userId: string
  }
  const rows = await service.query<Row>(
    `SELECT m."id", m."template", m."sealedSecret", l."purpose"::text, l."userId"
     FROM "Mail" m LEFT JOIN "Link" l ON l."id" = m."linkId" WHERE m."recipient" = $1 ORDER BY m."id" DESC`,
    [email]
  )
  const { config, outboxKeys } = service.app.deps
  return rows.map(({ id, template, sealedSecret, purpose, userId }) => {
    if (sealedSecret === null) return { template, userId, path: null, code: null }
    const { token, code } = unsealLinkSecret(outboxKeys, sealedSecret, id)
    return { template, userId, path: pathOf(linkUrl(config, { purpose, userId, token })), code }
  })
}

/** The path of the newest link of this kind that was mailed to an address. */
export async function queuedLink(
  service: TestApp,
  email: string,
  like: RegExp = /./
): Promise<string> {
  const mails = await queuedMails(service, email)
  const found = mails.find(({ path }) => path !== null && like.test(path))
  if (!found?.path) throw new Error(`no link ${like} for ${email} in ${JSON.stringify(mails)}`)
  return found.path
}
