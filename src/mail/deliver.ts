import { jittered } from '../base/crypto/jitter.js'
import { unseal } from '../base/crypto/seal.js'
import type { Deps } from '../deps.js'
import type { LinkSecret } from '../links/link.js'
import { type Failure, failureOf } from './mail-error.js'
import { type ClaimedMail, settle, settleFailure } from './queue.js'
import type { Render } from './render.js'
import type { Send } from './transport.js'

export type Work = {
  readonly send: Send
  readonly render: Render
  /** Mails that the server took and the table does not know it of yet: they are not sent again from here. */
  readonly sent: Set<string>
  /** Writes down what became of a mail, if need be until its lease ends. Never throws. */
  readonly settleSurely: (write: () => Promise<void>) => Promise<void>
}

type DeliveryDeps = Pick<Deps, 'db' | 'log' | 'outboxKeys'>

const giveUpAfterSeconds = 24 * 3600

/** 10 s, 20 s, 40 s … a quarter of an hour at most, give or take a quarter. */
const backoffSeconds = (attempts: number) => jittered(Math.min(10 * 2 ** (attempts - 1), 900))

/** Sends one mail that was claimed, and settles it whatever happens. Never throws. */
export async function deliver(
  deps: DeliveryDeps,
  { settleSurely, ...work }: Work,
  mail: ClaimedMail,
  signal: AbortSignal
): Promise<void> {
  const { db, log } = deps
  const { id: mailId, template, attempts } = mail
  const failure = work.sent.has(mailId) ? null : await attempt(deps, work, mail, signal)
  if (failure === null) {
    return settleSurely(async () => {
      await settle(db, mail)
      work.sent.delete(mailId)
    })
  }
  const retry = { afterSeconds: backoffSeconds(attempts), giveUpAfterSeconds }
  await settleSurely(async () => {
    const state = await settleFailure(db, mail, failure, retry)
    const fields = { mailId, template, attempts, reason: failure.summary }
    if (state === 'dead') log.error({ event: 'mail.dead', ...fields }, 'mail given up')
    else log.warn(fields, 'mail not sent; it will be tried again')
  })
}

/** Null when the server took the mail. */
async function attempt(
  deps: DeliveryDeps,
  { send, render, sent }: Omit<Work, 'settleSurely'>,
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

/** A lost SECRET_KEY must not become a mail without its link: the failure is permanent and says so. */
function openSecret(
  { outboxKeys, log }: DeliveryDeps,
  { id, template, sealedSecret }: ClaimedMail
): LinkSecret | null {
  if (sealedSecret === null) return null
  try {
    return JSON.parse(unseal(outboxKeys, sealedSecret, id).toString()) as LinkSecret
  } catch (error) {
    log.error(
      { event: 'mail.secret_unreadable', mailId: id, template },
      'the link of a mail was sealed under a SECRET_KEY that is neither this one nor in SECRET_KEY_FALLBACKS'
    )
    throw error
  }
}

/** A template that fails says how: its message names parts of the template, never values. */
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
