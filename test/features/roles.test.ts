import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disableUser, enableUser, setRole } from '../../src/operator/accounts.js'
import { startApp, type TestApp } from '../support/app.js'
import { exampleBody, type Operation, operationsOf } from '../support/document.js'
import { assertProblem } from '../support/expect.js'
import { type Mailbox, openMailbox } from '../support/mailbox.js'
import {
  type Answer,
  type Client,
  claimsOf,
  newClient,
  newMember,
  newPerson,
  presentAccess,
  refresh,
  signedIn
} from '../support/people.js'
import {
  accept,
  inviteByOperator,
  inviting,
  newMemberAs,
  sendInvitation,
  userIdOf
} from '../support/team.js'

/** Highest authority first. The numbers say nothing about the order. */
const ladder = [
  ['superuser', 900],
  ['staff', 1000],
  ['editor', 300],
  ['author', 200],
  ['user', 0]
] as const
type Role = (typeof ladder)[number][0]

const inviters: readonly Role[] = ['superuser', 'staff', 'editor']
const settings = {
  ...inviting,
  ROLES: 'editor:300,author:200',
  JWT_ALLAUTH_REGISTRATION_ALLOWED_ROLES: 'staff,900,editor',
  MAIL_WORKER: 'false'
}

const rank = (role: Role) => ladder.findIndex(([name]) => name === role)
const mayGrant = (actor: Role, target: Role) =>
  inviters.includes(actor) && rank(actor) <= rank(target)

/** An open invitation to this role, as the list shows it. */
async function openInvitation(service: TestApp, role: Role): Promise<{ id: string }> {
  const { email } = newPerson(role)
  await inviteByOperator(service, email, role)
  const [row] = await service.query<{ id: string }>(
    'SELECT i."id" FROM "Invitation" i JOIN "User" u ON u."id" = i."userId" WHERE u."email" = $1',
    [email]
  )
  return row as { id: string }
}

/** What a guarded route is asked, for one target role. */
type Attempt = (service: TestApp, client: Client, target: Role, number: number) => Promise<Answer>

/** Every route that asks for a role. The test below sees to it that none is missing. */
const guarded: Record<string, { attempt: Attempt; success: number; anyTarget?: true }> = {
  'POST /registration/user-register/': {
    success: 201,
    attempt: async (_service, client, _target, number) =>
      sendInvitation(client, newPerson('invited').email, number)
  },
  'GET /invitations/': {
    success: 200,
    anyTarget: true,
    attempt: async (_service, client) => client.send('GET', '/invitations/')
  },
  'POST /invitations/{id}/resend/': {
    success: 200,
    attempt: async (service, client, target) => {
      const { id } = await openInvitation(service, target)
      return client.send('POST', `/invitations/${id}/resend/`, {})
    }
  },
  'DELETE /invitations/{id}/': {
    success: 204,
    attempt: async (service, client, target) => {
      const { id } = await openInvitation(service, target)
      return client.send('DELETE', `/invitations/${id}/`)
    }
  }
}

test('ADM-02 ADM-03 each role at each guarded route on each target role', async t => {
  const service = await startApp(t, settings)

  const names = (await operationsOf(service))
    .filter(({ raw }) => JSON.stringify(raw).includes('permission_denied'))
    .map(({ method, path }) => `${method} ${path}`)
  assert.deepEqual(names.sort(), Object.keys(guarded).sort())

  for (const [actor] of ladder) {
    const { client } = await newMemberAs(service, actor)
    for (const [route, { attempt, success, anyTarget }] of Object.entries(guarded)) {
      for (const [target, number] of anyTarget ? [['user', 0] as const] : ladder) {
        const answer = await attempt(service, client, target, number)
        const may = anyTarget ? inviters.includes(actor) : mayGrant(actor, target)
        const what = `${actor} at ${route} for ${target}: ${answer.body}`
        if (may) assert.equal(answer.statusCode, success, what)
        else assertProblem(answer, 403, 'permission_denied')
      }
    }
  }
  assert.equal(
    (await service.inject({ method: 'GET', url: '/invitations/' })).statusCode,
    401,
    'nobody at all'
  )
})

test('ADM-03 roles that are none are refused', async t => {
  const service = await startApp(t, settings)
  const { client } = await newMemberAs(service, 'superuser')
  const none = [1, 301, -1, 900.5, 1e21, '900', 'superuser', true, null, [900], { number: 900 }, {}]
  for (const role of none) {
    const { email } = newPerson()
    const answer = await client.send('POST', '/registration/user-register/', { email, role })
    assert.equal(answer.statusCode, 400, `${JSON.stringify(role)}: ${answer.body}`)
    assert.deepEqual(Object.keys(answer.json().errors), ['role'])
  }
  const { email } = newPerson()
  const without = await client.send('POST', '/registration/user-register/', { email })
  assertProblem(without, 400, 'validation_error', { role: ['This field is required.'] })
  assert.deepEqual(await service.query('SELECT 1 FROM "Invitation"'), [])
})

