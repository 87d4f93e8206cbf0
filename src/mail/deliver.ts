import type { Failure } from '../base/outbox/retry.js'
import type { Deps } from '../deps.js'
import type { LinkSecret } from '../links/link.js'
import { unsealLinkSecret } from './link-secret.js'
import { failureOf } from './mail-error.js'
import type { ClaimedMail } from './queue.js'
import type { Render } from './render.js'
import type { Send } from './transport.js'

export type Way = { readonly send: Send; readonly render: Render }

type DeliveryDeps = Pick<Deps, 'log' | 'outboxKeys'>

/** Sends one claimed mail. Returns null when the server accepts it. Never throws. */
export async function deliver(
  deps: DeliveryDeps,
  { send, render }: Way,
  mail: ClaimedMail,
  signal: AbortSignal
): Promise<Failure | null> {
  try {
    const secret = openSecret(deps, mail)
    const content = await compose(deps, render, mail, secret)
    const { id, template, recipient, createdAt } = mail
    await send({ id, template, recipient, createdAt, ...content }, signal)
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
