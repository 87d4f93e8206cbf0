import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { languageNames } from '../../src/base/i18n/language-names.js'
import { mailNames } from '../../src/base/views/mails.js'
import type { PageName } from '../../src/base/views/pages.js'
import { atEnd } from '../support/at-end.js'
import {
  accessibilityProblems,
  desktop,
  keepScreenshot,
  noBrowser,
  openBrowser,
  openPage,
  phone
} from '../support/browser.js'
import { footer, previewApp, states } from '../support/preview.js'

const looks = [
  { name: 'phone-light', viewport: phone, colorScheme: 'light' },
  { name: 'phone-dark', viewport: phone, colorScheme: 'dark' },
  { name: 'desktop-dark', viewport: desktop, colorScheme: 'dark' },
  { name: 'desktop-light', viewport: desktop, colorScheme: 'light' }
] as const
const forced = { name: 'forced-colours', viewport: phone, forcedColors: 'active' } as const

/**
 * Each state in one look and one language, both in turn; the first state of a page in the opposite look too.
 * `PAGES=all` visits every state in every language, light, dark and in forced colours, which takes minutes.
 */
const visits =
  process.env.PAGES === 'all'
    ? [...looks.slice(0, 2), forced].flatMap(look =>
        languageNames.flatMap(lang =>
          states.map(({ label }, index) => ({ label, index, look, lang }))
        )
      )
    : looks.flatMap((look, turn) =>
        states
          .map(({ label }, index) => ({ label, index, look, lang: languageOf(index + turn) }))
          .filter(({ label, index }) => {
            const isFirst = label.endsWith('-0')
            return index % 4 === turn || (isFirst && (index + 2) % 4 === turn)
          })
      )

function languageOf(turn: number): string {
  return languageNames[turn % languageNames.length] as string
}

async function preview(t: TestContext) {
  const app = await previewApp({ EMAIL_VERIFICATION: 'mandatory', ...footer })
  atEnd(t, () => app.close())
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const urlOf = (name: PageName) =>
    `${origin}/page/${states.findIndex(state => state.name === name)}/`
  return { origin, urlOf, browser: await openBrowser(t) }
}

const isWider = 'document.documentElement.scrollWidth > innerWidth'

test('every page is accessible, fits a phone and keeps to its own policy', {
  skip: noBrowser
}, async t => {
  const { origin, browser } = await preview(t)
  const problems: string[] = []
  for (const look of [...looks, forced]) {
    const { page, complaints, context } = await openPage(browser, look)
    for (const { label, index, lang } of visits.filter(visit => visit.look === look)) {
      await page.goto(`${origin}/page/${index}/?lang=${lang}`)
      // Rules about colours do not apply where the system chooses them.
      const found = look === forced ? [] : await accessibilityProblems(page)
      if (await page.evaluate(isWider)) found.push('wider than the screen')
      // Opened, the choice of a language is on the page too.
      if (label.endsWith('-0')) {
        await page.evaluate('document.querySelector(".languages")?.setAttribute("open", "")')
        if (await page.evaluate(isWider)) found.push('with languages wider than the screen')
      }
      problems.push(
        ...found.concat(complaints.splice(0)).map(it => `${label} ${look.name} ${lang}: ${it}`)
      )
      if (process.env.PAGES !== 'all') await keepScreenshot(page, `pages/${label}.${look.name}`)
    }
    await context.close()
  }
  assert.deepEqual(problems, [])
})

test('every mail can be read in a browser, light and dark, narrow and wide', {
  skip: noBrowser
}, async t => {
  const { origin, browser } = await preview(t)
  const problems: string[] = []
  for (const [turn, look] of looks.entries()) {
    const { page } = await openPage(browser, look)
    for (const name of mailNames.filter((_, index) => index % 4 === turn)) {
      await page.goto(`${origin}/mail/${name}/`)
      // A mail is shown inside a page of the mail program, whose landmarks surround it.
      const found = (await accessibilityProblems(page)).filter(it => !/^(landmark|region)/.test(it))
      if (await page.evaluate(isWider)) found.push('wider than the screen')
      problems.push(...found.map(it => `${name} ${look.name}: ${it}`))
      await keepScreenshot(page, `mails/${name}.${look.name}`)
    }
  }
  assert.deepEqual(problems, [])
})

