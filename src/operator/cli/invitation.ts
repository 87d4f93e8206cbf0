import { type Command, Option } from 'commander'
import {
  type InvitationState,
  listInvitations,
  resendInvitation,
  revokeInvitation
} from '../../registration/manage-invitations.js'
import { noSender } from '../no-sender.js'
import { withDeps } from './open.js'
import { beforeOption, idArgument, jsonOption, limitOption } from './options.js'
import { remark, say, sayJson, sayTable, show } from './output.js'

/** What became of invitations, whoever sent them. */
export function invitationCommands(program: Command): void {
  const invitation = program
    .command('invitation')
    .description('list invitations, send one again, take one back')

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
    .description('mail an invitation again, with a new link; where no mail is sent, print it')
    .argument('<id>', 'of the invitation, as list shows it', idArgument)
    .action((id: string) =>
      withDeps(async deps => {
        const { email, link } = await resendInvitation(deps, {
          id,
          inviterId: null,
          sender: noSender
        })
        if (!deps.config.EMAIL_DISABLED) return say('It is in the outbox. The link before is dead.')
        remark(`No mail is sent, so here is the link for ${email}. The link before is dead.`)
        say(link)
      })
    )

  invitation
    .command('revoke')
    .description('take an invitation back: its link is dead, its address free')
    .argument('<id>', 'of the invitation, as list shows it', idArgument)
    .action((id: string) =>
      withDeps(async deps => {
        await revokeInvitation(deps, { id, inviterId: null, sender: noSender })
        say('The invitation is taken back.')
      })
    )
}

type ListOptions = {
  readonly state?: InvitationState
  readonly before?: string
  readonly limit: number
  readonly json?: true
}

const list = ({ state, before, limit, json }: ListOptions) =>
  withDeps(async deps => {
    const page = await listInvitations(deps, {
      state: state ?? null,
      before: before ?? null,
      limit
    })
    const { nameOf } = deps.roles
    if (json) {
      const results = page.results.map(one => ({ ...one, roleName: nameOf(one.role) }))
      return sayJson({ results, next: page.next })
    }
    sayTable(
      ['ID', 'EMAIL', 'ROLE', 'STATE', 'BY', 'SENT', 'EXPIRES'],
      page.results.map(one => [
        one.id,
        show(one.email),
        nameOf(one.role),
        one.state,
        show(one.inviter),
        show(one.createdAt),
        show(one.expiresAt)
      ])
    )
    if (page.next !== null) say(`More: --before ${page.next}`)
  })
