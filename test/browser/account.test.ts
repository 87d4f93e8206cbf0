import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import {
  accessibilityProblems,
  keepScreenshot,
  noBrowser,
  openBrowser,
  openPage,
  visitors
} from '../support/browser.js'
import { appCode } from '../support/factor.js'
import { freePort } from '../support/free-port.js'
import { startMailing } from '../support/links.js'
import { codeIn } from '../support/mailbox.js'
import { newPerson } from '../support/people.js'

/** Two clicks, 200 ms apart: the second one comes before the answer to the first. */
async function clickTwice(page: Page, button: Locator) {
  await button.scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await button.boundingBox()) as {
    x: number
    y: number
    width: number
    height: number
  }
  await page.mouse.click(x + width / 2, y + height / 2)
  await page.waitForTimeout(200)
  await page.mouse.click(x + width / 2, y + height / 2)
}

for (const { name, options } of visitors) {
  test(`PAG-05 a whole life on the pages of the service, with a nervous finger: ${name}`, {
    skip: noBrowser
  }, async t => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const { service, mailbox } = await startMailing(t, {
      EMAIL_VERIFICATION: 'mandatory',
      JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
      PUBLIC_URL: origin
    })
    await service.app.listen({ port, host: '127.0.0.1' })
    const browser = await openBrowser(t)
    const { page, context, complaints } = await openPage(browser, options)
    await page.route('**', async route => {
      if (route.request().method() === 'POST') await new Promise(done => setTimeout(done, 300))
      await route.continue().catch(() => undefined)
    })
    const folder = `account/${name.replaceAll(/\W+/g, '-')}`
    let shot = 0
    const look = async () => {
      if (!('javaScriptEnabled' in options)) assert.deepEqual(await accessibilityProblems(page), [])
      await keepScreenshot(page, `${folder}/${shot++}`)
    }
    const button = (text: string) => page.getByRole('button', { name: text, exact: true }).first()
    const heading = (text: string) => page.getByRole('heading', { name: text }).waitFor()
    const { email, password } = newPerson()

    await page.goto(`${origin}/account/`)
    await heading('Sign in')
    await look()
    await page.getByRole('link', { name: 'Create an account' }).click()
    await page.getByLabel('Email address').fill(email)
    await page.locator('[name=password1]').fill(password)
    await page.locator('[name=password2]').fill(password)
    await look()
    await clickTwice(page, button('Create account'))
    await heading('Confirm your address')
    await look()
    assert.equal(await page.locator('#email').inputValue(), email)
    await page.locator('[name=code]').fill(codeIn(await mailbox.next(email)))
    await clickTwice(page, button('Confirm address'))
    await heading('Address confirmed')
    await look()
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByLabel('Email address').fill(email)
    await page.locator('[name=password]').fill(password)
    await clickTwice(page, button('Sign in'))
    await heading('Your account')
    await look()
    const sessions = await service.query('SELECT 1 FROM "Session"')
    assert.equal(sessions.length, 1)

    await page.getByRole('link', { name: 'Two-step sign-in' }).click()
    await look()
    await page.getByRole('link', { name: 'Turn on' }).click()
    const secret = ((await page.locator('.secret').textContent()) ?? '').replaceAll(/\s/g, '')
    const link = page.getByRole('link', { name: 'Open in an app on this device' })
    assert.match((await link.getAttribute('href')) ?? '', /^otpauth:\/\/totp\//)
    await look()
    await page.locator('[name=code]').fill(appCode(secret, service.clock()))
    await clickTwice(page, button('Turn on'))
    await heading('Keep your recovery codes')
    await look()
    const codes = await page.getByRole('listitem').allInnerTexts()
    assert.equal(codes.length, 10)
    const seesCodes = async () => {
      await heading('Keep your recovery codes')
      assert.deepEqual(await page.getByRole('listitem').allInnerTexts(), codes)
    }
    await page.reload()
    await seesCodes()
    await page.goto(`${origin}/account/`)
    await page.goBack()
    await seesCodes()
    await page.getByRole('checkbox').check()
    await clickTwice(page, button('Done'))
    await page.getByText('Two-step sign-in is on').first().waitFor()
    await look()
    await page.goBack()
    await heading('Two-step sign-in')
    assert.equal(await page.getByText(codes[0] ?? '').count(), 0, 'never again')

    await page.goto(`${origin}/logout/`)
    await clickTwice(page, button('Sign out'))
    await heading('You are signed out')
    await look()
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByLabel('Email address').fill(email)
    await page.locator('[name=password]').fill(password)
    await clickTwice(page, button('Sign in'))
    await heading('Confirm that it is you')
    await page.getByText(email).waitFor()
    await look()
    await page.getByRole('link', { name: 'Use another account' }).click()
    await heading('Sign in')
    await page.goBack()
    await page.locator('[name=code]').fill('12345')
    await clickTwice(page, button('Continue'))
    await page.getByText('Enter the 6 digits of the code.').waitFor()
    await page.getByText(email).waitFor()
    await page.getByRole('link', { name: 'Use a recovery code' }).click()
    await page.locator('[name=recovery_code]').fill(codes[0] ?? '')
    await clickTwice(page, button('Continue'))
    await heading('Your account')
    // Back to the page of the code, or its address opened again: the person is signed in.
    await page.goBack()
    await heading('Your account')
    await page.goto(`${origin}/mfa/challenge/page/`)
    await heading('Your account')
    const failures = await service.query(`SELECT 1 FROM "AuditEvent" WHERE "event" = 'mfa.failed'`)
    assert.equal(failures.length, 0, 'the second click was no wrong code')

    // Another device, which is then ended from here.
    const other = await openPage(browser, options)
    await other.page.goto(`${origin}/login/`)
    await other.page.getByLabel('Email address').fill(email)
    await other.page.locator('[name=password]').fill(password)
    await other.page.keyboard.press('Enter')
    await other.page.getByRole('link', { name: 'Use a recovery code' }).click()
    await other.page.locator('[name=recovery_code]').fill(codes[1] ?? '')
    await other.page.keyboard.press('Enter')
    await other.page.getByRole('heading', { name: 'Your account' }).waitFor()
    await page.getByRole('link', { name: 'Devices' }).click()
    await look()
    await clickTwice(page, button('Sign out all other devices'))
    await page.getByText('All other devices are signed out.').waitFor()
    await other.page.reload()
    await other.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await other.context.close()

    await page.goto(`${origin}/account/password/`)
    await look()
    const next = 'entirely other words'
    await page.locator('[name=old_password]').fill(password)
    await page.locator('[name=new_password1]').fill(next)
    await page.locator('[name=new_password2]').fill(next)
    await clickTwice(page, button('Save password'))
    await page.getByText('Your password is changed.').waitFor()
    await page.reload()
    await page.getByText('Your password is changed.').waitFor()

    const moved = newPerson('moved')
    await page.goto(`${origin}/account/email/`)
    await page.locator('[name=email]').fill(moved.email)
    await page.locator('[name=password]').fill(next)
    await clickTwice(page, button('Change address'))
    await page.getByText('We sent a link to the new address.').waitFor()
    await look()
    await page.goto(await mailbox.linkFor(moved.email))
    await clickTwice(page, page.getByRole('button').first())
    await heading('Address changed')
    await page.getByRole('link', { name: 'Continue' }).click()
    await page.getByText(moved.email).first().waitFor()

    await page.goto(`${origin}/account/activity/`)
    await page.getByText('Sign-in started: we asked for the code').first().waitFor()
    await look()
    await page.goto(`${origin}/account/mfa/`)
    await page.getByText('Turn off', { exact: true }).first().click()
    await page.locator('#password_off').fill(next)
    await clickTwice(page, button('Turn off'))
    await page.getByText('Two-step sign-in is off.').waitFor()
    await page.goto(`${origin}/nothing/here`)
    await heading('Page not found')
    await look()
    await page.getByRole('link', { name: 'Back to the start' }).click()
    await page.getByRole('link', { name: 'Your account' }).waitFor()
    await context.close()
    const unexpected = complaints.filter(text => !/status of 40[0-9]/.test(text))
    assert.deepEqual(unexpected, [])
  })
}
