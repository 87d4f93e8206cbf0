import { type Command, Option } from 'commander'
import { listMails, type MailState, type ResendOutcome, resendMail } from '../../mail/manage.js'
import { Refusal } from '../refusal.js'
import { withDeps } from './open.js'
import { beforeOption, idArgument, jsonOption, limitOption } from './options.js'
import { say, sayJson, sayTable, show } from './output.js'

/** The outbox as an operator sees it: never a content, never a secret. */
export function mailCommands(program: Command): void {
  const mail = program.command('mail').description('look at the outbox, and send what was given up')

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
queued   waits to be sent, or to be tried again
sent     was taken over by the SMTP server
dead     was tried for a day, or refused for good
dropped  its link was replaced, used or void before it went out`
    )
    .action(list)

  mail
    .command('resend')
    .description('queue dead mails again')
    .argument('<id...>', 'of mails, as list shows them', (id: string, before: string[] = []) => [
      ...before,
      idArgument(id)
    ])
    .action(resend)
}

type ListOptions = {
  readonly state?: MailState
  readonly before?: string
  readonly limit: number
  readonly json?: true
}

const list = ({ limit, json, ...filter }: ListOptions) =>
  withDeps(async ({ db }) => {
    const found = await listMails(db, { ...filter, limit: limit + 1 })
    const results = found.slice(0, limit)
    const next = found.length > limit ? (results.at(-1)?.id ?? null) : null
    if (json) return sayJson({ results, next })
    sayTable(
      ['ID', 'STATE', 'TEMPLATE', 'RECIPIENT', 'TRIES', 'QUEUED', 'LAST ERROR'],
      results.map(mail => [
        mail.id,
        mail.state,
        show(mail.template),
        show(mail.recipient),
        show(mail.attempts),
        show(mail.createdAt),
        show(mail.lastError)
      ])
    )
    if (next !== null) say(`More: --before ${next}`)
  })

const outcomes: Record<ResendOutcome, string> = {
  queued: 'is queued again',
  unknown: 'is not there',
  not_dead: 'is not dead: only mails that were given up are sent again',
  void: 'is not sent: its link was replaced, used or void meanwhile'
}

const resend = (ids: readonly string[]) =>
  withDeps(async ({ config, db }) => {
    if (config.EMAIL_DISABLED) throw new Refusal('EMAIL_DISABLED is true: nothing can be mailed.')
    for (const id of ids) {
      const outcome = await resendMail(db, id)
      say(`${id} ${outcomes[outcome]}.`)
      if (outcome !== 'queued') process.exitCode = 1
    }
  })
