import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { packageRoot } from '../../src/base/package-root.js'
import { startApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { beside, postern, type Run, startCommands } from '../support/cli.js'
import { createTestDatabase } from '../support/database.js'
import { enrol } from '../support/factor.js'
import { openMailbox } from '../support/mailbox.js'
import {
  claimsOf,
  newClient,
  newMember,
  newPerson,
  readUser,
  refresh,
  signedIn,
  signIn
} from '../support/people.js'
import { accept, inviting, newMemberAs, sendInvitation, userIdOf } from '../support/team.js'

const password = 'gigantic purple hat'
const roles = { ROLES: 'editor:300' }

/** A command that works: what it printed. */
function printed({ code, out, err }: Run): string {
  assert.equal(code, 0, `${out}\n${err}`)
  return out
}

/** A command that fails: one sentence beside the result, and never a stack. */
function refused({ code, out, err }: Run, expected: RegExp): void {
  assert.equal(code, 1, out)
  assert.match(err, expected)
  assert.doesNotMatch(err, /\n\s+at /)
  assert.equal(out, '')
}

async function startBeside(t: TestContext, settings: Readonly<Record<string, string>> = {}) {
  const service = await startApp(t, { ...roles, ...settings })
  const own = beside(service.databaseUrl, { ...roles, ...settings })
  const command = startCommands(t)
  return { service, run: (...args: string[]) => command(args, own) }
}

const file = async (t: TestContext, content: string | Buffer) => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-csv-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  const path = join(folder, 'team.csv')
  await writeFile(path, content)
  return path
}

test('from an empty database to a team, by commands and mails', async t => {
  const mailbox = await openMailbox(t)
  const { service, run } = await startBeside(t, { ...inviting, ...mailbox.settings })
  const [ada, grace] = [newPerson('ada').email, newPerson('grace').email]

  const first = await run('admin', 'create', ada, '--print-link')
  const link = printed(first).trim()
  assert.match(link, /^http:\/\/localhost:3000\/registration\/verification\/[\w-]{43}\/$/)
  assert.match(first.err, new RegExp(`becomes ${ada} \\(superuser\\)`))
  const admin = await accept(service, link, password)
  assert.equal(claimsOf(admin.access ?? '').role_name, 'superuser')

  assert.match(
    printed(await run('invite', grace, '--role', 'editor', '--first-name', 'Grace')),
    /editor/
  )
  const joined = await accept(service, await mailbox.linkFor(grace), password)
  assert.deepEqual(
    [(await readUser(joined)).json().first_name, claimsOf(joined.access ?? '').role],
    ['Grace', 300]
  )

  // An admin by mail, and once more: the second link replaces the first.
  const second = newPerson('second').email
  assert.match(printed(await run('admin', 'create', second, '--role', 'staff')), /outbox/)
  const stale = await mailbox.linkFor(second)
  printed(await run('admin', 'create', second, '--role', '1000'))
  const staff = await accept(service, await mailbox.linkFor(second), password)
  assert.equal(claimsOf(staff.access ?? '').role_name, 'staff')
  await assert.rejects(accept(service, stale, password))

  refused(await run('admin', 'create', grace), /already registered/)
  refused(await run('admin', 'create', 'not an address'), /valid email address/)
  refused(
    await run('admin', 'create', newPerson().email, '--role', 'boss'),
    /no role boss.*editor \(300\)/
  )
  refused(await run('invite'), /Give one address, or a file/)
  refused(await run('invite', newPerson().email, '--first-name', 'a\nb'), /on one line/)
})

