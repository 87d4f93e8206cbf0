import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertProblem, withoutTraces } from '../support/expect.js'
import { askReset, open, opened, pathOf, postForm, setNew, startMailing } from '../support/links.js'
import { codeIn, linkIn } from '../support/mailbox.js'
import {
  type Answer,
  type Client,
  changePassword,
  newClient,
  newMember,
  newPerson,
  type Person,
  readUser,
  signedIn,
  signIn
} from '../support/people.js'
import { inviteByOperator, inviting } from '../support/team.js'

const formPage = '/registration/verification/'
const verified = '/registration/verified/'
const strangers = 'a stranger’s own hat'
const fresh = 'a hat nobody else has'

test('EML-10 EML-11 several sign-ups with one address', async t => {
  const { service, mailbox } = await startMailing(t, { EMAIL_VERIFICATION: 'mandatory' })

  const join = (person: Person, first_name = '') =>
    newClient(service).send('POST', '/registration/', {
      email: person.email,
      password1: person.password,
      password2: person.password,
      first_name
    })
  /** The owner of a mailbox signs up, and a stranger with the same address after them. */
  async function contest() {
    const owner = newPerson()
    const stranger = { ...owner, password: strangers }
    assert.equal((await join(owner, 'Ada')).statusCode, 201)
    const own = await mailbox.next(owner.email)
    assert.equal((await join(stranger, 'Mallory')).statusCode, 201)
    const other = await mailbox.next(owner.email)
    return { owner, stranger, own, other, links: [linkIn(own), linkIn(other)] as const }
  }
  const confirm = (link: string, fields: object, client = newClient(service)) =>
    client.send('POST', pathOf(link), fields)
  const assertConfirmed = (answer: Answer, status = 303) =>
    assert.deepEqual([answer.statusCode, answer.headers.location], [status, verified], answer.body)
  const assertIncorrect = async (person: Person) =>
    assertProblem(await signIn(newClient(service), person), 401, 'incorrect_credentials')
  const assertUnconfirmed = async (person: Person) =>
    assertProblem(await signIn(newClient(service), person), 401, 'email_not_verified')

  await t.test('none of their links confirms by itself', async () => {
    const { owner, links } = await contest()
    for (const link of links) {
      const browser = newClient(service)
      const visit = await open(browser, link)
      assert.deepEqual([visit.statusCode, visit.headers.location], [302, formPage])
      const form = await browser.send('GET', formPage, undefined, { accept: 'text/html' })
      assert.equal(form.statusCode, 200)
      for (const field of ['password', 'new_password1', 'new_password2'])
        assert.match(form.body, new RegExp(`name="${field}"`))
      assert.ok(form.body.includes(owner.email), 'password managers see the address')

      const program = newClient(service)
      assertProblem(await program.send('GET', pathOf(link)), 400, 'password_required')
      assertProblem(await confirm(link, {}), 400, 'password_required')
      assert.deepEqual([...program.cookies], [])
    }
    await assertUnconfirmed(owner)
  })

  await t.test('the password of a sign-up confirms that one, and ends the other', async () => {
    const { owner, stranger, links } = await contest()
    assertProblem(await confirm(links[0], { password: strangers }), 400, 'incorrect_password', {
      password: ['The password is not right.']
    })
    await assertUnconfirmed(owner)

    assertConfirmed(await confirm(links[0], { password: owner.password }))
    const client = await signedIn(service, owner)
    assert.equal((await readUser(client)).json().first_name, 'Ada')

    await assertIncorrect(stranger)
    for (const fields of [{}, { password: strangers }, twice(fresh)])
      assertProblem(await confirm(links[1], fields), 400, 'link_invalid')
    await assertIncorrect(stranger)
    assertConfirmed(await open(newClient(service), links[0]), 302)
    assertConfirmed(await confirm(links[0], {}))
    const [{ kept } = { kept: 0 }] = await service.query<{ kept: number }>(
      `SELECT count(*)::int4 AS kept FROM "Link" l JOIN "User" u ON u."id" = l."userId"
       WHERE u."email" = $1 AND l."signUp" IS NOT NULL`,
      [owner.email]
    )
    assert.equal(kept, 0, 'what the sign-ups asked for is erased')
  })

  await t.test('the later sign-up can be the owner’s: its names, its password', async () => {
    const { owner: earlier, stranger: later, links } = await contest()
    assertConfirmed(await confirm(links[1], { password: later.password }))
    const client = await signedIn(service, later)
    assert.equal((await readUser(client)).json().first_name, 'Mallory')
    await assertIncorrect(earlier)
  })

  await t.test('a new password counts, by whichever link', async () => {
    for (const index of [0, 1] as const) {
      const { owner, stranger, links } = await contest()
      const link = links[index]
      const weak = await confirm(link, twice('short'))
      assert.deepEqual([weak.statusCode, Object.keys(weak.json().errors)], [400, ['new_password1']])
      const unlike = await confirm(link, { new_password1: fresh, new_password2: strangers })
      assert.deepEqual(Object.keys(unlike.json().errors), ['new_password2'])
      for (const [fields, field] of [
        [{ new_password1: fresh }, 'new_password2'],
        [{ new_password2: fresh }, 'new_password1'],
        [{ ...twice(fresh), password: owner.password }, 'password']
      ] as const)
        assert.deepEqual(Object.keys((await confirm(link, fields)).json().errors), [field])
      await assertUnconfirmed(owner)

      assertConfirmed(await confirm(link, twice(fresh)))
      await signedIn(service, { ...owner, password: fresh })
      for (const person of [owner, stranger]) await assertIncorrect(person)
    }
  })

  await t.test('the form does the same, and says what is wrong', async () => {
    const { owner, stranger, links } = await contest()
    const browser = await opened(service, links[1])
    const post = (fields: Record<string, string>) => postForm(service, formPage, fields, browser)
    const empty = await post({})
    assert.equal(empty.statusCode, 400)
    assert.match(empty.body, /Several sign-ups/)
    const wrong = await post({ password: owner.password })
    assert.equal(wrong.statusCode, 400)
    assert.match(wrong.body, /not right/)
    const weak = await post(twice('short'))
    assert.equal(weak.statusCode, 400)
    assert.match(weak.body, /too short/)
    for (let press = 0; press < 2; press++) assertConfirmed(await post(twice(fresh)))
    await signedIn(service, { ...owner, password: fresh })
    for (const person of [owner, stranger]) await assertIncorrect(person)
  })

  await t.test('the code of a mail needs the password too', async () => {
    const url = '/registration/verification/code/'
    const { owner, stranger, own, other } = await contest()
    const { email } = owner
    const code = codeIn(own)
    const send = (fields: object, client: Client = newClient(service)) =>
      client.send('POST', url, { email, ...fields })
    assertProblem(await send({ code }), 400, 'password_required')
    assertProblem(await send({ code, password: strangers }), 400, 'incorrect_password', {
      password: ['The password is not right.']
    })
    const browser = newClient(service)
    const form = await postForm(service, url, { email, code: codeIn(other) }, browser)
    assert.deepEqual([form.statusCode, form.headers.location], [303, formPage])
    assert.match(String(form.headers['set-cookie']), /email_verification_token=/)

    assert.equal((await send({ code, password: owner.password })).statusCode, 200)
    await signedIn(service, owner)
    await assertIncorrect(stranger)
    assertProblem(await send({ code: codeIn(other), password: strangers }), 400, 'invalid_code', {
      code: ['This code is not right.']
    })
  })

  await t.test('a password sent where none was needed counts as well', async () => {
    const alone = newPerson()
    await join(alone)
    const link = await mailbox.linkFor(alone.email)
    assert.equal((await confirm(link, { password: 'wrong' })).json().code, 'incorrect_password')
    assertConfirmed(await confirm(link, twice(fresh)))
    await assertIncorrect(alone)
    await signedIn(service, { ...alone, password: fresh })
  })

  await t.test('BRF-03 the password of a stranger’s sign-up cannot be guessed', async () => {
    const { owner, links } = await contest()
    const statuses: number[] = []
    for (let guess = 0; guess < 7; guess++)
      statuses.push((await confirm(links[1], { password: `guess ${guess}` })).statusCode)
    assert.deepEqual([statuses.slice(0, 5), statuses.at(-1)], [[400, 400, 400, 400, 400], 429])
    // Their own link and a new password are not in the way of that.
    assertConfirmed(await confirm(links[0], { password: owner.password }))
  })

  await t.test(
    'another mail is for the latest sign-up, and leaves the links of the others',
    async () => {
      const { owner, stranger, links } = await contest()
      await newClient(service).send('POST', '/registration/verification/resend/', {
        email: owner.email
      })
      const again = await mailbox.linkFor(owner.email)
      const page = await open(newClient(service), links[1])
      assert.match(page.body, /newer/i)
      assertProblem(await confirm(again, { password: owner.password }), 400, 'incorrect_password', {
        password: ['The password is not right.']
      })
      assertConfirmed(await confirm(links[0], { password: owner.password }))
      assertProblem(await confirm(again, { password: stranger.password }), 400, 'link_invalid')
    }
  )

  await t.test('a password reset takes the address from all of them', async () => {
    const { owner, stranger, links } = await contest()
    await askReset(newClient(service), owner.email)
    const browser = await opened(service, await mailbox.linkFor(owner.email))
    assert.equal((await setNew(browser, fresh)).statusCode, 200)
    for (const link of links)
      assertProblem(await confirm(link, { password: strangers }), 400, 'link_invalid')
    for (const person of [owner, stranger]) await assertIncorrect(person)
    await signedIn(service, { ...owner, password: fresh })
  })

  await t.test('ENU-04 five wait; a sixth is answered alike, and the owner is told', async () => {
    const person = newPerson()
    const answers: Answer[] = []
    for (let n = 0; n < 6; n++)
      answers.push(await join({ ...person, password: `hat number ${n}…` }))
    const [first] = answers
    for (const answer of answers)
      assert.deepEqual(withoutTraces(answer), withoutTraces(first as Answer))
    const mails = []
    for (let n = 0; n < 6; n++) mails.push(await mailbox.next(person.email))
    assert.match(mails.at(-1)?.text ?? '', /\/password\/reset\//)
    const slots = await service.query<{ slot: number }>(
      `SELECT l."slot" FROM "Link" l JOIN "User" u ON u."id" = l."userId"
       WHERE u."email" = $1 AND l."supersededAt" IS NULL ORDER BY 1`,
      [person.email]
    )
    assert.deepEqual(
      slots.map(({ slot }) => slot),
      [0, 1, 2, 3, 4]
    )
    const links = mails.slice(0, 5).map(linkIn)
    assertConfirmed(await confirm(links[3] as string, { password: 'hat number 3…' }))
    await signedIn(service, { ...person, password: 'hat number 3…' })
  })

  // The last: it turns the clock.
  await t.test('a sign-up that has expired contests nothing, and frees its slot', async () => {
    const stranger = { ...newPerson(), password: strangers }
    await join(stranger)
    const old = await mailbox.linkFor(stranger.email)
    await service.advance(3 * 86_400 + 1)
    const owner = { ...stranger, password: fresh }
    await join(owner)
    assertConfirmed(await open(newClient(service), await mailbox.linkFor(owner.email)), 302)
    await signedIn(service, owner)
    await assertIncorrect(stranger)
    assertProblem(await confirm(old, { password: strangers }), 400, 'link_invalid')
  })
})

test('with the button a contested link shows the form, and the button appears when one is left', async t => {
  const { service, mailbox } = await startMailing(t, {
    EMAIL_VERIFICATION: 'mandatory',
    EMAIL_VERIFICATION_CONFIRM_BUTTON: 'true',
    EMAIL_VERIFIED_REDIRECT: 'https://app.example/welcome',
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true'
  })
  const owner = newPerson()
  const send = (password: string) =>
    newClient(service).send('POST', '/registration/', {
      email: owner.email,
      password1: password,
      password2: password
    })
  await send(owner.password)
  const browser = await opened(service, await mailbox.linkFor(owner.email))
  const look = () => browser.send('GET', formPage, undefined, { accept: 'text/html' })
  assert.doesNotMatch((await look()).body, /name="password"/)
  await send(strangers)
  assert.match((await look()).body, /name="password"/)
  // The button that was shown before presses into the contest: nothing happens without the password.
  assert.equal((await postForm(service, formPage, {}, browser)).statusCode, 400)

  const done = await postForm(service, formPage, { password: owner.password }, browser)
  assert.equal(done.headers.location, 'https://app.example/welcome')
  assert.match(String(done.headers['set-cookie']), /refresh_token=/)
  const rows = await service.query('SELECT 1 FROM "Session"')
  assert.equal(rows.length, 1, 'the owner’s session, of the new epoch')
})

test('where tokens travel in bodies no link opens a session, and the code does', async t => {
  const { service, mailbox } = await startMailing(t, {
    EMAIL_VERIFICATION: 'mandatory',
    JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE: 'false',
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true'
  })
  const join = async () => {
    const person = newPerson()
    await newClient(service).send('POST', '/registration/', {
      email: person.email,
      password1: person.password,
      password2: person.password
    })
    return { person, mail: await mailbox.next(person.email) }
  }
  const byLink = await join()
  const followed = await open(newClient(service), linkIn(byLink.mail))
  assert.deepEqual([followed.statusCode, followed.headers['set-cookie']], [302, undefined])
  assert.deepEqual(await service.query('SELECT 1 FROM "Session"'), [])

  const { person, mail } = await join()
  const answer = await newClient(service).send('POST', '/registration/verification/code/', {
    email: person.email,
    code: codeIn(mail)
  })
  assert.deepEqual(Object.keys(answer.json()).sort(), ['access', 'detail', 'expires_in', 'refresh'])
})

function twice(password: string) {
  return { new_password1: password, new_password2: password }
}

test('ADM-05 EML-10 an invitation ends the sign-ups that wait, and no resend brings one back', async t => {
  const settings = { ...inviting, EMAIL_VERIFICATION: 'mandatory' }
  const { service, mailbox } = await startMailing(t, settings)
  const { email } = newPerson()
  const stranger = { email, password1: strangers, password2: strangers }
  assert.equal((await newClient(service).send('POST', '/registration/', stranger)).statusCode, 201)
  const theirs = await mailbox.linkFor(email)
  await inviteByOperator(service, email, 'staff')
  for (const path of ['/registration/verification/resend/', '/registration/invitation/resend/'])
    await newClient(service).send('POST', path, { email })
  const live = `SELECT DISTINCT "purpose"::text FROM "Link" WHERE "supersededAt" IS NULL`
  assert.deepEqual(await service.query(live), [{ purpose: 'invitation' }])
  assert.deepEqual(await service.query('SELECT 1 FROM "Link" WHERE "signUp" IS NOT NULL'), [])
  assert.equal((await newClient(service).send('POST', pathOf(theirs), {})).statusCode, 400)
})

test('EML-10 a confirmation brings no replaced password back, and ends an invitation', async t => {
  const settings = { ...inviting, EMAIL_VERIFICATION: 'optional' }
  const { service, mailbox } = await startMailing(t, settings)
  const { person, client } = await newMember(service)
  const old = { ...person }
  await mailbox.next(person.email)
  await inviteByOperator(service, person.email, 'staff')
  assert.equal((await changePassword(client, person, fresh)).statusCode, 200)
  await mailbox.next(person.email)
  const { email } = person
  await newClient(service).send('POST', '/registration/verification/resend/', { email })
  const answer = await newClient(service).send('POST', pathOf(await mailbox.linkFor(email)), {})
  assert.equal(answer.statusCode, 303, answer.body)
  assertProblem(await signIn(newClient(service), old), 401, 'incorrect_credentials')
  assert.equal((await readUser(await signedIn(service, person))).json().email, email)
  assert.deepEqual(await service.query('SELECT 1 FROM "Invitation"'), [])
})
