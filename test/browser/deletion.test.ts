import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import {
  accessibilityProblems,
  keepScreenshot,
  noBrowser,
  openBrowser,
  openPage,
  visitors
} from '../support/browser.js'
import { freePort } from '../support/free-port.js'
import { startMailing } from '../support/links.js'
import { newClient, newPerson, signUp } from '../support/people.js'

test('ACC-09 a person leaves on the page of the account, and comes back by the mail', {
  skip: noBrowser
}, async t => {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const { service, mailbox } = await startMailing(t, {
    PUBLIC_URL: origin,
    EMAIL_VERIFICATION: 'optional'
  })
  await service.app.listen({ port, host: '127.0.0.1' })
  const browser = await openBrowser(t)

  for (const { name, options } of visitors) {
    await t.test(`ACC-03 ${name}`, async () => {
      const { page, context, complaints } = await openPage(browser, options)
      const look = async (state: string) => {
        if (!('javaScriptEnabled' in options))
          assert.deepEqual(await accessibilityProblems(page), [])
        await keepScreenshot(page, `flows/deletion-${name.replaceAll(/\W+/g, '-')}/${state}`)
      }
      const heading = (text: string) => page.getByRole('heading', { name: text }).waitFor()
      const press = (text: string) => page.getByRole('button', { name: text, exact: true }).click()
      const signIn = async () => {
        await page.goto(`${origin}/login/`)
        await page.getByLabel('Email address').fill(person.email)
        await page.locator('[name=password]').fill(person.password)
        await press('Sign in')
        await heading('Your account')
      }
      const person = newPerson()
      await signUp(newClient(service), person)
      await page.goto(await mailbox.linkFor(person.email))
      await heading('Address confirmed')
      await signIn()

      await page.getByRole('link', { name: 'Your data' }).click()
      await page.locator('[name=password]').fill(person.password)
      const download = page.waitForEvent('download')
      await press('Download')
      const file = await readFile(await (await download).path(), 'utf8')
      assert.equal(JSON.parse(file).account.email, person.email)
      if (!('javaScriptEnabled' in options)) {
        await page.getByText('The file is being saved to your downloads.').waitFor()
        assert.equal(await page.locator('[name=password]').inputValue(), '')
        await look('saved')
      }

      await page.getByRole('link', { name: 'Your account' }).click()
      await page.getByRole('link', { name: 'Delete your account' }).click()
      await page.getByText('you can bring it back').waitFor()
      await look('ask')
      await page.getByRole('link', { name: 'Cancel' }).click()
      await heading('Your account')
      await page.goBack()
      await page.locator('[name=password]').fill('not this one')
      await press('Delete your account')
      await page.getByText('The password is not right.').waitFor()
      await page.locator('[name=password]').fill(person.password)
      await press('Delete your account')
      await heading('Your account will be deleted')
      await look('done')
      await page.getByRole('link', { name: 'Continue' }).click()
      await heading('Sign in')

      const link = await mailbox.linkFor(person.email)
      await page.goto(link)
      assert.equal(new URL(page.url()).pathname, '/user/delete/undo/', 'no token in the address')
      await look('undo')
      await press('Keep the account')
      await heading('Your account is kept')
      await page.getByRole('link', { name: 'Sign in', exact: true }).waitFor()
      await look('kept')
      await page.reload()
      await heading('Your account is kept')
      const unexpected = complaints.filter(text => !/status of 400/.test(text))
      assert.deepEqual(unexpected, [])

      // The next deletion has a link of its own.
      await signIn()
      await page.goto(`${origin}/account/delete/`)
      await page.locator('[name=password]').fill(person.password)
      await press('Delete your account')
      await heading('Your account will be deleted')
      await page.goto(link)
      await heading('This link no longer works')
      await look('invalid')
      await context.close()
    })
  }
})
