import assert from 'node:assert/strict'
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
import { codeIn } from '../support/mailbox.js'
import { newClient, newPerson, signIn, signUp } from '../support/people.js'

for (const { name, options } of visitors) {
  test(`LNK-12 PAG-05 from sign-up to a new password and another address by clicking: ${name}`, {
    skip: noBrowser
  }, async t => {
    const port = await freePort()
    const { service, mailbox } = await startMailing(t, {
      EMAIL_VERIFICATION: 'mandatory',
      EMAIL_VERIFICATION_CONFIRM_BUTTON: 'true',
      PUBLIC_URL: `http://127.0.0.1:${port}`
    })
    await service.app.listen({ port, host: '127.0.0.1' })
    const { page, complaints } = await openPage(await openBrowser(t), options)
    const folder = `flows/${name.replaceAll(/\W+/g, '-')}`
    let shot = 0
    const look = async () => {
      if (!('javaScriptEnabled' in options)) assert.deepEqual(await accessibilityProblems(page), [])
      await keepScreenshot(page, `${folder}/${shot++}`)
    }
    const person = newPerson()
    await signUp(newClient(service), person)

    await page.goto(await mailbox.linkFor(person.email))
    await look()
    await page.getByRole('button').first().click()
    await page.waitForURL('**/registration/verified/')
    await look()
    assert.equal((await signIn(newClient(service), person)).statusCode, 200)

    await page.goto(`http://127.0.0.1:${port}/password/reset/`)
    await look()
    await page.getByLabel(/e-?mail/i).fill(person.email)
    await page.keyboard.press('Enter')
    await page.getByLabel(/code/i).waitFor()
    await look()
    await page.getByLabel(/code/i).fill(codeIn(await mailbox.next(person.email)))
    await page.keyboard.press('Enter')
    await page.waitForURL('**/password/reset/default/')
    const [first, second] = [
      page.locator('[name=new_password1]'),
      page.locator('[name=new_password2]')
    ]
    await first.fill('password123')
    await second.fill('password124')
    await page.keyboard.press('Enter')
    await page
      .getByText(/do not match/)
      .first()
      .waitFor()
    await look()
    assert.equal(await first.getAttribute('aria-invalid'), 'true')
    assert.equal(await first.inputValue(), '')
    await first.fill('another gigantic hat')
    await second.fill('another gigantic hat')
    await page.getByRole('button', { name: 'Save password' }).dblclick()
    await page.getByRole('heading', { name: 'Password saved' }).waitFor()
    await look()
    assert.equal(
      (await signIn(newClient(service), { ...person, password: 'another gigantic hat' }))
        .statusCode,
      200
    )

    const [owner, moved] = [newClient(service), newPerson('moved')]
    await signIn(owner, { ...person, password: 'another gigantic hat' })
    await owner.send('PATCH', '/user/', { email: moved.email })
    // Of the new password, and of the change that was asked for.
    for (let mail = 0; mail < 2; mail++) await mailbox.next(person.email)
    await page.goto(await mailbox.linkFor(moved.email))
    await look()
    await page.getByRole('button').first().dblclick()
    await page.getByText('Address changed').waitFor()
    await page.reload()
    await page.getByText('Address changed').waitFor()
    assert.ok(page.url().endsWith('/user/email/confirm/'), 'LNK-12')
    await look()
    await page.goto(await mailbox.linkFor(person.email))
    assert.ok(page.url().endsWith('/user/email/undo/'), 'LNK-12')
    await look()
    await page.getByRole('button').first().dblclick()
    // The second click breaks the navigation of the first off, so the wait is for what is shown.
    await page.locator('[name=new_password1]').waitFor()
    assert.ok(page.url().endsWith('/password/reset/default/'))
    assert.deepEqual(
      complaints.filter(text => !/status of 400/.test(text)),
      []
    )
  })
}