test('an operator looks at accounts and changes them', async t => {
  const { service, run } = await startBeside(t, {
    ...inviting,
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
    MAIL_WORKER: 'false'
  })
  const { person, client, userId } = await newMemberAs(service, 'staff')
  await sendInvitation(client, newPerson('open').email)

  const listed = JSON.parse(printed(await run('user', 'list', '--json')))
  assert.deepEqual(
    listed.results.map(({ state, role_name }: Record<string, unknown>) => [state, role_name]),
    [
      ['invited', 'user'],
      ['active', 'staff']
    ]
  )
  assert.ok(!JSON.stringify(listed).includes('argon2'), 'no hash')
  const page = JSON.parse(printed(await run('user', 'list', '--json', '--limit', '1')))
  const rest = printed(await run('user', 'list', '--json', '--before', page.next))
  assert.equal(JSON.parse(rest).results[0].id, userId)
  const table = printed(await run('user', 'list', '--state', 'active', '--role', 'staff'))
  assert.equal(table.trim().split('\n').length, 2)
  assert.match(table, new RegExp(person.email))

  const shown = printed(await run('user', 'show', person.email.toUpperCase()))
  assert.match(shown, /role: +staff \(1000\)/)
  assert.match(shown, /session\.opened/)
  const asJson = JSON.parse(printed(await run('user', 'show', userId, '--json')))
  assert.deepEqual([asJson.has_password, asJson.sessions, asJson.factors], [true, 1, []])

  const lowered = printed(await run('user', 'set-role', person.email, 'editor'))
  assert.match(lowered, /was staff and is editor now, and signed out everywhere/)
  assert.match(lowered, /These invitations of the account are still open[\s\S]*user/)
  assert.equal((await refresh(client)).statusCode, 401)
  assert.match(printed(await run('user', 'set-role', userId, '300')), /is editor already/)
  assert.match(printed(await run('user', 'set-role', userId, '900')), /is superuser now\.$/m)

  const again = await signedIn(service, person)
  await enrol(service, again)
  assert.match(
    printed(await run('user', 'reset-mfa', person.email)),
    /no longer has a second factor/
  )
  assert.match(printed(await run('user', 'reset-mfa', person.email)), /has no second factor\./)
  const [mail] = await service.query(
    `SELECT "recipient" FROM "Mail" WHERE "template" = 'mfa-disabled'`
  )
  assert.equal(mail?.recipient, person.email)

  const third = await signedIn(service, person)
  printed(await run('user', 'logout-all', person.email))
  assert.equal((await refresh(third)).statusCode, 401)

  const fourth = await signedIn(service, person)
  assert.match(printed(await run('user', 'disable', person.email)), /disabled and signed out/)
  assert.equal((await refresh(fourth)).statusCode, 401)
  assert.equal((await signIn(newClient(service), person)).statusCode, 401)
  assert.match(printed(await run('user', 'disable', userId)), /disabled already/)
  assert.match(printed(await run('user', 'enable', userId)), /can sign in again/)
  await signedIn(service, person)

  refused(
    await run('user', 'show', 'nobody@example.com'),
    /There is no account nobody@example\.com/
  )
  refused(await run('user', 'set-role', person.email, 'boss'), /There is no role boss/)
  refused(await run('user', 'list', '--limit', '0'), /from 1 to 1000/)

  const trail = JSON.parse(
    printed(
      await run('audit', '--user', person.email, '--since', '1h', '--json', '--limit', '1000')
    )
  )
  const byOperator = trail.results.filter(({ details }: { details: { by?: string } }) => details.by)
  assert.deepEqual(
    byOperator.map(({ event }: { event: string }) => event),
    [
      'account.enabled',
      'account.disabled',
      'logout.all',
      'mfa.disabled',
      'account.role_changed',
      'account.role_changed',
      'account.role_changed'
    ]
  )
  assert.ok(
    trail.results.some(({ event }: { event: string }) => event === 'invitation.sent'),
    'as actor'
  )
  const only = printed(await run('audit', '--event', 'account.disabled'))
  assert.equal(only.trim().split('\n').length, 2)
  assert.equal(
    printed(await run('audit', '--since', '2999-01-01'))
      .trim()
      .split('\n').length,
    1
  )
  refused(await run('audit', '--since', 'yesterday'), /It must be like/)
  refused(await run('audit', '--event', 'nonsense'), /Allowed choices are account\.created, /)
})