test('SES-14 ADM-02 a demotion bites before the access token ends, however it was done', async t => {
  for (const check of ['true', 'false']) {
    const service = await startApp(t, {
      ...settings,
      JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK: check
    })
    const { client, userId } = await newMemberAs(service, 'staff')
    assert.equal((await sendInvitation(client, newPerson().email)).statusCode, 201)

    // By a hand in the table, which knows nothing of sessions.
    await service.query('UPDATE "User" SET "role" = 0 WHERE "id" = $1', [userId])
    assertProblem(await sendInvitation(client, newPerson().email), 403, 'permission_denied')

    await service.query('UPDATE "User" SET "role" = 1000 WHERE "id" = $1', [userId])
    await setRole(service.app.deps, userId, 0)
    const late = await sendInvitation(client, newPerson().email)
    if (check === 'true') assertProblem(late, 401, 'token_not_valid')
    else assertProblem(late, 403, 'permission_denied')
  }
})

test('SES-08 a lower role ends sessions; a higher one is in the next access token', async t => {
  const service = await startApp(t, settings)
  const { person, client } = await newMember(service)
  const userId = userIdOf(client)
  const roleOf = ({ access }: Client) => {
    const { role, role_name } = claimsOf(access ?? '')
    return [role, role_name]
  }
  assert.deepEqual(roleOf(client), [0, 'user'])

  for (const [name, number] of [
    ['author', 200],
    ['editor', 300],
    ['staff', 1000],
    ['superuser', 900]
  ] as const) {
    const change = await setRole(service.app.deps, userId, number)
    assert.equal(change?.lowered, false, name)
    assert.equal((await refresh(client)).statusCode, 200)
    assert.deepEqual(roleOf(client), [number, name])
  }

  for (const number of [1000, 300, 200, 0]) {
    const other = await signedIn(service, person)
    const change = await setRole(service.app.deps, userId, number)
    assert.equal(change?.lowered, true)
    assert.equal((await presentAccess(service, other.access as string)).statusCode, 401)
    assert.equal((await refresh(other)).statusCode, 401)
    assert.deepEqual(roleOf(await signedIn(service, person))[0], number)
  }
})

test('a role that the settings no longer name has the authority of a user', async t => {
  const service = await startApp(t, settings)
  const { client, userId } = await newMemberAs(service, 'user')
  await service.query('UPDATE "User" SET "role" = 555 WHERE "id" = $1', [userId])
  assert.equal((await refresh(client)).statusCode, 200)
  assert.deepEqual(claimsOf(client.access ?? '').role_name, '555')
  assertProblem(await sendInvitation(client, newPerson().email), 403, 'permission_denied')
})

test('a disabled inviter invites nobody, and what they sent keeps its word', async t => {
  const service = await startApp(t, settings)
  const { client, userId } = await newMemberAs(service, 'staff')
  const { email } = newPerson('invited')
  const link = await inviteByOperator(service, email, 'author')
  await disableUser(service.app.deps, userId)
  const refused = await sendInvitation(client, newPerson().email)
  assert.equal(refused.statusCode, 401)
  const invited = await accept(service, link, 'gigantic purple hat')
  assert.equal(claimsOf(invited.access ?? '').role, 200)
})

test('LNK-07 disabling an account voids every link it was mailed, also the one that undoes a change', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, { ...mailbox.settings, EMAIL_VERIFICATION: 'optional' })
  const { person, client, userId } = await newMemberAs(service, 'user')
  const proof = new URL(await linkTo(mailbox, person.email)).pathname
  assert.ok((await newClient(service).send('POST', proof, {})).statusCode < 400)
  const moved = newPerson('moved').email
  assert.equal((await client.send('PATCH', '/user/', { email: moved })).statusCode, 200)
  const paths: string[] = []
  const confirm = new URL(await linkTo(mailbox, moved)).pathname
  assert.ok((await newClient(service).send('POST', confirm, {})).statusCode < 400)
  paths.push(new URL(await linkTo(mailbox, person.email, /undo/)).pathname)
  await newClient(service).send('POST', '/password/reset/', { email: moved })
  paths.push(new URL(await linkTo(mailbox, moved, /reset/)).pathname)

  const { deps } = service.app
  await disableUser(deps, userId)
  await enableUser(deps, userId)
  for (const path of paths) {
    const answers = [
      await newClient(service).send('GET', path),
      ...(path.includes('undo') ? [await newClient(service).send('POST', path, {})] : [])
    ]
    for (const answer of answers) assert.equal(answer.statusCode, 400, `${path}: ${answer.body}`)
  }
  const [row] = await service.query('SELECT "email" FROM "User" WHERE "id" = $1', [userId])
  assert.equal(row?.email, moved)
})

