// `npm run screenshots`: every page in every language and look, under test-results/screenshots/pages/, and
// those of the documentation under docs/images/. It says where a page is wider than its screen or not
// accessible. Arguments are languages; without one, all.
import { join } from 'node:path'
import { languageNames } from '../../src/base/i18n/language-names.js'
import { packageRoot } from '../../src/base/package-root.js'
import type { PageName } from '../../src/base/views/pages.js'
import {
  accessibilityProblems,
  desktop,
  keepScreenshot,
  openBrowser,
  openPage,
  phone
} from './browser.js'
import { footer, previewApp, states } from './preview.js'

const looks = [
  { name: '320', viewport: phone, colorScheme: 'light' },
  { name: '360-dark', viewport: { width: 360, height: 780 }, colorScheme: 'dark' },
  // A screen at 200 % has half of its pixels.
  { name: '200-percent', viewport: { width: 640, height: 430 }, colorScheme: 'light' },
  { name: 'forced-colours', viewport: desktop, forcedColors: 'active' },
  { name: 'desktop', viewport: desktop, colorScheme: 'light' }
] as const

const pictures: Readonly<Record<string, PageName>> = {
  login: 'login/form',
  account: 'account/index',
  registration: 'registration/form',
  'mfa-setup': 'mfa/setup',
  'recovery-codes': 'mfa/recovery-codes',
  devices: 'account/devices'
}

const isWider = 'document.documentElement.scrollWidth > innerWidth'
const chosen = process.argv.slice(2)
const ends: (() => unknown)[] = []
const app = await previewApp({ EMAIL_VERIFICATION: 'mandatory', ...footer })
const origin = await app.listen({ host: '127.0.0.1', port: 0 })
const browser = await openBrowser({ after: (end: () => unknown) => ends.push(end) } as never)
let problems = 0

for (const locale of languageNames.filter(name => chosen.length === 0 || chosen.includes(name))) {
  for (const { name: look, ...options } of looks) {
    const { page, context } = await openPage(browser, { ...options, locale })
    for (const [index, { label }] of states.entries()) {
      await page.goto(`${origin}/page/${index}/`)
      // Rules about colours do not apply where the system chooses them.
      const found = look === 'forced-colours' ? [] : await accessibilityProblems(page)
      if (await page.evaluate(isWider)) found.push('wider than the screen')
      for (const problem of found) process.stdout.write(`${locale} ${look} ${label}: ${problem}\n`)
      problems += found.length
      await keepScreenshot(page, `languages/${locale}/${look}/${label}`)
    }
    await context.close()
  }
}

const { page } = await openPage(browser, { viewport: { width: 520, height: 780 } })
for (const [file, name] of Object.entries(pictures)) {
  await page.goto(`${origin}/page/${states.findIndex(state => state.name === name)}/`)
  await page.screenshot({ path: join(packageRoot, `docs/images/${file}.png`), fullPage: false })
}
for (const end of ends.reverse()) await end()
await app.close()
process.stdout.write(`${problems} problems\n`)
process.exitCode = problems === 0 ? 0 : 1