test('a file of people: every line is told, good ones are invited, bad ones set the exit code', async t => {
  const mailbox = await openMailbox(t)
  const { service, run } = await startBeside(t, mailbox.settings)
  const { person: member } = await newMember(service)
  const mails = ['one', 'two', 'three', 'late'].map(name => newPerson(name).email)
  const [one, two, three, late] = mails as [string, string, string, string]
  const path = await file(
    t,
    [
      '\ufeffEmail,role,first_name,last_name',
      `${one},editor,"Ada, Countess of ""Lovelace""",Byron`,
      `${two.toUpperCase()},1000,,`,
      'not an address,user,,',
      `${three},boss,,`,
      `${one},user,,`,
      `${member.email},user,,`,
      `${three},user`,
      '',
      `${late},,Linus,`
    ].join('\r\n')
  )
  const { code, out, err } = await run('invite', '--csv', path, '--role', 'user')
  assert.equal(code, 1)
  const lines = out.trim().split('\n')
  assert.deepEqual(
    lines.map(line => Number(/^line (\d+):/.exec(line)?.[1])),
    [2, 3, 4, 5, 6, 7, 8, 10]
  )
  const expectations = [
    /is invited as editor/,
    /is invited as staff/,
    /not invited\. Enter a valid email address/,
    /not invited\. There is no role boss/,
    /not invited\. The same address is in line 2/,
    /not invited\. A user is already registered/,
    /not invited\. The line has more or fewer fields/,
    /is invited as user/
  ]
  for (const [index, expected] of expectations.entries()) assert.match(lines[index] ?? '', expected)
  assert.match(err, /3 invited, 5 not invited/)
  const ada = await accept(service, await mailbox.linkFor(one), password)
  assert.equal((await readUser(ada)).json().first_name, 'Ada, Countess of "Lovelace"')
  for (const email of [two, late]) await mailbox.next(email)

  const good = await file(
    t,
    `email;role\n${newPerson('a').email};staff\n${newPerson('b').email};\n`
  )
  const links = JSON.parse(
    printed(await run('invite', '--csv', good, '--print-link', '--json'))
  ).results
  assert.deepEqual(
    links.map(({ role_name, line }: Record<string, unknown>) => [role_name, line]),
    [
      ['staff', 2],
      ['user', 3]
    ]
  )
  await accept(service, links[0].link, password)
  assert.equal(mailbox.received.length, 3, 'printed links are not mailed')

  const cell = (text: string) => `"\u001b]0;${text}\u0007\u009b31m\u202e\u2066\u200f\nforged"`
  const evil = await file(t, `email,role\n${cell('mail')},user\n${late}x,${cell('role')}`)
  for (const answer of [
    await run('invite', '--csv', evil),
    await run('invite', '--csv', evil, '--json'),
    await run('invite', '--csv', await file(t, `email,${cell('head')}\na@b.c,x`))
  ]) {
    assert.equal(answer.code, 1)
    assert.doesNotMatch(
      `${answer.out}${answer.err}`.replaceAll('\n', ''),
      /[\p{Cc}\u200f\u202e\u2066]/u
    )
    assert.doesNotMatch(`${answer.out}${answer.err}`, /^forged/m)
  }

  refused(
    await run('invite', '--csv', await file(t, 'mail,name\na@b.c,x')),
    /must contain the columns.*"mail", "name"/
  )
  refused(await run('invite', '--csv', await file(t, '')), /empty/)
  refused(await run('invite', '--csv', '/no/such/file'), /cannot be read/)
  const latin = Buffer.from(`email,first_name\n${newPerson().email},Ren\xe9e\n`, 'latin1')
  refused(await run('invite', '--csv', await file(t, latin)), /not UTF-8/)
})

test('invitations and mails are listed, sent again and taken back', async t => {
  const { service, run } = await startBeside(t, { MAIL_WORKER: 'false', EMAIL_HOST: '127.0.0.1' })
  const { email } = newPerson('grace')
  printed(await run('invite', email, '--role', 'editor'))
  const [invitation] = JSON.parse(printed(await run('invitation', 'list', '--json'))).results
  assert.deepEqual(
    [invitation.email, invitation.state, invitation.role_name, invitation.inviter],
    [email, 'pending', 'editor', null]
  )
  assert.match(printed(await run('invitation', 'list', '--state', 'pending')), new RegExp(email))
  assert.match(printed(await run('invitation', 'resend', invitation.id)), /outbox/)

  const mails = JSON.parse(printed(await run('mail', 'list', '--json'))).results
  assert.equal(mails.length, 2)
  assert.ok(!JSON.stringify(mails).includes('sealed'))
  const [newest, oldest] = mails as [{ id: string }, { id: string }]
  refused2(await run('mail', 'resend', newest.id), /is not dead/)
  await service.query(`UPDATE "Mail" SET "state" = 'dead', "settledAt" = now()`)
  const off = beside(service.databaseUrl, { EMAIL_DISABLED: 'true' })
  refused(await postern(['mail', 'resend', newest.id], off), /EMAIL_DISABLED is true/)
  const both = await run('mail', 'resend', newest.id, oldest.id)
  assert.equal(both.code, 1)
  assert.match(both.out, new RegExp(`${newest.id} is queued again`))
  assert.match(both.out, new RegExp(`${oldest.id} is not sent: its link was replaced`))
  assert.match(printed(await run('mail', 'list', '--state', 'dead')), new RegExp(oldest.id))

  assert.match(printed(await run('invitation', 'revoke', invitation.id)), /is revoked/)
  refused(await run('invitation', 'revoke', invitation.id), /Not found/)
  assert.deepEqual(await service.query('SELECT 1 FROM "User"'), [])
})

