import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditEvents } from '../../src/audit/record.js'
import {
  createResetLink,
  deleteUser,
  disableUser,
  enableUser,
  logoutAll as logoutByOperator,
  resetMfa,
  setRole
} from '../../src/operator/accounts.js'
import { runMaintenance } from '../../src/operator/maintenance.js'
import { startApp, type TestApp } from '../support/app.js'
import { assertProblem } from '../support/expect.js'
import {
  appCode,
  challengeFor,
  enrol,
  verify,
  verifyRecovery,
  wrongCode
} from '../support/factor.js'
import { linkIn, openMailbox } from '../support/mailbox.js'
import {
  changePassword,
  endSession,
  logout,
  logoutAll,
  newClient,
  newMember,
  newPerson,
  type Person,
  refresh,
  revokeOthers,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'
import { inviting, newMemberAs, sendInvitation, userIdOf } from '../support/team.js'

const password = 'gigantic purple hat'
const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const headers = { 'user-agent': agent }

const settings = {
  ...inviting,
  EMAIL_VERIFICATION: 'optional',
  JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
  LOGIN_FAILURES_PER_PAIR: '3/5m',
  MAILS_PER_ADDRESS: '1000/min',
  MAILS_PER_NETWORK: '1000/min'
}

type Row = {
  readonly id: string
  readonly event: string
  readonly outcome: string
  readonly actorId: string | null
  readonly subjectId: string | null
  readonly sessionId: string | null
  readonly network: string | null
  readonly userAgent: string | null
  readonly details: Record<string, unknown>
}

const trailOf = ({ query }: TestApp) => query<Row>('SELECT * FROM "AuditEvent" ORDER BY "id"')

type Expected = {
  readonly event: string
  readonly outcome?: 'success' | 'failure'
  /** Whose account; null: an address that nobody has. */
  readonly subject: string | null
  /** Who; the subject unless it is said. */
  readonly actor?: string | null
  readonly session?: string
  readonly details?: Record<string, unknown>
  /** Not by a request: no network, no user agent. */
  readonly byOperator?: true
}

/** Runs a flow and asserts what it left in the trail, to the last field. */
async function leaves<T>(
  service: TestApp,
  act: () => Promise<T>,
  expected: (result: T) => readonly Expected[]
): Promise<T> {
  const before = await trailOf(service)
  const result = await act()
  const written = (await trailOf(service)).slice(before.length)
  assert.deepEqual(
    written.map(({ id: _, at: __, ...row }: Row & { at?: Date }) => row),
    expected(result).map(it => ({
      event: it.event,
      outcome: it.outcome ?? 'success',
      actorId: it.actor === undefined ? it.subject : it.actor,
      subjectId: it.subject,
      sessionId: it.session ?? null,
      network: it.byOperator ? null : '127.0.0.1',
      userAgent: it.byOperator ? null : agent,
      details: {
        ...it.details,
        ...(it.byOperator ? { by: 'operator', operator: 'Grace, on call' } : {})
      }
    }))
  )
  for (const { event } of written) seen.add(event)
  return result
}

const seen = new Set<string>()

const opened = { amr: ['pwd'], transport: 'cookie' }

test('LOG-01 LOG-08 every flow leaves one event, with who, whose, where from and how it ended', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, {
    ...settings,
    ...mailbox.settings,
    POSTERN_OPERATOR: 'Grace, on call'
  })
  const { deps } = service.app
  const person = newPerson('ada')
  const fresh = () => newClient(service, { headers })
  const client = fresh()

  await leaves(
    service,
    () => signUp(client, person),
    () => [
      { event: 'account.created', subject: userIdOf(client) },
      {
        event: 'session.opened',
        subject: userIdOf(client),
        session: client.sessionId,
        details: opened
      }
    ]
  )
  const subject = userIdOf(client)
  const follow = async (link: string) => {
    const other = fresh()
    return { other, answer: await other.send('GET', new URL(link).pathname) }
  }
  /** Skips the notices that come between. */
  const nextLink = async (address: string) => {
    for (;;) {
      const mail = await mailbox.next(address)
      if (/\/[A-Za-z0-9_-]{43}\//.test(mail.text ?? '')) return linkIn(mail)
    }
  }
  const confirmation = await mailbox.linkFor(person.email)
  await leaves(
    service,
    () => follow(confirmation),
    () => [{ event: 'email.verified', subject, details: { first: true } }]
  )
  await leaves(
    service,
    () => follow(confirmation),
    () => []
  )

  const failed = { event: 'login', outcome: 'failure', actor: null } as const
  await leaves(
    service,
    () => signIn(fresh(), { ...person, password: 'wrong' }),
    () => [{ ...failed, subject, details: { reason: 'credentials' } }]
  )
  await leaves(
    service,
    () => signIn(fresh(), newPerson('nobody')),
    () => [{ ...failed, subject: null, details: { reason: 'credentials' } }]
  )
  await signIn(fresh(), { ...person, password: 'wrong' })
  await leaves(
    service,
    () => signIn(fresh(), { ...person, password: 'wrong' }),
    () => [{ ...failed, subject, details: { reason: 'credentials', lockout: true } }]
  )
  // While it is locked nothing is looked at, and nothing written: a flood must not fill the trail.
  await leaves(
    service,
    () => signIn(fresh(), person),
    () => []
  )
  await service.query('DELETE FROM "AttemptBudget"')

  const login = (amr: readonly string[] = ['pwd'], who: Person = person) =>
    leaves(
      service,
      async () => {
        const other = fresh()
        assert.equal((await signIn(other, who)).statusCode, 200)
        return other
      },
      other => [
        {
          event: 'login',
          subject: userIdOf(other),
          session: other.sessionId,
          details: { ...opened, amr }
        }
      ]
    )

  const first = await login()
  await leaves(
    service,
    () => logout(first),
    () => [{ event: 'logout', subject, session: first.sessionId }]
  )
  const second = await login()
  await leaves(
    service,
    () => endSession(client, second.sessionId),
    () => [{ event: 'logout.device', subject, session: second.sessionId }]
  )
  await login()
  await leaves(
    service,
    () => revokeOthers(client),
    () => [{ event: 'logout.others', subject, session: client.sessionId, details: { revoked: 1 } }]
  )
  await leaves(
    service,
    () => logoutAll(client),
    () => [{ event: 'logout.all', subject, session: client.sessionId }]
  )

  const third = await login()
  const before = third.sessionId
  await leaves(
    service,
    () => changePassword(third, person, 'another purple hat'),
    () => [
      { event: 'password.changed', subject, session: before },
      {
        event: 'session.opened',
        subject,
        session: third.sessionId,
        details: { ...opened, renewed: true }
      }
    ]
  )

  await leaves(
    service,
    () => fresh().send('POST', '/password/reset/', { email: person.email }),
    () => []
  )
  const { other: resetting } = await follow(await nextLink(person.email))
  const reset = { new_password1: password, new_password2: password }
  await leaves(
    service,
    () => resetting.send('POST', '/password/reset/set-new/', reset),
    () => [
      { event: 'password.reset', subject },
      { event: 'session.opened', subject, session: resetting.sessionId, details: opened }
    ]
  )
  person.password = password

  const moved = newPerson('moved').email
  const ada = await login()
  await leaves(
    service,
    () => ada.send('PATCH', '/user/', { email: moved }),
    () => [{ event: 'email.change_requested', subject }]
  )
  const confirm = new URL(await mailbox.linkFor(moved)).pathname
  const unproven = fresh()
  await signUp(unproven, { email: moved, password })
  await leaves(
    service,
    () => fresh().send('POST', confirm, {}),
    () => [
      { event: 'account.yielded', actor: null, subject: userIdOf(unproven) },
      { event: 'email.changed', subject }
    ]
  )
  const undo = new URL(await nextLink(person.email)).pathname
  await leaves(
    service,
    () => fresh().send('POST', undo, {}),
    () => [{ event: 'email.change_undone', subject, actor: null }]
  )
  const reopened = await service.query(`SELECT 1 FROM "User" WHERE "email" = $1`, [person.email])
  assert.equal(reopened.length, 1)
  await service.query(`UPDATE "User" SET "passwordHash" = $2 WHERE "email" = $1`, [
    person.email,
    await deps.hasher.hash(password)
  ])

  const mfa = await login()
  const factor = await leaves(
    service,
    () => enrol(service, mfa),
    () => [{ event: 'mfa.enabled', subject, session: mfa.sessionId }]
  )
  await service.advance(30)
  const challenge = await leaves(
    service,
    () => challengeFor(service, person, fresh()),
    () => [{ event: 'mfa.challenged', subject, details: { kind: 'login' } }]
  )
  const verifying = fresh()
  await leaves(
    service,
    () => verify(verifying, challenge, wrongCode(factor.secret, service.clock())),
    () => [
      {
        event: 'mfa.failed',
        outcome: 'failure',
        actor: null,
        subject,
        details: { method: 'otp' }
      }
    ]
  )
  await leaves(
    service,
    () => verify(verifying, challenge, appCode(factor.secret, service.clock())),
    () => [
      {
        event: 'login',
        subject,
        session: verifying.sessionId,
        details: { ...opened, amr: ['pwd', 'otp'] }
      }
    ]
  )
  const recovering = fresh()
  const [code = ''] = factor.recoveryCodes
  const another = await challengeFor(service, person, fresh())
  await leaves(
    service,
    () => verifyRecovery(recovering, another, code),
    () => [
      { event: 'mfa.recovery_code_used', subject, details: { remaining: 9 } },
      {
        event: 'login',
        subject,
        session: recovering.sessionId,
        details: { ...opened, amr: ['pwd', 'rc'] }
      }
    ]
  )
  await leaves(
    service,
    () => verifying.send('POST', '/reauthenticate/', { password }),
    () => [
      {
        event: 'reauthentication',
        subject,
        session: verifying.sessionId,
        details: { amr: ['pwd'] }
      }
    ]
  )
  await leaves(
    service,
    () => verifying.send('POST', '/mfa/recovery-codes/', { password }),
    () => [{ event: 'mfa.recovery_codes_renewed', subject, session: verifying.sessionId }]
  )
  await leaves(
    service,
    () => verifying.send('POST', '/mfa/deactivate/', { password }),
    () => [{ event: 'mfa.disabled', subject, session: verifying.sessionId }]
  )

  await leaves(
    service,
    () => verifying.send('GET', '/user/export/'),
    () => [{ event: 'account.exported', subject, session: verifying.sessionId }]
  )

  const stolen = verifying.refreshToken as string
  const cookies = { refresh_token: stolen }
  const request = { method: 'POST', url: '/refresh/', payload: {}, headers, cookies } as const
  await service.inject({ ...request, remoteAddress: '192.0.2.1' })
  await leaves(
    service,
    () => service.inject(request),
    () => [
      {
        event: 'session.refresh_repeated',
        actor: null,
        subject,
        session: verifying.sessionId
      }
    ]
  )
  for (let use = 0; use < 2; use++) {
    await service.advance(11)
    await refresh(verifying)
  }
  await service.advance(11)
  await leaves(
    service,
    () => service.inject(request),
    () => [
      {
        event: 'session.refresh_reused',
        outcome: 'failure',
        actor: null,
        subject,
        session: verifying.sessionId
      }
    ]
  )

  const staff = await newMemberAs(service, 'staff')
  const inviter = fresh()
  inviter.access = staff.client.access
  const [grace, linus] = [newPerson('grace').email, newPerson('linus').email]
  const idOf = async (email: string) =>
    String((await service.query('SELECT "id" FROM "User" WHERE "email" = $1', [email]))[0]?.id)
  let graceId = ''
  await leaves(
    service,
    async () => {
      await sendInvitation(inviter, grace)
      graceId = await idOf(grace)
    },
    () => [
      {
        event: 'invitation.sent',
        actor: staff.userId,
        subject: graceId,
        details: { role: 'user' }
      }
    ]
  )
  await sendInvitation(inviter, linus)
  const linusId = await idOf(linus)
  const { results } = (await inviter.send('GET', '/invitations/?state=pending')).json()
  await leaves(
    service,
    () => inviter.send('DELETE', `/invitations/${results[0].id}/`),
    () => [
      {
        event: 'invitation.revoked',
        actor: staff.userId,
        subject: linusId,
        details: { role: 'user' }
      }
    ]
  )
  const { other: invitee } = await follow(await mailbox.linkFor(grace))
  await leaves(
    service,
    () => invitee.send('POST', '/registration/set-password/', reset),
    () => [
      { event: 'email.verified', subject: graceId, details: { first: true } },
      { event: 'invitation.accepted', subject: graceId },
      { event: 'session.opened', subject: graceId, session: invitee.sessionId, details: opened }
    ]
  )

  const byOperator = { subject, actor: null, byOperator: true } as const
  await leaves(
    service,
    () => setRole(deps, subject, 1000),
    () => [{ event: 'account.role_changed', ...byOperator, details: { from: 'user', to: 'staff' } }]
  )
  await leaves(
    service,
    () => setRole(deps, subject, 1000),
    () => []
  )
  await leaves(
    service,
    () => logoutByOperator(deps, subject),
    () => [{ event: 'logout.all', ...byOperator }]
  )
  await leaves(
    service,
    () => resetMfa(deps, subject),
    () => []
  )
  await enrol(service, await signedIn(service, person))
  await leaves(
    service,
    () => resetMfa(deps, subject),
    () => [{ event: 'mfa.disabled', ...byOperator }]
  )
  await leaves(
    service,
    () => disableUser(deps, subject),
    () => [{ event: 'account.disabled', ...byOperator }]
  )
  await leaves(
    service,
    () => disableUser(deps, subject),
    () => []
  )
  await leaves(
    service,
    () => signIn(fresh(), person),
    () => [{ ...failed, subject, details: { reason: 'disabled' } }]
  )
  await leaves(
    service,
    () => enableUser(deps, subject),
    () => [{ event: 'account.enabled', ...byOperator }]
  )
  await login()

  // An import is an operator's, and leaves its event for all people together.

  const leaver = newPerson('leaver')
  const leaving = fresh()
  await signUp(leaving, leaver)
  const gone = userIdOf(leaving)
  await follow(await mailbox.linkFor(leaver.email))
  await leaves(
    service,
    () => leaving.send('DELETE', '/user/', {}),
    () => [{ event: 'account.deletion_requested', subject: gone, session: leaving.sessionId }]
  )
  const wayBack = new URL(await nextLink(leaver.email)).pathname
  await leaves(
    service,
    () => fresh().send('POST', wayBack, {}),
    () => [{ event: 'account.deletion_undone', subject: gone, actor: null }]
  )
  await leaves(
    service,
    () => createResetLink(deps, gone),
    () => [{ event: 'password.reset_link_created', subject: gone, actor: null, byOperator: true }]
  )
  await leaves(
    service,
    () => deleteUser(deps, gone),
    () => [{ event: 'account.deleted', subject: gone, actor: null, byOperator: true }]
  )

  const flows = auditEvents.filter(event => event !== 'accounts.imported')
  assert.deepEqual([...seen].sort(), flows, 'every event there is was seen')

  const secrets = [password, 'another purple hat', stolen, code, factor.secret, challenge]
  const trail = JSON.stringify(await trailOf(service))
  for (const secret of secrets) assert.ok(!trail.includes(secret), 'LOG-02')
})

