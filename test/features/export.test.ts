import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp } from '../support/app.js'
import { assertProblem, patient } from '../support/expect.js'
import { appCode, challengeFor, enrol, verify } from '../support/factor.js'
import { askReset, unsent } from '../support/links.js'
import { newClient, newMember, newPerson, readUser, refresh, signedIn } from '../support/people.js'
import { inviting, newMemberAs, sendInvitation, userIdOf } from '../support/team.js'

const url = '/user/export/'
const settings = {
  ...patient,
  ...unsent,
  ...inviting,
  EMAIL_VERIFICATION: 'optional',
  JWT_ALLAUTH_MFA_TOTP_MODE: 'optional'
}

test('ACC-01 the export of an account', async t => {
  const service = await startApp(t, settings)

  await t.test('has everything that is stored about the person', async () => {
    const { person, client, userId } = await newMemberAs(service, 'staff')
    await client.send('PATCH', '/user/', { first_name: 'Ada', last_name: 'Lovelace' })
    const { recoveryCodes } = await enrol(service, client)
    const invited = newPerson('grace').email
    assert.equal((await sendInvitation(client, invited)).statusCode, 201)
    await askReset(newClient(service), person.email)
    const pending = newPerson('next').email
    const asked = await client.send('PATCH', '/user/', { email: pending })
    assert.equal(asked.statusCode, 200, asked.body)
    await service.query(
      `INSERT INTO "Identity" VALUES (gen_random_uuid(), $1, 'github', '4711', now())`,
      [userId]
    )

    const answer = await client.send('GET', url)
    assert.equal(answer.statusCode, 200, answer.body)
    assert.equal(answer.headers['content-disposition'], 'attachment; filename="account.json"')
    assert.equal(answer.headers['cache-control'], 'no-store')
    const data = answer.json()
    assert.equal(data.version, 1)
    const { created_at, last_login_at, ...account } = data.account
    assert.ok(created_at && last_login_at)
    assert.deepEqual(account, {
      id: userId,
      email: person.email,
      email_verified_at: null,
      pending_email: pending,
      first_name: 'Ada',
      last_name: 'Lovelace',
      role: 1000,
      role_name: 'staff',
      locale: 'en',
      has_password: true,
      legacy_id: null
    })
    assert.deepEqual(
      data.sessions.map(({ id, current, amr }: Record<string, unknown>) => ({ id, current, amr })),
      [{ id: client.sessionId, current: true, amr: ['pwd', 'otp'] }]
    )
    assert.deepEqual(
      data.authenticators.map(({ type }: { type: string }) => type),
      ['totp', 'recovery_codes']
    )
    const events: { event: string; by_you: boolean; about_you: boolean; details: object }[] =
      data.activity
    assert.equal(events[0]?.event, 'account.exported')
    const sent = events.find(({ event }) => event === 'invitation.sent')
    assert.deepEqual([sent?.by_you, sent?.about_you], [true, false])
    const byOperator = events.find(({ event }) => event === 'account.role_changed')
    assert.deepEqual(byOperator?.details, { by: 'operator', from: 'user', to: 'staff' })
    const templates = data.mails.map(({ template }: { template: string }) => template)
    for (const template of ['email-verification', 'password-reset', 'email-change-confirm'])
      assert.ok(templates.includes(template), template)
    const purposes = data.links.map(({ purpose }: { purpose: string }) => purpose)
    for (const purpose of ['email_verification', 'password_reset', 'email_change'])
      assert.ok(purposes.includes(purpose), purpose)
    assert.equal(data.invitations.received, null)
    assert.deepEqual(
      data.invitations.sent.map((it: Record<string, unknown>) => [it.email, it.role_name]),
      [[invited, 'user']]
    )
    assert.deepEqual(
      data.identities.map((it: Record<string, unknown>) => [it.provider, it.uid]),
      [['github', '4711']]
    )

    // No secret: neither as people know it, nor as it is stored.
    const [row] = await service.query('SELECT * FROM "User" WHERE "id" = $1', [userId])
    const secrets = [person.password, row?.passwordHash, ...recoveryCodes, client.refreshToken]
    for (const secret of secrets) assert.ok(!answer.body.includes(String(secret)))
    assert.doesNotMatch(answer.body, /digest|sealed|argon2|jti|epoch/i)
  })

  await t.test('has nothing of other people', async () => {
    const { person: bob } = await newMember(service)
    const { person, client } = await newMember(service)
    const { body } = await client.send('GET', url)
    assert.ok(body.includes(person.email))
    assert.ok(!body.includes(bob.email))
  })

  await t.test('needs a fresh authentication, with the second factor', async () => {
    const { person, client } = await newMember(service)
    await service.advance(601)
    await refresh(client)
    assertProblem(await client.send('GET', url), 403, 'reauthentication_required')
    const again = { password: person.password }
    assert.equal((await client.send('POST', '/reauthenticate/', again)).statusCode, 200)
    assert.equal((await client.send('GET', url)).statusCode, 200)

    const { secret } = await enrol(service, client)
    await service.advance(30)
    const other = newClient(service)
    const challenge = await challengeFor(service, person, other)
    const code = appCode(secret, service.clock())
    assert.equal((await verify(other, challenge, code)).statusCode, 200)
    assert.equal((await other.send('GET', url)).statusCode, 200)
  })

  await t.test('HEAD does not export, and no account is exported without a bearer', async () => {
    const { client } = await newMember(service)
    const head = await client.send('HEAD', url)
    assert.deepEqual([head.statusCode, head.body], [204, ''])
    const exported = await service.query(
      `SELECT 1 FROM "AuditEvent" WHERE "event" = 'account.exported' AND "subjectId" = $1`,
      [userIdOf(client)]
    )
    assert.equal(exported.length, 0)
    assertProblem(await newClient(service).send('GET', url), 401, 'not_authenticated')
  })

  await t.test('an ended session may read, but takes nothing away', async t => {
    const lax = await startApp(t, { ...settings, JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK: 'false' })
    const { person, client } = await newMember(lax)
    const other = await signedIn(lax, person)
    await other.send('POST', '/logout-all/', {})
    assert.equal((await readUser(client)).statusCode, 200)
    assertProblem(await client.send('GET', url), 401, 'token_not_valid')
  })
})