test('where no mail is sent, an invitation that is sent again is handed over like the first', async t => {
  const { service, run } = await startBeside(t, { EMAIL_DISABLED: 'true' })
  const { email } = newPerson('grace')
  const [first, other] = [email, newPerson('linus').email]
  const link = printed(await run('invite', first, '--print-link')).trim()
  const kept = printed(await run('invite', other, '--print-link')).trim()
  const { results } = JSON.parse(printed(await run('invitation', 'list', '--json')))
  const { id } = results.find((it: { email: string }) => it.email === email)

  const again = await run('invitation', 'resend', id)
  const renewed = printed(again).trim()
  assert.match(renewed, /^http:\/\/localhost:3000\/registration\/verification\/[\w-]{43}\/$/)
  assert.match(again.err, /The earlier link no longer works/)
  await assert.rejects(accept(service, link, password))
  await accept(service, renewed, password)
  await accept(service, kept, password)
  assert.deepEqual(await service.query('SELECT 1 FROM "Mail"'), [])
})

/** A failure that is told line by line. */
function refused2({ code, out }: Run, expected: RegExp) {
  assert.equal(code, 1)
  assert.match(out, expected)
}

test('purge removes what has expired and nothing else; keys rotate with nobody signed out', async t => {
  const { service, run } = await startBeside(t, { SIGNING_KEY_LIFETIME: '90d' })
  const { person, client } = await newMember(service)
  await service.query(
    `
    INSERT INTO "Session" ("id", "userId", "jti", "createdAt", "authTime", "amr", "transport", "lastUsedAt", "expiresAt")
    SELECT gen_random_uuid(), $1, gen_random_uuid(), now(), now(), '{pwd}', 'cookie', now(), now() - interval '8 days'
    FROM generate_series(1, 1500)`,
    [userIdOf(client)]
  )
  const purged = JSON.parse(printed(await run('purge', '--json')))
  assert.equal(purged.sessions, 1500)
  assert.equal(purged.links, 0)
  assert.match(printed(await run('purge')), /Removed 0 sessions/)
  assert.equal((await refresh(client)).statusCode, 200)

  const keys = async () => JSON.parse(printed(await run('keys', 'list', '--json'))).results
  const before = await keys()
  assert.deepEqual(
    before.map(({ state, sealed_under }: Record<string, string>) => [state, sealed_under]),
    [
      ['active', 'SECRET_KEY'],
      ['next', 'SECRET_KEY']
    ]
  )
  assert.ok(!/private|"d":/i.test(JSON.stringify(before)))
  // As if the next key had been published for all but two seconds of the time.
  for (const [state, age] of [
    ['active', 400],
    ['next', 358]
  ] as const)
    await service.query('UPDATE "SigningKey" SET "createdAt" = $2 WHERE "state"::text = $1', [
      state,
      new Date(service.clock().getTime() - age * 1000)
    ])
  const waited = await run('keys', 'rotate')
  assert.match(waited.out, new RegExp(`^${before[1].kid} signs`))
  assert.match(waited.err, /Waiting \d s; --force/)
  assert.deepEqual(
    (await keys()).map(({ state }: { state: string }) => state),
    ['retired', 'active', 'next']
  )
  const forced = await run('keys', 'rotate', '--force')
  assert.equal(forced.err, '')
  assert.ok(!forced.out.startsWith(before[1].kid))
  await service.app.deps.keys.load()
  assert.equal((await readUser(client)).statusCode, 200, 'under the key before')
  await signedIn(service, person)
})

test('a wrong word is told with the right one, and every command explains itself', async t => {
  const unknown = await postern(['usr'], {})
  assert.equal(unknown.code, 1)
  assert.match(unknown.err, /Did you mean user\?/)
  const command = startCommands(t)
  const run = async (...args: string[]) => printed(await command(args, {}))
  assert.match(await run('--version'), /^\d+\.\d+\.\d+$/m)
  const help = await run('--help')
  const names = [...help.matchAll(/^ {2}([a-z]+)\b.* {2}/gm)].map(([, name]) => name as string)
  for (const name of ['start', 'migrate', 'worker', 'admin', 'user', 'invite', 'doctor'])
    assert.ok(names.includes(name), name)
  for (const name of names.filter(name => name !== 'help'))
    assert.match(await run(name, '--help'), /^Usage: postern/)
  assert.match(await run('start', '--help'), /PASSWORD_MIN_LENGTH/)

  const page = await readFile(join(packageRoot, 'docs', 'command-line.md'), 'utf8')
  for (const name of names.filter(name => name !== 'help')) {
    const [, commands = ''] = (await run(name, '--help')).split('Commands:')
    const inner = [...commands.matchAll(/^ {2}([a-z-]+)\b.* {2}/gm)].map(([, word]) => word)
    const spelled = inner.filter(word => word !== 'help').map(word => `postern ${name} ${word}`)
    for (const text of spelled.length > 0 ? spelled : [`postern ${name}`])
      assert.ok(page.includes(text), `docs/command-line.md shows ${text}`)
  }
})