test('everybody reads what happened to their own account, and nothing else', async t => {
  const service = await startApp(t)
  const { client, person } = await newMember(service, { headers })
  const { client: other } = await newMember(service)
  await signIn(newClient(service, { headers }), { ...person, password: 'wrong' })
  await logoutByOperator(service.app.deps, userIdOf(other))
  await disableUser(service.app.deps, userIdOf(other))

  const { results, next } = (await client.send('GET', '/user/activity/')).json()
  assert.equal(next, null)
  assert.deepEqual(
    results.map(({ id: _, at, ...rest }: Record<string, unknown>) => {
      assert.ok(!Number.isNaN(Date.parse(String(at))))
      return rest
    }),
    [
      ['login', 'failure', false, null],
      ['session.opened', 'success', true, client.sessionId],
      ['account.created', 'success', true, null]
    ].map(([event, outcome, by_you, session]) => ({
      event,
      outcome,
      by_you,
      session,
      network: '127.0.0.1',
      user_agent: agent
    }))
  )
  assertProblem(
    await service.inject({ method: 'GET', url: '/user/activity/' }),
    401,
    'not_authenticated'
  )
})

test('a long trail comes in pages, newest first', async t => {
  const service = await startApp(t)
  const { client, person } = await newMember(service)
  const { deps } = service.app
  for (let round = 0; round < 60; round++) await logoutByOperator(deps, userIdOf(client))
  const again = await signedIn(service, person)
  const first = (await again.send('GET', '/user/activity/')).json()
  assert.equal(first.results.length, 50)
  const rest = (await again.send('GET', `/user/activity/?before=${first.next}`)).json()
  const ids = [...first.results, ...rest.results].map(({ id }) => id)
  assert.deepEqual(ids, ids.toSorted().reverse())
  assert.equal(new Set(ids).size, 63)
  assert.equal(rest.next, null)
  for (const query of ['?before=1', '?limit=3', '?subject=x'])
    assert.equal((await again.send('GET', `/user/activity/${query}`)).statusCode, 400)
})

