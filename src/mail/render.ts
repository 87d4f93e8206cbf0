import type { Config } from '../base/config/load.js'
import type { LinkSecret } from '../links/link.js'
import { linkUrl } from '../links/link-url.js'
import type { MailTemplate } from './enqueue.js'
import type { ClaimedMail } from './queue.js'

export type Rendered = {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The link, for the log of a development machine. */
  readonly link: string | null
}

/** Renders a mail of the queue with the secret of its link. */
export type Render = (mail: ClaimedMail, secret: LinkSecret | null) => Rendered | Promise<Rendered>

type MailContext = Readonly<Record<string, string | number | null | undefined>>

/** The part of the views that renders mails. */
export type MailViews = {
  mail(
    template: MailTemplate,
    locale: string,
    context: MailContext
  ): { subject: string; text: string; html: string }
}

/** Renders mails with the views. The origin of the link comes from the settings (LNK-10). */
export function createMailRenderer(
  config: Pick<Config, 'PUBLIC_URL' | 'BASE_PATH'>,
  views: MailViews
): Render {
  return ({ template, locale, params, link, inviter }, secret) => {
    const url = link && secret && linkUrl(config, { ...link, token: secret.token })
    const lifetime = link && {
      expiresInHours: (link.expiresAt.getTime() - link.createdAt.getTime()) / 3_600_000
    }
    const context = { ...params, inviter, link: url, code: secret?.code ?? null, ...lifetime }
    return { ...views.mail(template as MailTemplate, locale, context), link: url }
  }
}