test('what a command cannot work with is one sentence, and exit code 1', async t => {
  const empty = await createTestDatabase({ empty: true })
  atEnd(t, () => empty.drop())
  const list = ['user', 'list']
  const nowhere = 'postgresql://ada:open-sesame@127.0.0.1:1/x'
  const away = await postern(list, beside(nowhere))
  refused(away, /No PostgreSQL listens at 127\.0\.0\.1:1/)
  assert.doesNotMatch(away.err, /sesame/)

  const command = startCommands(t)
  refused(await command(list, { DATABASE_URL: nowhere }), /SECRET_KEY must be set/)
  refused(await command(list, beside(empty.url)), /The database lacks/)
  const broken = beside(empty.url, { JWT_PRIVATE_KEY_FILE: '/no/such/key.pem' })
  refused(await command(list, broken), /JWT_PRIVATE_KEY_FILE must name a readable PEM file/)
  const migrate = () => command(['migrate'], beside(empty.url))
  assert.match(printed(await migrate()), /^Applied \d{14}_/m)
  assert.match(printed(await migrate()), /Nothing is pending/)
  printed(await command(list, beside(empty.url)))
  const other = { SECRET_KEY: 'Y2xhc3NpYyBsb25nIGtleSB0aGF0IGlzIG5vdCB0aGUgb25l' }
  refused(await command(list, beside(empty.url, other)), /could not be opened under any key/)
})

test('an operator erases an account, and is asked before that', async t => {
  const { service, run } = await startBeside(t, { MAIL_WORKER: 'false' })
  const { person, client } = await newMember(service)
  const { email } = person
  refused(await run('user', 'delete', email), /There is no terminal to ask at\. Give --yes\./)
  assert.equal((await client.send('DELETE', '/user/', {})).statusCode, 202)
  const waiting = JSON.parse(printed(await run('user', 'list', '--state', 'deleting', '--json')))
  assert.deepEqual(
    waiting.results.map((one: Record<string, unknown>) => [one.email, one.state]),
    [[email, 'deleting']]
  )
  assert.match(printed(await run('user', 'show', email)), /state: +deleting[\s\S]*erased at: +20/)
  assert.equal(printed(await run('user', 'delete', email, '--yes')), `${email} is erased.\n`)
  refused(await run('user', 'show', email), /There is no account/)
  assert.equal((await signIn(newClient(service), person)).statusCode, 401)
})

test('an operator prints a link to choose a new password', async t => {
  const { service, run } = await startBeside(t, { MAIL_WORKER: 'false' })
  const { person, client } = await newMember(service)
  const { code, out, err } = await run('user', 'reset-link', person.email)
  assert.equal(code, 0, err)
  assert.match(err, /Give this link to the owner of .* and nobody else\. It ends at 20/)
  const { pathname } = new URL(out.trim())
  const browser = newClient(service)
  assert.equal((await browser.send('GET', pathname)).statusCode, 302)
  const set = { new_password1: 'another purple hat', new_password2: 'another purple hat' }
  assert.equal((await browser.send('POST', '/password/reset/set-new/', set)).statusCode, 200)
  assert.equal((await readUser(client)).statusCode, 401, 'it signs out everywhere, as any reset')
  printed(await run('user', 'disable', person.email))
  refused(await run('user', 'reset-link', person.email), /is disabled/)
  const invited = newPerson('grace').email
  printed(await run('invite', invited, '--print-link'))
  refused(await run('user', 'reset-link', invited), /has not accepted the invitation/)
})

test('an operator sees whether mails are sent, and what the server says', async t => {
  const mailbox = await openMailbox(t)
  const { run } = await startBeside(t, mailbox.settings)
  const address = newPerson().email
  const sent = printed(await run('mail', 'test', address, '--language', 'de'))
  assert.match(sent, /has accepted the mail to/)
  assert.equal((await mailbox.next(address)).subject, 'Test-E-Mail von Postern')
  refused(await run('mail', 'test', 'no address'), /is not an e-mail address/)
  mailbox.misbehave({ at: 'recipient', by: 550 })
  refused(await run('mail', 'test', address), /refuses the mail: 550/)
})
