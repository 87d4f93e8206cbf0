import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { canonicalAddress } from '../../base/email-address.js'
import type { Deps } from '../../deps.js'
import { type Invited, type Invitee, invite } from '../../registration/invite.js'
import { operatorSender } from '../no-sender.js'
import { Refusal } from '../refusal.js'
import { roleNumber } from '../role-number.js'
import { describe } from './failure.js'
import { type BadRow, type Row, readInvitationFile } from './invitation-file.js'
import { withDeps } from './open.js'
import { jsonOption } from './options.js'
import { remark, say, sayJson, show } from './output.js'

type Options = {
  readonly role: string
  readonly csv?: string
  readonly firstName: string
  readonly lastName: string
  readonly printLink?: true
  readonly json?: true
}

/** The command that invites one person, or the people in a file. */
export function inviteCommand(program: Command): void {
  program
    .command('invite')
    .description('invite a person by mail, or all people in a CSV file')
    .argument('[email]', 'address of the person; omitted with --csv')
    .option('--role <role>', 'role by name or number; with --csv for lines without a role', 'user')
    .option('--first-name <name>', 'of the invited person', '')
    .option('--last-name <name>', 'of the invited person', '')
    .option(
      '--csv <file>',
      'a file with the columns email, role, first_name, last_name; - for stdin'
    )
    .option('--print-link', 'print links instead of sending them by mail')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
If an address is invited again before it accepts, role, names and link are replaced.

The first line of the file contains the column names; only email is required. Each line gets
a result. Invalid lines are skipped, the others are invited; then the exit code is 1.

  postern invite grace@example.com --role staff
  postern invite --csv team.csv`
    )
    .action(inviteSome)
}

async function inviteSome(email: string | undefined, options: Options): Promise<void> {
  const { csv } = options
  if ((email === undefined) === (csv === undefined))
    throw new Refusal('Give one address, or a file with --csv.')
  if (csv === undefined) return withDeps(deps => inviteOne(deps, email as string, options))
  const { rows, bad } = readInvitationFile(await readText(csv))
  await withDeps(deps => inviteAll(deps, rows, bad, options))
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file === '-' ? '/dev/stdin' : file).catch((error: Error) => {
    throw new Refusal(`${file} cannot be read: ${error.message}`)
  })
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Refusal(`${file} is not UTF-8. Save it again as "CSV UTF-8".`)
  }
}

/** Sends one invitation by mail, or with a printed link. */
function send(deps: Deps, invitee: Invitee, { printLink }: Options): Promise<Invited> {
  return invite(deps, invitee, {
    inviterId: null,
    locale: deps.config.DEFAULT_LOCALE,
    mail: printLink ? null : 'invitation',
    sender: operatorSender(deps)
  })
}

function requireMail({ config }: Deps, { printLink }: Options): void {
  if (config.EMAIL_DISABLED && !printLink)
    throw new Refusal('EMAIL_DISABLED is true: no mail can be sent. Use --print-link.')
}

async function inviteOne(deps: Deps, email: string, options: Options): Promise<void> {
  requireMail(deps, options)
  const { firstName, lastName, printLink, json } = options
  const role = roleNumber(deps, options.role)
  const invited = await send(deps, { email, role, ...namesOf(firstName, lastName) }, options)
  if (json) return sayJson(resultOf(deps, invited, options))
  const message = `${invited.email} is invited as ${deps.roles.nameOf(invited.role)}.`
  if (!printLink) return say(message)
  remark(message)
  say(invited.link)
}

type Result = ReturnType<typeof resultOf> | { readonly error: string; readonly email: string }

const resultOf = (
  { roles }: Deps,
  { email, role, invitationId, link }: Invited,
  { printLink }: Options
) => ({ email, role, roleName: roles.nameOf(role), invitationId, ...(printLink ? { link } : {}) })

async function inviteAll(
  deps: Deps,
  rows: readonly Row[],
  bad: readonly BadRow[],
  options: Options
): Promise<void> {
  requireMail(deps, options)
  const fallback = roleNumber(deps, options.role)
  const results: (Result & { readonly line: number })[] = bad.map(({ line, problem }) => ({
    line,
    email: '',
    error: `The line ${problem}.`
  }))
  const seen = new Map<string, number>()
  for (const row of rows) {
    const { line } = row
    results.push({ line, ...(await inviteRow(deps, row, { fallback, seen, options })) })
  }
  const failed = results.filter(result => 'error' in result).length
  results.sort((a, b) => a.line - b.line)
  if (options.json) sayJson({ results })
  else for (const result of results) say(describeResult(result))
  remark(`${results.length - failed} invited, ${failed} not invited.`)
  if (failed > 0) process.exitCode = 1
}

/** `seen`: the first line with an address. */
type Run = {
  readonly fallback: number
  readonly seen: Map<string, number>
  readonly options: Options
}

/** Invites the person in one line of the file. A failure is the result of this line only. */
async function inviteRow(
  deps: Deps,
  { line, email, role, firstName, lastName }: Row,
  { fallback, seen, options }: Run
): Promise<Result> {
  try {
    const address = canonicalAddress(email) ?? email
    const before = seen.get(address)
    if (before !== undefined) throw new Refusal(`The same address is in line ${before}.`)
    seen.set(address, line)
    const number = role === '' ? fallback : roleNumber(deps, role)
    const invitee = { email, role: number, ...namesOf(firstName, lastName) }
    return resultOf(deps, await send(deps, invitee, options), options)
  } catch (error) {
    return { email, error: describe(error) }
  }
}

const printable = /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]{0,150}$/u

/** Checks names by the rules of the HTTP API. */
function namesOf(first: string, last: string): { firstName: string; lastName: string } {
  const names = { firstName: first.normalize('NFC'), lastName: last.normalize('NFC') }
  if (!printable.test(names.firstName) || !printable.test(names.lastName))
    throw new Refusal('A name has at most 150 characters, on one line.')
  return names
}

function describeResult(result: Result & { readonly line: number }): string {
  const start = `line ${result.line}: ${show(result.email)}`
  if ('error' in result) return `${start}: not invited. ${show(result.error)}`
  const link = result.link === undefined ? '' : `: ${result.link}`
  return `${start} is invited as ${result.roleName}${link}`
}