/** The link in a mail to this address whose URL looks like this. */
async function linkTo(mailbox: Mailbox, address: string, like = /./): Promise<string> {
  for (;;) {
    const { text = '' } = await mailbox.next(address)
    const [link] = /https?:\/\/\S+\/[\w-]{43}\//.exec(text) ?? []
    if (link !== undefined && like.test(link)) return link
  }
}

/** What nobody may say of themselves, in the spellings that frameworks have fallen for. */
const protectedFields: Readonly<Record<string, unknown>> = {
  role: 900,
  role_name: 'superuser',
  roles: ['superuser'],
  is_staff: true,
  is_superuser: true,
  is_active: true,
  isActive: true,
  active: true,
  id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
  user_id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
  sub: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
  created_at: '2000-01-01T00:00:00Z',
  email_verified: true,
  emailVerifiedAt: '2000-01-01T00:00:00Z',
  verified: true,
  mfa_enabled: false,
  mfa_required: false,
  password_hash: 'x',
  passwordHash: 'x',
  credential_epoch: 0,
  credentialEpoch: 0,
  last_login: '2000-01-01T00:00:00Z',
  'user.role': 900,
  'user[role]': 900,
  'role[]': 900,
  '$.role': 900,
  Role: 900,
  'role ': 900,
  'r\u006fle\u0000': 900,
  user: { role: 900, is_active: true },
  data: { role: 900 },
  set: { role: 900 },
  constructor: { prototype: { role: 900 } }
}

/** Bodies that JSON libraries read in ways of their own. */
const rawBodies = (example: string): readonly string[] => [
  `{"__proto__":{"role":900}${example}}`,
  `{"constructor":{"prototype":{"role":900}}${example}}`,
  `{"role":0,"role":900${example}}`,
  `{"\\u0072ole":900${example}}`,
  `[{"role":900}]`,
  `{"role":900${example},"is_active":true,"email_verified":true}`
]

const accountsAndRest = `
  SELECT u.*, (SELECT count(*) FROM "Authenticator" a WHERE a."userId" = u."id") AS factors,
    (SELECT i."role" FROM "Invitation" i WHERE i."userId" = u."id") AS invited
  FROM "User" u ORDER BY u."id"`

test('ADM-01 EML-08 no body of any operation sets a protected field, in any spelling', async t => {
  const service = await startApp(t, {
    ...settings,
    JWT_ALLAUTH_REGISTRATION_ALLOWED_ROLES: 'user,staff',
    EMAIL_VERIFICATION: 'optional',
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional'
  })
  const { client } = await newMember(service)
  const invitee = newPerson('invited')
  const guest = newClient(service)
  await guest.send('GET', new URL(await inviteByOperator(service, invitee.email)).pathname)
  for (const [name, value] of guest.cookies) client.cookies.set(name, value)

  const before = await service.query(accountsAndRest)
  const operations = (await operationsOf(service)).filter(({ body }) => body !== null)
  assert.ok(operations.length > 20, `${operations.length} operations with a body`)

  const tried: string[] = []
  async function refused({ method, url, operationId }: Operation, payload: object | string) {
    const raw = typeof payload === 'string'
    const answer = await service.inject({
      method,
      url,
      payload,
      headers: {
        ...(raw ? { 'content-type': 'application/json' } : {}),
        authorization: `Bearer ${client.access}`
      },
      cookies: Object.fromEntries(client.cookies)
    })
    const text = raw ? payload : JSON.stringify(payload)
    const what = `${operationId} ${text.slice(0, 200)}: ${answer.statusCode} ${answer.body.slice(0, 200)}`
    assert.ok(answer.statusCode >= 400 && answer.statusCode < 500, what)
    tried.push(what)
    return answer
  }

  for (const operation of operations) {
    const body = operation.body as NonNullable<Operation['body']>
    const known = Object.keys(body.properties ?? {})
    const example = exampleBody(body)
    for (const [field, value] of Object.entries(protectedFields)) {
      if (known.includes(field)) continue
      const answer = await refused(operation, { ...example, [field]: value })
      // Where somebody is let in at all, the field is named, and by the words for an unknown one.
      if (answer.json().code !== 'validation_error') continue
      assert.ok(
        Object.hasOwn(answer.json().errors, field),
        `${operation.operationId}: ${answer.body}`
      )
    }
    if (known.includes('role')) continue
    const rest = JSON.stringify(example).slice(1, -1)
    for (const text of rawBodies(rest === '' ? '' : `,${rest}`)) await refused(operation, text)
  }
  assert.ok(tried.length > 700, `${tried.length} attempts`)
  assert.deepEqual(await service.query(accountsAndRest), before)
})
