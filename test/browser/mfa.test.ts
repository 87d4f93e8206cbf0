import assert from 'node:assert/strict'
import { test } from 'node:test'
import decodeQr from 'jsqr'
import type { Page } from 'playwright-core'
import { startApp } from '../support/app.js'
import {
  accessibilityProblems,
  keepScreenshot,
  noBrowser,
  openBrowser,
  openPage,
  phone,
  visitors
} from '../support/browser.js'
import { patient } from '../support/expect.js'
import { appCode } from '../support/factor.js'
import { freePort } from '../support/free-port.js'
import { linkIn, openMailbox } from '../support/mailbox.js'
import { newClient, newPerson, signUp } from '../support/people.js'

/** What an authenticator app reads off the screen. */
async function scan(page: Page): Promise<string> {
  const picture = await page.evaluate<{ side: number; data: number[] }>(`(async () => {
    const image = document.querySelector('img.qr')
    await image.decode()
    const side = 400
    const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side })
    const context = canvas.getContext('2d')
    context.drawImage(image, 0, 0, side, side)
    return { side, data: [...context.getImageData(0, 0, side, side).data] }
  })()`)
  const { side, data } = picture
  return decodeQr.default(Uint8ClampedArray.from(data), side, side)?.data ?? ''
}

test('from a mail to signed in, in a browser, with the service’s own pages alone', {
  skip: noBrowser
}, async t => {
  const mailbox = await openMailbox(t)
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const service = await startApp(t, {
    ...patient,
    ...mailbox.settings,
    PUBLIC_URL: origin,
    EMAIL_VERIFICATION: 'mandatory',
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true',
    JWT_ALLAUTH_MFA_TOTP_MODE: 'required'
  })
  await service.app.listen({ host: '127.0.0.1', port })
  const person = newPerson()
  await signUp(newClient(service), person)
  const browser = await openBrowser(t)
  const { page, context, complaints } = await openPage(browser, { viewport: phone })
  const look = async (name: string) => {
    assert.deepEqual(await accessibilityProblems(page), [], name)
    await keepScreenshot(page, `mfa/${name}`)
  }
  const refreshCookie = async () =>
    (await context.cookies()).find(({ name }) => name === 'refresh_token')

  await page.goto(linkIn(await mailbox.next(person.email)))
  assert.equal(page.url(), `${origin}/mfa/setup/`)
  await look('setup')
  const uri = new URL(await scan(page))
  assert.equal(decodeURIComponent(uri.pathname), `/${person.email}`)
  const secret = uri.searchParams.get('secret') ?? ''
  assert.equal((await page.locator('.secret').textContent())?.replaceAll(/\s/g, ''), secret)

  await page.getByRole('textbox').fill(appCode(secret, service.clock()))
  await page.getByRole('button', { name: 'Turn on' }).click()
  await page.getByRole('heading', { name: 'Keep your recovery codes' }).waitFor()
  const codes = await page.getByRole('listitem').allInnerTexts()
  assert.equal(codes.length, 10)
  await look('recovery-codes')
  assert.ok(await refreshCookie(), 'signed in')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download' }).click()
  const file = await (await download).createReadStream()
  const kept = (await file.toArray()).join('')
  assert.deepEqual(kept.trim().split(/\r?\n/).slice(-10), codes)
  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('heading', { name: 'Two-step sign-in is on' }).waitFor()
  await look('done')
  const refreshed = await context.request.post(`${origin}/refresh/`, { headers: { origin } })
  assert.equal(refreshed.status(), 200)

  // Later, in a product that has a sign-in form of its own and no more.
  await context.clearCookies()
  await service.advance(30)
  const { email, password } = person
  const login = await context.request.post(`${origin}/login/`, { data: { email, password } })
  const { challenge_id } = await login.json()
  await page.evaluate(`(() => {
    const form = document.createElement('form')
    form.method = 'post'
    form.action = '/mfa/challenge/page/'
    const field = Object.assign(document.createElement('input'), {
      name: 'challenge_id',
      value: ${JSON.stringify(challenge_id)}
    })
    form.append(field)
    document.body.append(form)
    form.submit()
  })()`)
  await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor()
  await look('challenge')
  await page.getByRole('textbox').fill('000 000')
  await page.getByRole('button').click()
  await page.getByText('This code is not right.').waitFor()
  await look('challenge-wrong')
  await page.getByRole('link', { name: 'Use a recovery code' }).click()
  await page.getByRole('textbox').fill((codes[0] ?? '').toLowerCase())
  await page.getByRole('button').click()
  await page.getByRole('heading', { name: 'Your account' }).waitFor()
  await look('signed-in')
  assert.ok(await refreshCookie())
  // A 400 is a complaint of the console, and of the wrong code there was one.
  const unexpected = complaints.filter(text => !/status of 400/.test(text))
  assert.deepEqual(unexpected, [])
})

test('MFA-10 where a second factor is required, its setup lies between sign-up and account', {
  skip: noBrowser
}, async t => {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const service = await startApp(t, {
    ...patient,
    PUBLIC_URL: origin,
    JWT_ALLAUTH_MFA_TOTP_MODE: 'required'
  })
  await service.app.listen({ host: '127.0.0.1', port })
  const browser = await openBrowser(t)
  for (const { name, options } of visitors) {
    await t.test(name, async () => {
      const { page, context, complaints } = await openPage(browser, options)
      const heading = (text: string) => page.getByRole('heading', { name: text }).waitFor()
      const press = (text: string) => page.getByRole('button', { name: text, exact: true }).click()
      const { email, password } = newPerson()
      await page.goto(`${origin}/registration/`)
      await page.getByLabel('Email address').fill(email)
      await page.locator('[name=password1]').fill(password)
      await page.locator('[name=password2]').fill(password)
      await press('Create account')
      await heading('Set up your authenticator app')
      await page.goto(`${origin}/account/`)
      await heading('Sign in')
      await page.goto(`${origin}/mfa/setup/`)
      const secret = ((await page.locator('.secret').textContent()) ?? '').replaceAll(/\s/g, '')
      await page.locator('[name=code]').fill(appCode(secret, service.clock()))
      await press('Turn on')
      await heading('Keep your recovery codes')
      await page.getByRole('checkbox').check()
      await press('Done')
      await heading('Two-step sign-in is on')
      await page.getByRole('link', { name: 'Continue' }).click()
      await heading('Your account')
      await page.getByRole('link', { name: 'Two-step sign-in' }).click()
      await page.getByText('This service requires two-step sign-in.').waitFor()

      await page.goto(`${origin}/logout/`)
      await press('Sign out')
      await heading('You are signed out')
      await service.advance(30)
      await page.goto(`${origin}/login/`)
      await page.getByLabel('Email address').fill(email)
      await page.locator('[name=password]').fill(password)
      await press('Sign in')
      await heading('Confirm that it is you')
      await page.locator('[name=code]').fill(appCode(secret, service.clock()))
      await press('Continue')
      await heading('Your account')
      assert.deepEqual(complaints, [])
      await context.close()
    })
  }
})
