import type { Command } from 'commander'
import type { Deps } from '../../deps.js'
import { invite } from '../../registration/invite.js'
import { operatorSender } from '../no-sender.js'
import { roleNumber } from '../role-number.js'
import { withDeps } from './open.js'
import { remark, say } from './output.js'

type Options = { readonly role: string; readonly printLink?: true }

/** Commands that create the first account, which can invite others. */
export function adminCommands(program: Command): void {
  program
    .command('admin')
    .description('create accounts for administrators of the service')
    .command('create')
    .description('create an account, and send a one-time link to choose its password')
    .argument('<email>', 'address of the account')
    .option('--role <role>', 'by name or number', 'superuser')
    .option('--print-link', 'print the link instead of sending it by mail')
    .addHelpText(
      'after',
      `
The link works once, until ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS have passed. Running the
command again replaces it. Without EMAIL_HOST the link is always printed.

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
    sender: operatorSender(deps)
  })
  const named = deps.roles.nameOf(invited.role)
  if (mails) return say(`A link for ${invited.email} (${named}) is in the outbox.`)
  if (!printLink) remark('No mail is configured. This is the link:')
  else remark(`The first person who opens this link becomes ${invited.email} (${named}):`)
  say(invited.link)
}
