import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  accessibilityProblems,
  keepScreenshot,
  noBrowser,
  openBrowser,
  openPage,
  phone
} from '../support/browser.js'
import { freePort } from '../support/free-port.js'
import { startMailing } from '../support/links.js'
import { newMember, signedIn } from '../support/people.js'

for (const javaScriptEnabled of [true, false]) {
  const name = javaScriptEnabled ? 'with script' : 'without script'
  test(`ACC-03 the link in the mail keeps an account, ${name}`, { skip: noBrowser }, async t => {
    const port = await freePort()
    const { service, mailbox } = await startMailing(t, {
      PUBLIC_URL: `http://127.0.0.1:${port}`
    })
    await service.app.listen({ port, host: '127.0.0.1' })
    const options = { viewport: phone, javaScriptEnabled }
    const { page, complaints } = await openPage(await openBrowser(t), options)
    const look = async (state: string) => {
      if (javaScriptEnabled) assert.deepEqual(await accessibilityProblems(page), [])
      await keepScreenshot(page, `flows/deletion-${javaScriptEnabled ? '' : 'no-'}script/${state}`)
    }
    const { person, client } = await newMember(service)
    assert.equal((await client.send('DELETE', '/user/', {})).statusCode, 202)
    const link = await mailbox.linkFor(person.email)

    await page.goto(link)
    assert.equal(new URL(page.url()).pathname, '/user/delete/undo/', 'no token in the address')
    await look('undo')
    await page.getByRole('button', { name: 'Keep the account' }).click()
    await page.getByRole('heading', { name: 'Your account is kept' }).waitFor()
    await look('kept')
    await page.reload()
    await page.getByRole('heading', { name: 'Your account is kept' }).waitFor()
    const again = await signedIn(service, person)
    assert.deepEqual(complaints, [])

    assert.equal((await again.send('DELETE', '/user/', {})).statusCode, 202)
    await page.goto(link)
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor()
    await look('invalid')
  })
}
