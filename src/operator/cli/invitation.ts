import { type Command, Option } from 'commander'
import {
  type InvitationState,
  listInvitations,
  resendInvitation,
  revokeInvitation
} from '../../registration/manage-invitations.js'
import { operatorSender } from '../no-sender.js'
import { withDeps } from './open.js'
import { beforeOption, idArgument, jsonOption, limitOption, type PageOptions } from './options.js'
import { remark, say, sayPage } from './output.js'

/** Commands for the invitations of all senders. */
export function invitationCommands(program: Command): void {
  const invitation = program
    .command('invitation')
    .description('list invitations, send one again, revoke one')

  invitation
    .command('list')
    .description('list invitations, newest first')
    .addOption(new Option('--state <state>').choices(['pending', 'expired', 'accepted']))
    .addOption(limitOption())
    .addOption(beforeOption())
    .addOption(jsonOption())
    .action(list)

  invitation
    .command('resend')
    .description('send an invitation again with a new link; without mail, print the link')
    .argument('<id>', 'of the invitation, as list shows it', idArgument)
    .action((id: string) =>
      withDeps(async deps => {
        const by = { id, inviterId: null, sender: operatorSender(deps) }
        const { email, link } = await resendInvitation(deps, by)
        const isMailed = !deps.config.EMAIL_DISABLED
        if (isMailed) return say('The mail is in the outbox. The earlier link no longer works.')
        remark(`No mail is sent. This is the link for ${email}. The earlier link no longer works.`)
        say(link)
      })
    )

  invitation
    .command('revoke')
    .description('revoke an invitation: its link no longer works, and its address becomes free')
    .argument('<id>', 'of the invitation, as list shows it', idArgument)
    .action((id: string) =>
      withDeps(async deps => {
        await revokeInvitation(deps, { id, inviterId: null, sender: operatorSender(deps) })
        say('The invitation is revoked.')
      })
    )
}

type ListOptions = PageOptions & { readonly state?: InvitationState }

const list = ({ state, before, limit, json }: ListOptions) =>
  withDeps(async deps => {
    const filter = { state: state ?? null, before: before ?? null, limit }
    const page = await listInvitations(deps, filter)
    const results = page.results.map(one => ({ ...one, roleName: deps.roles.nameOf(one.role) }))
    sayPage({ results, next: page.next }, json, {
      ID: one => one.id,
      EMAIL: one => one.email,
      ROLE: one => one.roleName,
      STATE: one => one.state,
      BY: one => one.inviter,
      SENT: one => one.createdAt,
      EXPIRES: one => one.expiresAt
    })
  })