test('with script a password can be shown and its strength is hinted at', {
  skip: noBrowser
}, async t => {
  const { urlOf, browser } = await preview(t)
  const { page, complaints } = await openPage(browser)
  await page.goto(urlOf('password-reset/new'))
  const field = page.getByLabel('New password', { exact: true })
  const word = page.locator('.strength-word')
  await field.fill('short')
  assert.equal(await word.textContent(), 'Easy to guess')
  await field.fill('Tr4 umhaft')
  assert.equal(await word.textContent(), 'Could be longer')
  await field.fill('seven uncommon marmots')
  assert.equal(await word.textContent(), 'Looks strong')
  await keepScreenshot(page, 'enhanced/strength')
  const show = page.getByRole('button', { name: 'Show: New password' })
  await show.click()
  assert.equal(await field.getAttribute('type'), 'text')
  await page.getByRole('button', { name: 'Hide: New password' }).click()
  assert.equal(await field.getAttribute('type'), 'password')
  assert.deepEqual(complaints, [])
})

/** Whether the word on the first such button is on one line, in the button, and clear of the text in the field. */
const wordFits = `(() => {
  const button = document.querySelector('.reveal')
  const input = document.getElementById(button.dataset.reveal)
  const range = document.createRange()
  range.selectNodeContents(button)
  const word = range.getBoundingClientRect()
  const frame = button.getBoundingClientRect()
  const typedTo = input.getBoundingClientRect().right - parseFloat(getComputedStyle(input).paddingRight)
  return range.getClientRects().length === 1 && frame.left >= typedTo &&
    word.left >= frame.left && word.right <= frame.right
})()`

test('the word that shows or hides a password breaks in no language', {
  skip: noBrowser
}, async t => {
  const { urlOf, browser } = await preview(t)
  const broken: string[] = []
  for (const locale of languageNames) {
    const { page, context } = await openPage(browser, { locale })
    for (const viewport of [phone, desktop]) {
      await page.setViewportSize(viewport)
      await page.goto(urlOf('password-reset/new'))
      const button = page.locator('.reveal').first()
      for (const press of [0, 1]) {
        if (press === 1) await button.click()
        const word = await button.textContent()
        if (!(await page.evaluate(wordFits))) broken.push(`${locale} ${viewport.width}: ${word}`)
      }
    }
    await context.close()
  }
  assert.deepEqual(broken, [])
})

test('PAG-03 without script nothing is offered that would do nothing, and codes can be downloaded', {
  skip: noBrowser
}, async t => {
  const { urlOf, browser } = await preview(t)
  const { page } = await openPage(browser, { javaScriptEnabled: false })
  await page.goto(urlOf('password-reset/new'))
  assert.deepEqual(await page.getByRole('button').allTextContents(), ['Save password'])
  await page.goto(urlOf('mfa/recovery-codes'))
  assert.deepEqual(await page.getByRole('button').allTextContents(), ['Done'])
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click()
  ])
  assert.equal(download.suggestedFilename(), 'recovery-codes.txt')
  assert.match(
    await readFile(await download.path(), 'utf8'),
    // Whose codes they are, and from when.
    /^Postern\nada@example\.com\n.*20\d\d.*\n\nH4KQ-7XPM-9WTC-2ENV\nR6YB-M3ZJ-QF8D-K5GA\n/
  )
})

test('recovery codes can be copied with script', { skip: noBrowser }, async t => {
  const { urlOf, browser } = await preview(t)
  const { page, context } = await openPage(browser)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(urlOf('mfa/recovery-codes'))
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  const copied = await page.evaluate<string>('navigator.clipboard.readText()')
  assert.match(copied, /^H4KQ-7XPM-9WTC-2ENV\nR6YB-M3ZJ-QF8D-K5GA\n/)
})

test('a person with a keyboard reaches everything, and the first wrong field at once', {
  skip: noBrowser
}, async t => {
  const { origin, urlOf, browser } = await preview(t)
  const { page } = await openPage(browser)
  const wrong = states.findIndex(({ label }) => label === 'password-reset/sent-1')
  await page.goto(`${origin}/page/${wrong}/`)
  assert.equal(await page.evaluate('document.activeElement.id'), 'code')
  await page.goto(urlOf('password-reset/new'))
  const reached: string[] = []
  for (let press = 0; press < 5; press++) {
    // The first field has the focus already.
    if (press > 0) await page.keyboard.press('Tab')
    reached.push(
      await page.evaluate<string>('document.activeElement.name || document.activeElement.className')
    )
  }
  assert.deepEqual(reached, ['new_password1', 'reveal', 'new_password2', 'reveal', 'primary'])
})
