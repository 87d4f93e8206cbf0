import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { TestContext } from 'node:test'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { atEnd } from './at-end.js'

const places = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome'
]
const executablePath = places.find(path => path !== undefined && existsSync(path))

/** For `test({ skip })`: a reason where this machine has no browser, else false. */
export const noBrowser =
  executablePath === undefined
    ? 'no Chromium here; install Debian’s chromium or set CHROMIUM_PATH'
    : false

/** Screens that pages are looked at on. */
export const phone = { width: 320, height: 640 }
export const desktop = { width: 1280, height: 860 }

/** Two people who look at pages, one of them without script. */
export const visitors = [
  {
    name: 'phone, light, no JavaScript',
    options: { viewport: phone, colorScheme: 'light', javaScriptEnabled: false }
  },
  { name: 'desktop, dark', options: { viewport: desktop, colorScheme: 'dark' } }
] as const

/** Starts Chromium, and closes it with the test. */
export async function openBrowser(t: Pick<TestContext, 'after'>): Promise<Browser> {
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb']
  })
  atEnd(t, () => browser.close())
  return browser
}

/** A fresh person at a browser: no cookies, and every complaint of the page kept. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ locale: 'en', reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('request', async request => {
    if (request.method() !== 'POST') return
    // Browsers withhold it where the policy is no-referrer, and not all say anything else of the site.
    const { origin } = await request.allHeaders()
    if (origin !== new URL(request.url()).origin) complaints.push(`a form came from ${origin}`)
  })
  return { page, context, complaints }
}

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe-core finds wrong with the page as it is now, one line each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // Evaluated by the debugger, so that the page's own policy against scripts stays as it is.
  await page.evaluate(await readFile(axeFile, 'utf8'))
  const results = await page.evaluate<AxeResults>('axe.run({ iframes: false })')
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 160)}`)
  )
}

/** Keeps a picture under `test-results/screenshots/` for a person to look at. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const path = `test-results/screenshots/${name}.png`
  await mkdir(dirname(path), { recursive: true })
  await page.screenshot({ path, fullPage: true })
}
