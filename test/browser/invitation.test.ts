import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startApp } from '../support/app.js'
import {
  accessibilityProblems,
  keepScreenshot,
  noBrowser,
  openBrowser,
  openPage,
  phone
} from '../support/browser.js'
import { beside, startCommands } from '../support/cli.js'
import { appCode } from '../support/factor.js'
import { freePort } from '../support/free-port.js'
import { openMailbox } from '../support/mailbox.js'
import { claimsOf, newClient, signIn } from '../support/people.js'
import { sendInvitation } from '../support/team.js'

const password = 'gigantic purple hat'

/** A service that a browser finds under its own public URL, and the settings of a command beside it. */
async function startReachable(t: TestContext, chosen: Readonly<Record<string, string>>) {
  const mailbox = await openMailbox(t)
  const port = await freePort()
  const settings = { PUBLIC_URL: `http://127.0.0.1:${port}`, ...mailbox.settings, ...chosen }
  const service = await startApp(t, settings)
  await service.app.listen({ host: '127.0.0.1', port })
  return { service, mailbox, settings }
}

/** Types a password into both fields of the page and sends it. */
async function choose(page: Page, first: string, second = first) {
  // The browser would refuse a short one by itself; the server has to as well.
  await page.evaluate('document.forms[0].noValidate = true')
  await page.fill('input[name=new_password1]', first)
  await page.fill('input[name=new_password2]', second)
  // A second click has no effect of its own (PAG-05).
  await page.getByRole('button', { name: 'Save password' }).dblclick()
}

const sees = (page: Page, text: RegExp) => page.getByText(text).first().waitFor()

/** Sets up an authenticator app on the page that asks for one, and returns its secret. */
async function setUpFactor(page: Page, now: Date): Promise<string> {
  await page.waitForURL('**/mfa/setup/')
  const secret = ((await page.locator('.secret').textContent()) ?? '').replaceAll(/\s/g, '')
  await page.getByRole('textbox').fill(appCode(secret, now))
  await page.getByRole('button', { name: 'Turn on' }).click()
  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Done' }).click()
  await sees(page, /Two-step sign-in is on/)
  return secret
}

for (const mode of ['optional', 'required'] as const) {
  test(`from an empty database to a team in a browser: command, mail, default pages (second factor ${mode})`, {
    skip: noBrowser
  }, async t => {
    const { service, mailbox, settings } = await startReachable(t, {
      JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION: 'true',
      JWT_ALLAUTH_MFA_TOTP_MODE: mode
    })
    const browser = await openBrowser(t)

    /** Follows an invitation on a phone, and returns what the person then has. */
    async function join(link: string, label: string) {
      const { page, context, complaints } = await openPage(browser, { viewport: phone })
      await page.goto(link)
      assert.equal(new URL(page.url()).pathname, '/registration/set-password/default/')
      assert.ok(!page.url().includes(new URL(link).pathname.split('/').at(-2) ?? ''), 'LNK-12')
      assert.deepEqual(await accessibilityProblems(page), [])
      await keepScreenshot(page, `invitation/${label}-${mode}`)

      await choose(page, 'short')
      await sees(page, /too short/)
      await choose(page, password, 'another purple hat')
      await sees(page, /do not match/)
      complaints.length = 0 // of the browser, about the two answers with status 400
      await choose(page, password)
      const secret = mode === 'required' ? await setUpFactor(page, service.clock()) : null
      if (mode === 'optional') await sees(page, /You can sign in now/)
      assert.deepEqual(complaints, [])
      await context.close()
      return secret
    }

    const created = await startCommands(t)(
      ['admin', 'create', 'ada@example.com', '--print-link'],
      beside(service.databaseUrl, settings)
    )
    assert.equal(created.code, 0, created.err)
    const secret = await join(created.out.trim(), 'admin')

    const admin = newClient(service)
    const answer = await signIn(admin, { email: 'ada@example.com', password })
    assert.equal(answer.statusCode, 200, answer.body)
    if (secret !== null) {
      assert.equal(answer.json().mfa_required, true)
      await service.advance(30)
      const code = appCode(secret, service.clock())
      const body = { challenge_id: answer.json().challenge_id, code }
      assert.equal((await admin.send('POST', '/mfa/verify/', body)).statusCode, 200)
    }
    assert.equal(claimsOf(admin.access ?? '').role_name, 'superuser')

    assert.equal((await sendInvitation(admin, 'grace@example.com', 1000)).statusCode, 201)
    await join(await mailbox.linkFor('grace@example.com'), 'staff')
    const [grace] = await service.query(
      'SELECT "role", "emailVerifiedAt" FROM "User" WHERE "email" = $1',
      ['grace@example.com']
    )
    assert.equal(grace?.role, 1000)
    assert.notEqual(grace?.emailVerifiedAt, null)
  })
}

test('an expired invitation stays expired, and works again when an operator renews it', {
  skip: noBrowser
}, async t => {
  const { service, mailbox, settings } = await startReachable(t, {
    ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: '1h'
  })
  const command = startCommands(t)
  const invited = await command(
    ['invite', 'grace@example.com'],
    beside(service.databaseUrl, settings)
  )
  assert.equal(invited.code, 0, invited.err)
  const first = await mailbox.linkFor('grace@example.com')
  await service.query(
    `UPDATE "Link" SET "createdAt" = now() - interval '2 hours', "expiresAt" = now() - interval '1 hour'`
  )

  const { page } = await openPage(await openBrowser(t), { viewport: phone })
  await page.goto(first)
  await sees(page, /Ask whoever invited you/)
  assert.deepEqual(await accessibilityProblems(page), [])
  await keepScreenshot(page, 'invitation/expired')

  const [invitation] = await service.query<{ id: string }>('SELECT "id" FROM "Invitation"')
  const renewed = await command(
    ['invitation', 'resend', String(invitation?.id)],
    beside(service.databaseUrl, settings)
  )
  assert.equal(renewed.code, 0, renewed.err)
  await page.goto(await mailbox.linkFor('grace@example.com'))
  await choose(page, password)
  await sees(page, /You can sign in now/)
  const answer = await signIn(newClient(service), { email: 'grace@example.com', password })
  assert.equal(answer.statusCode, 200, answer.body)
})
