import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mailNames } from '../../src/views/mails.js'
import {
  accessibilityProblems,
  desktop,
  keepScreenshot,
  noBrowser,
  openBrowser,
  openPage,
  phone
} from '../support/browser.js'
import { previewApp, states } from '../support/preview.js'

const looks = [
  { name: 'phone-light', viewport: phone, colorScheme: 'light' },
  { name: 'desktop-dark', viewport: desktop, colorScheme: 'dark' }
] as const
const otherLooks = [
  { name: 'phone-dark', viewport: phone, colorScheme: 'dark' },
  { name: 'desktop-light', viewport: desktop, colorScheme: 'light' }
] as const

test('every page is accessible, fits a phone and breaks no rule of its policy', {
  skip: noBrowser
}, async t => {
  const app = await previewApp({ EMAIL_VERIFICATION: 'mandatory' })
  t.after(() => app.close())
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const browser = await openBrowser(t)

  const problems: string[] = []
  for (const set of [looks, otherLooks]) {
    for (const { name: look, ...options } of set) {
      const { page, context, complaints } = await openPage(browser, options)
      for (const [index, { label }] of states.entries()) {
        // Each state in one light and one dark look; which of the two sizes alternates.
        if ((index % 2 === 0) !== (set === looks)) continue
        await page.goto(`${origin}/page/${index}/`)
        const found = await accessibilityProblems(page)
        const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
        if (isWide) found.push('wider than the screen')
        problems.push(...found.concat(complaints.splice(0)).map(it => `${label} ${look}: ${it}`))
        await keepScreenshot(page, `pages/${label}.${look}`)
      }
      await context.close()
    }
  }
  assert.deepEqual(problems, [])
})

test('mails keep their form in a browser, light and dark', { skip: noBrowser }, async t => {
  const app = await previewApp()
  t.after(() => app.close())
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const browser = await openBrowser(t)
  const problems: string[] = []
  for (const [index, name] of mailNames.entries()) {
    const { name: look, ...options } = [...looks, ...otherLooks][index % 4] as (typeof looks)[0]
    const { page, context } = await openPage(browser, options)
    await page.goto(`${origin}/mail/${name}/`)
    if (await page.evaluate('document.documentElement.scrollWidth > innerWidth'))
      problems.push(`${name}: wider than the screen`)
    const found = await accessibilityProblems(page)
    problems.push(
      ...found.filter(it => /contrast|lang|link|alt/.test(it)).map(it => `${name}: ${it}`)
    )
    await keepScreenshot(page, `mails/${name}.${look}`)
    await context.close()
  }
  assert.deepEqual(problems, [])
})
