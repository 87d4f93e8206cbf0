import { type Command, Option } from 'commander'
import type { Deps } from '../../deps.js'
import { openInvitationsBy } from '../../registration/manage-invitations.js'
import {
  createResetLink,
  deleteUser,
  disableUser,
  enableUser,
  logoutAll,
  resetMfa,
  setRole
} from '../accounts.js'
import { findAccount } from '../find-account.js'
import { type AccountState, listAccounts, showAccount } from '../list-accounts.js'
import { roleNumber } from '../role-number.js'
import { confirm } from './confirm.js'
import { withDeps } from './open.js'
import { beforeOption, jsonOption, limitOption, type PageOptions } from './options.js'
import { remark, say, sayFields, sayJson, sayPage, sayTable, show } from './output.js'

type ListOptions = PageOptions & {
  readonly role?: string
  readonly state?: AccountState
  readonly matching?: string
}

/** Commands that show and change accounts. */
export function userCommands(program: Command): void {
  const user = program
    .command('user')
    .description('show accounts, and change what only an operator can change')

  user
    .command('list')
    .description('list accounts, newest first')
    .option('--role <role>', 'only this role, by name or number')
    .addOption(new Option('--state <state>').choices(['active', 'disabled', 'invited', 'deleting']))
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

  onOne(user, 'disable', 'end all sessions and links, and refuse sign-ins', disable)
  onOne(user, 'enable', 'allow a disabled account to sign in again', enable)
  onOne(user, 'reset-mfa', 'remove the second factor of a person who lost it', reset)
  onOne(user, 'logout-all', 'end every session', logout)
  onOne(user, 'reset-link', 'print a link to choose a new password', printResetLink)

  user
    .command('delete')
    .description('erase an account for good, with everything that belongs to it')
    .argument('<user>', 'address or id')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
There is no way back: no grace, and no link for the owner. To keep the account and its address, use
disable. The audit trail keeps the id of the account.`
    )
    .action(remove)

  user
    .command('set-role')
    .description('change the role of an account; a lower role also ends its sessions')
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
    const results = page.results.map(one => ({ ...one, roleName: deps.roles.nameOf(one.role) }))
    sayPage({ results, next: page.next }, json, {
      ID: one => one.id,
      EMAIL: one => one.email,
      ROLE: one => one.roleName,
      STATE: one => one.state,
      VERIFIED: one => one.emailVerifiedAt !== null,
      FACTOR: one => one.hasSecondFactor,
      SESSIONS: one => one.sessions,
      CREATED: one => one.createdAt,
      'LAST SIGN-IN': one => one.lastLoginAt
    })
  })

const showOne = (named: string, { json }: { json?: true }) =>
  withDeps(async deps => {
    const { id } = await findAccount(deps, named)
    const { account, factors, events } = await showAccount(deps, id)
    const roleName = deps.roles.nameOf(account.role)
    if (json) return sayJson({ ...account, roleName, factors, events })
    sayFields({
      id: account.id,
      address: account.email,
      confirmed: account.emailVerifiedAt,
      name: `${account.firstName} ${account.lastName}`.trim(),
      role: `${roleName} (${account.role})`,
      state: account.state,
      password: account.hasPassword,
      'second factor': factors.map(({ type }) => type).join(', ') || 'no',
      sessions: account.sessions,
      'erased at': account.eraseAt,
      'old number': account.legacyId,
      created: account.createdAt,
      'last sign-in': account.lastLoginAt
    })
    say('')
    sayTable(events, {
      AT: one => one.at,
      EVENT: one => one.event,
      OUTCOME: one => one.outcome,
      NETWORK: one => one.network,
      'USER AGENT': one => one.userAgent?.slice(0, 60)
    })
  })

async function disable(deps: Deps, { id, email }: Account): Promise<void> {
  const wasActive = await disableUser(deps, id)
  say(`${email} ${wasActive ? 'is disabled and signed out everywhere' : 'was disabled already'}.`)
  await listOpenInvitations(deps, id)
}

const remove = (named: string, { yes }: { yes?: true }) =>
  withDeps(async deps => {
    const { id, email } = await findAccount(deps, named)
    if (!yes) await confirm(`Erase ${email} (${id}) for good?`, email)
    await deleteUser(deps, id)
    say(`${email} is erased.`)
  })

async function enable(deps: Deps, { id, email }: Account): Promise<void> {
  const wasDisabled = await enableUser(deps, id)
  say(`${email} ${wasDisabled ? 'can sign in again' : 'was not disabled'}.`)
}

async function reset(deps: Deps, { id, email }: Account): Promise<void> {
  const hadFactor = await resetMfa(deps, id)
  say(
    hadFactor
      ? `${email} no longer has a second factor and is signed out everywhere. The owner is notified if the address is verified.`
      : `${email} has no second factor.`
  )
}

async function printResetLink(deps: Deps, { id, email }: Account): Promise<void> {
  const { link, expiresAt } = await createResetLink(deps, id)
  remark(`Give this link to the owner of ${email} and nobody else. It ends at ${show(expiresAt)}.`)
  say(link)
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
    if (change.lowered) await listOpenInvitations(deps, id)
  })

/** Lists open invitations of an account that lost rights: they stay valid until an operator revokes them. */
async function listOpenInvitations(deps: Deps, userId: string): Promise<void> {
  const open = await openInvitationsBy(deps, userId)
  if (open.length === 0) return
  say('These invitations of the account are still open. Revoke one with postern invitation revoke:')
  for (const { id, email, role } of open) say(`  ${id}  ${email}  ${deps.roles.nameOf(role)}`)
}
