import type { Command } from 'commander'
import type { Deps } from '../../deps.js'
import { invite } from '../../registration/invite.js'
import { noSender } from '../no-sender.js'
import { roleNumber } from '../role-number.js'
import { withDeps } from './open.js'
import { remark, say } from './output.js'

type Options = { readonly role: string; readonly printLink?: true }

/** The way to the first account that may invite others. */
export function adminCommands(program: Command): void {
  program
    .command('admin')
    .description('make accounts for those who run the service')
    .command('create')
    .description('make an account, and hand out a one-time link to choose its password')
    .argument('<email>', 'address of the account')
    .option('--role <role>', 'by name or number', 'superuser')
    .option('--print-link', 'print the link instead of mailing it')
    .addHelpText(
      'after',
      `
The link works once and for as long as ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS says. Running the
command again replaces it. Without EMAIL_HOST it is printed in any case.

  postern admin create ada@example.com
  LINK=$(postern admin create ada@example.com --print-link)`
    )
    .action((email: string, options: Options) => withDeps(deps => create(deps, email, options)))
}

async function create(deps: Deps, email: string, { role, printLink }: Options): Promise<void> {
  const { config } = deps
  const mails = !printLink && config.EMAIL_HOST !== null && !config.EMAIL_DISABLED
  const invitee = { email, role: roleNumber(deps, role), firstName: '', lastName: '' }
  const invited = await invite(deps, invitee, {
    inviterId: null,
    locale: config.DEFAULT_LOCALE,
    mail: mails ? 'admin-link' : null,
    sender: noSender
  })
  const named = deps.roles.nameOf(invited.role)
  if (mails) return say(`A link for ${invited.email} (${named}) is in the outbox.`)
  if (!printLink) remark('No mail is configured, so here is the link:')
  else remark(`Whoever opens this link first becomes ${invited.email} (${named}):`)
  say(invited.link)
}
