import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { atEnd, removeDataDirectory } from '../support/at-end.js'
import { noBrowser, openBrowser } from '../support/browser.js'
import { appCode } from '../support/factor.js'
import { freePort } from '../support/free-port.js'
import { newPerson, type Person } from '../support/people.js'
import { startProcess } from '../support/service-process.js'
import { until } from '../support/until.js'

const shows = (pages: readonly Page[], view: string) =>
  Promise.all(pages.map(page => page.locator(`#${view}`).waitFor()))

/** Presses a button in a tab that is in front: Chromium draws the others once a second. */
async function press(page: Page, name: string) {
  await page.bringToFront()
  await page.getByRole('button', { name, exact: true }).click()
}

async function enter(page: Page, { email, password }: Person, button: string) {
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(password)
  await press(page, button)
}

test('KIT-09 the example leads through an account in three tabs, and one signal ends all of it', {
  skip: noBrowser
}, async t => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'postern-example-'))
  atEnd(t, () => removeDataDirectory(DATA_DIR))
  const [PORT, APP_PORT, API_PORT] = (await Promise.all(Array.from({ length: 3 }, freePort))).map(
    String
  ) as [string, string, string]
  const settings = { DATA_DIR, PORT, APP_PORT, API_PORT }
  const starting = startProcess(t, settings, ['examples/start.js'])
  const browser = await openBrowser(t)
  const { output, end } = await starting
  const app = `http://localhost:${APP_PORT}`
  await until('the addresses are there', () => output().includes(`App      ${app}`))

  const context = await browser.newContext()
  context.setDefaultTimeout(20_000)
  const complaints: string[] = []
  context.on('weberror', ({ error }) => complaints.push(error().message))
  const pages = await Promise.all(Array.from({ length: 3 }, () => context.newPage()))
  const [one, two, three] = pages as [Page, Page, Page]
  await Promise.all(pages.map(page => page.goto(app)))
  await shows(pages, 'sign-in')

  const person = newPerson()
  await enter(one, person, 'Sign up')
  await shows(pages, 'home')
  assert.equal(await two.locator('#email').textContent(), person.email)

  await two.getByLabel('New note').fill('<b>tea</b>')
  await press(two, 'Add')
  await two.getByText('<b>tea</b>').waitFor()

  await press(one, 'Turn on')
  await shows([one], 'set-up')
  const secret = (await one.locator('#secret').textContent()) ?? ''
  await one.getByLabel('Code that the app shows').fill(appCode(secret, new Date()))
  await press(one, 'Turn on')
  const codes = one.locator('#codes')
  await codes.waitFor()
  const [recoveryCode = ''] = ((await codes.textContent()) ?? '').split('\n')
  await press(one, 'Done')
  await one.getByText('It is on.').waitFor()

  await press(three, 'Sign out')
  await shows(pages, 'sign-in')

  await enter(two, { ...person, password: 'not it' }, 'Sign in')
  await two.getByText('The email address or the password is not right.').waitFor()
  await enter(two, person, 'Sign in')
  await shows([two], 'code')
  await two.getByLabel('Code of the app').fill(recoveryCode)
  await press(two, 'Go on')
  await shows(pages, 'home')
  await three.getByText('<b>tea</b>').waitFor()
  assert.match((await three.locator('#devices').textContent()) ?? '', /\(this one\)/)
  assert.deepEqual(complaints, [])

  assert.equal(await end('SIGINT'), 0)
  for (const port of [PORT, APP_PORT, API_PORT])
    await assert.rejects(fetch(`http://localhost:${port}/`), port)
})