test('LOG-05 events are appended and kept for as long as the settings say', async t => {
  const service = await startApp(t, { AUDIT_RETENTION: '30d' })
  const { client } = await newMember(service)
  const all = await trailOf(service)
  assert.equal(all.length, 2)
  for (const change of [
    `UPDATE "AuditEvent" SET "outcome" = 'failure'`,
    `UPDATE "AuditEvent" SET "at" = now() - interval '1 year'`,
    `UPDATE "AuditEvent" SET "subjectId" = NULL WHERE "id" = '${all[0]?.id}'`
  ])
    await assert.rejects(service.query(change), { code: '23001' })
  assert.deepEqual(await trailOf(service), all)

  // An account that is deleted leaves its trail, under a number that names nobody any more.
  await service.query('DELETE FROM "User" WHERE "id" = $1', [userIdOf(client)])
  assert.deepEqual(await trailOf(service), all)

  await service.advance(29 * 86_400)
  await runMaintenance(service.app.deps)
  assert.equal((await trailOf(service)).length, 2)
  await newMember(service)
  await service.advance(2 * 86_400)
  const { removed } = await runMaintenance(service.app.deps)
  assert.equal(removed.auditEvents, 2)
  assert.equal((await trailOf(service)).length, 2)
})

test('LOG-05 a change that is rolled back leaves no event', async t => {
  const service = await startApp(t, { ...settings, MAIL_WORKER: 'false' })
  const { client } = await newMemberAs(service, 'staff')
  const before = await trailOf(service)
  await service.query(`ALTER TABLE "Mail" ADD CONSTRAINT broken CHECK (template <> 'invitation')`)
  const answer = await sendInvitation(client, newPerson('grace').email)
  assert.equal(answer.statusCode, 500)
  assert.deepEqual(await trailOf(service), before)
  assert.deepEqual(await service.query('SELECT 1 FROM "Invitation"'), [])
})

test('without JWT_ALLAUTH_COLLECT_USER_AGENT the trail knows neither network nor device', async t => {
  const service = await startApp(t, { JWT_ALLAUTH_COLLECT_USER_AGENT: 'false' })
  await newMember(service, { headers })
  for (const { network, userAgent } of await trailOf(service))
    assert.deepEqual([network, userAgent], [null, null])
})
