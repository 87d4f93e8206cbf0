import { type Command, Option } from 'commander'
import { listMails, type MailState, type ResendOutcome, resendMail } from '../../mail/manage.js'
import { Refusal } from '../refusal.js'
import { sendTestMail } from '../test-mail.js'
import { withDeps } from './open.js'
import { beforeOption, idArgument, jsonOption, limitOption, type PageOptions } from './options.js'
import { say, sayPage } from './output.js'

/** Commands for the outbox. They show no content and no secret of a mail. */
export function mailCommands(program: Command): void {
  const mail = program
    .command('mail')
    .description('list the outbox, send failed mails again, and try the server')

  mail
    .command('list')
    .description('list mails, newest first')
    .addOption(new Option('--state <state>').choices(['queued', 'sent', 'dead', 'dropped']))
    .addOption(limitOption())
    .addOption(beforeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
queued   waits for the next attempt
sent     the SMTP server accepted it
dead     failed for a day, or was refused permanently
dropped  its link was replaced, used or void before it was sent`
    )
    .action(list)

  mail
    .command('resend')
    .description('queue dead mails again')
    .argument(
      '<id...>',
      'ids of mails, as list shows them',
      (id: string, before: string[] = []) => [...before, idArgument(id)]
    )
    .action(resend)

  mail
    .command('test')
    .description('send a mail to an address now, and show what the server says')
    .argument('<address>', 'where to send it')
    .option('--language <tag>', 'language of the mail; DEFAULT_LOCALE without it')
    .addHelpText(
      'after',
      `
The mail does not go through the outbox. That the server accepts it does not mean that it arrives: look
into the mailbox, and into its spam folder.`
    )
    .action(test)
}

const test = (address: string, { language }: { language?: string }) =>
  withDeps(async deps => {
    const locale = language ?? deps.config.DEFAULT_LOCALE
    const { recipient, server } = await sendTestMail(deps, { address, locale })
    say(`The SMTP server at ${server} has accepted the mail to ${recipient}.`)
  })

type ListOptions = PageOptions & { readonly state?: MailState }

const list = ({ limit, json, ...filter }: ListOptions) =>
  withDeps(async ({ db }) => {
    const found = await listMails(db, { ...filter, limit: limit + 1 })
    const results = found.slice(0, limit)
    const next = found.length > limit ? (results.at(-1)?.id ?? null) : null
    sayPage({ results, next }, json, {
      ID: one => one.id,
      STATE: one => one.state,
      TEMPLATE: one => one.template,
      RECIPIENT: one => one.recipient,
      TRIES: one => one.attempts,
      QUEUED: one => one.createdAt,
      'LAST ERROR': one => one.lastError
    })
  })

const outcomes: Record<ResendOutcome, string> = {
  queued: 'is queued again',
  unknown: 'does not exist',
  not_dead: 'is not dead: only dead mails can be sent again',
  void: 'is not sent: its link was replaced, used or void'
}

const resend = (ids: readonly string[]) =>
  withDeps(async ({ config, db }) => {
    if (config.EMAIL_DISABLED) throw new Refusal('EMAIL_DISABLED is true: no mail can be sent.')
    for (const id of ids) {
      const outcome = await resendMail(db, id)
      say(`${id} ${outcomes[outcome]}.`)
      if (outcome !== 'queued') process.exitCode = 1
    }
  })
