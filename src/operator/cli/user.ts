import { type Command, Option } from 'commander'
import type { Deps } from '../../deps.js'
import { openInvitationsBy } from '../../registration/manage-invitations.js'
import { disableUser, enableUser, logoutAll, resetMfa, setRole } from '../accounts.js'
import { findAccount } from '../find-account.js'
import {
  type AccountState,
  type ListedAccount,
  listAccounts,
  showAccount
} from '../list-accounts.js'
import { roleNumber } from '../role-number.js'
import { withDeps } from './open.js'
import { beforeOption, jsonOption, limitOption } from './options.js'
import { say, sayFields, sayJson, sayTable, show } from './output.js'

type ListOptions = {
  readonly role?: string
  readonly state?: AccountState
  readonly matching?: string
  readonly before?: string
  readonly limit: number
  readonly json?: true
}

/** What an operator does to the account of somebody. */
export function userCommands(program: Command): void {
  const user = program
    .command('user')
    .description('look at accounts, and change what only an operator may change')

  user
    .command('list')
    .description('list accounts, newest first')
    .option('--role <role>', 'only this role, by name or number')
    .addOption(new Option('--state <state>').choices(['active', 'disabled', 'invited']))
    .option('--matching <text>', 'only addresses that contain this')
    .addOption(limitOption())
    .addOption(beforeOption())
    .addOption(jsonOption())
    .action(list)

  user
    .command('show')
    .description('show one account: state, second factor, sessions, latest events')
    .argument('<user>', 'address or id')
    .addOption(jsonOption())
    .action(showOne)

  onOne(user, 'disable', 'end all sessions and links, and let nobody sign in', disable)
  onOne(user, 'enable', 'let a disabled account sign in again', enable)
  onOne(user, 'reset-mfa', 'remove the second factor of somebody who lost it', reset)
  onOne(user, 'logout-all', 'end every session', logout)

  user
    .command('set-role')
    .description('give an account another role; a lower one also ends its sessions')
    .argument('<user>', 'address or id')
    .argument('<role>', 'name or number')
    .action(changeRole)
}

type Account = { readonly id: string; readonly email: string }

function onOne(
  parent: Command,
  name: string,
  description: string,
  act: (deps: Deps, account: Account) => Promise<void>
): void {
  parent
    .command(name)
    .description(description)
    .argument('<user>', 'address or id')
    .action((named: string) => withDeps(async deps => act(deps, await findAccount(deps, named))))
}

const list = ({ role, json, ...filter }: ListOptions) =>
  withDeps(async deps => {
    const page = await listAccounts(deps, {
      ...filter,
      ...(role === undefined
        ? {}
        : { role: /^\d+$/.test(role) ? Number(role) : roleNumber(deps, role) })
    })
    const named = (account: ListedAccount) => deps.roles.nameOf(account.role)
    if (json) {
      const results = page.results.map(account => ({ ...account, roleName: named(account) }))
      return sayJson({ results, next: page.next })
    }
    sayTable(
      ['ID', 'EMAIL', 'ROLE', 'STATE', 'VERIFIED', 'FACTOR', 'SESSIONS', 'CREATED', 'LAST SIGN-IN'],
      page.results.map(account => [
        account.id,
        show(account.email),
        named(account),
        account.state,
        show(account.emailVerifiedAt !== null),
        show(account.hasSecondFactor),
        show(account.sessions),
        show(account.createdAt),
        show(account.lastLoginAt)
      ])
    )
    if (page.next !== null) say(`More: --before ${page.next}`)
  })

const showOne = (named: string, { json }: { json?: true }) =>
  withDeps(async deps => {
    const { id } = await findAccount(deps, named)
    const { account, factors, events } = await showAccount(deps, id)
    const roleName = deps.roles.nameOf(account.role)
    if (json) return sayJson({ ...account, roleName, factors, events })
    sayFields([
      ['id', account.id],
      ['address', show(account.email)],
      ['confirmed', show(account.emailVerifiedAt)],
      ['name', show(`${account.firstName} ${account.lastName}`.trim())],
      ['role', `${roleName} (${account.role})`],
      ['state', account.state],
      ['password', show(account.hasPassword)],
      ['second factor', factors.length === 0 ? 'no' : factors.map(({ type }) => type).join(', ')],
      ['sessions', show(account.sessions)],
      ['created', show(account.createdAt)],
      ['last sign-in', show(account.lastLoginAt)]
    ])
    say('')
    sayTable(
      ['AT', 'EVENT', 'OUTCOME', 'NETWORK', 'USER AGENT'],
      events.map(event => [
        show(event.at),
        event.event,
        event.outcome,
        show(event.network),
        show(event.userAgent).slice(0, 60)
      ])
    )
  })

async function disable(deps: Deps, { id, email }: Account): Promise<void> {
  const wasActive = await disableUser(deps, id)
  say(
    wasActive ? `${email} is disabled and signed out everywhere.` : `${email} was disabled already.`
  )
  await tellOfInvitations(deps, id)
}

async function enable(deps: Deps, { id, email }: Account): Promise<void> {
  const wasDisabled = await enableUser(deps, id)
  say(wasDisabled ? `${email} may sign in again.` : `${email} was not disabled.`)
}

async function reset(deps: Deps, { id, email }: Account): Promise<void> {
  const hadFactor = await resetMfa(deps, id)
  say(
    hadFactor
      ? `${email} has no second factor any more and is signed out everywhere. A proved mailbox is told.`
      : `${email} has no second factor.`
  )
}

async function logout(deps: Deps, { id, email }: Account): Promise<void> {
  await logoutAll(deps, id)
  say(`${email} is signed out everywhere.`)
}

const changeRole = (named: string, role: string) =>
  withDeps(async deps => {
    const number = roleNumber(deps, role)
    const { id, email } = await findAccount(deps, named)
    const change = await setRole(deps, id, number)
    const { nameOf } = deps.roles
    if (change === null) return say(`${email} is ${nameOf(number)} already.`)
    const signedOut = change.lowered ? ', and signed out everywhere' : ''
    say(`${email} was ${nameOf(change.from)} and is ${nameOf(change.to)} now${signedOut}.`)
    if (change.lowered) await tellOfInvitations(deps, id)
  })

/** What somebody granted in time stays granted: an operator should have a look at it. */
async function tellOfInvitations(deps: Deps, userId: string): Promise<void> {
  const open = await openInvitationsBy(deps, userId)
  if (open.length === 0) return
  say(
    'Still open are invitations that this account sent; `postern invitation revoke` takes one back:'
  )
  for (const { id, email, role } of open) say(`  ${id}  ${email}  ${deps.roles.nameOf(role)}`)
}
