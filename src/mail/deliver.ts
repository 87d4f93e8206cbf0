import { jittered } from '../base/crypto/jitter.js'
import type { Deps } from '../deps.js'
import type { LinkSecret } from '../links/link.js'
import { unsealLinkSecret } from './link-secret.js'
import { type Failure, failureOf } from './mail-error.js'
import { type ClaimedMail, settle, settleFailure } from './queue.js'
import type { Render } from './render.js'
import type { Send } from './transport.js'

export type Work = {
  readonly send: Send
  readonly render: Render
  /** Ids of sent mails that the table does not show as sent yet. This worker does not send them again. */
  readonly sent: Set<string>
  /** Stores the result of a mail, and retries until its lease ends. Never throws. */
  readonly settleWithRetry: (write: () => Promise<void>) => Promise<void>
}

type DeliveryDeps = Pick<Deps, 'db' | 'log' | 'outboxKeys' | 'metrics'>

const giveUpAfterSeconds = 24 * 3600

/** 10 s, 20 s, 40 s … at most 15 minutes, with a quarter of jitter. */
const backoffSeconds = (attempts: number) => jittered(Math.min(10 * 2 ** (attempts - 1), 900))

/** Sends one claimed mail and stores the result. Never throws. */
export async function deliver(
  deps: DeliveryDeps,
  { settleWithRetry, ...work }: Work,
  mail: ClaimedMail,
  signal: AbortSignal
): Promise<void> {
  const { db, log } = deps
  const { id: mailId, template, attempts } = mail
  const failure = work.sent.has(mailId) ? null : await attempt(deps, work, mail, signal)
  if (failure === null) {
    deps.metrics.mailsSettled.inc({ result: 'sent' })
    return settleWithRetry(async () => {
      await settle(db, mail)
      work.sent.delete(mailId)
    })
  }
  const retry = { afterSeconds: backoffSeconds(attempts), giveUpAfterSeconds }
  await settleWithRetry(async () => {
    const state = await settleFailure(db, mail, failure, retry)
    deps.metrics.mailsSettled.inc({ result: state === 'dead' ? 'dead' : 'failed' })
    const fields = { mailId, template, attempts, reason: failure.summary }
    if (state === 'dead')
      log.error({ event: 'mail.dead', ...fields }, 'mail not sent; it will not be tried again')
    else log.warn(fields, 'mail not sent; it will be tried again')
  })
}

/** Returns null when the server accepts the mail. */
async function attempt(
  deps: DeliveryDeps,
  { send, render, sent }: Omit<Work, 'settleWithRetry'>,
  mail: ClaimedMail,
  signal: AbortSignal
): Promise<Failure | null> {
  try {
    const secret = openSecret(deps, mail)
    const content = await compose(deps, render, mail, secret)
    const { id, template, recipient, createdAt, attempts } = mail
    await send({ id, template, recipient, createdAt, ...content }, signal)
    sent.add(id)
    deps.log.info({ mailId: id, template, attempts }, 'mail sent')
    return null
  } catch (error) {
    return failureOf(error)
  }
}

/** Without the SECRET_KEY of its link a mail fails for good: it must not go out without the link. */
function openSecret(
  { outboxKeys, log }: DeliveryDeps,
  { id, template, sealedSecret }: ClaimedMail
): LinkSecret | null {
  if (sealedSecret === null) return null
  try {
    return unsealLinkSecret(outboxKeys, sealedSecret, id)
  } catch (error) {
    log.error(
      { event: 'mail.secret_unreadable', mailId: id, template },
      'the link of a mail cannot be decrypted: its SECRET_KEY is neither the current one nor in SECRET_KEY_FALLBACKS'
    )
    throw error
  }
}

/** Logs the error of a template. Its message names parts of the template, never values. */
async function compose(
  { log }: DeliveryDeps,
  render: Render,
  mail: ClaimedMail,
  secret: LinkSecret | null
) {
  try {
    return await render(mail, secret)
  } catch (err) {
    log.error({ err, mailId: mail.id, template: mail.template }, 'a mail cannot be rendered')
    throw err
  }
}
