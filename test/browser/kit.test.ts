import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { startApp } from '../support/app.js'
import { noBrowser, openBrowser } from '../support/browser.js'
import { bundle } from '../support/bundle.js'
import { entry } from '../support/entry.js'
import { freePort } from '../support/free-port.js'
import { newPerson } from '../support/people.js'
import { startSlowProxy } from '../support/slow-proxy.js'

const tabs = 8
const rounds = Number(process.env.KIT_TAB_ROUNDS ?? 3)

const { resolve } = createRequire(import.meta.url)

/** A React app that shows whether somebody is signed in. */
const app = `
  import { createElement as h } from ${JSON.stringify(resolve('react'))}
  import { createRoot } from ${JSON.stringify(resolve('react-dom/client'))}
  import { createClient } from ${JSON.stringify(entry('src/kit/client/client.js'))}
  import { PosternProvider, usePostern } from ${JSON.stringify(entry('src/kit/react/react.js'))}

  const client = createClient({ url: location.origin })
  window.client = client
  const State = () => h('p', { id: 'state' }, usePostern().state)
  createRoot(document.body).render(h(PosternProvider, { client }, h(State)))
`

/** The app behind a slow network that loses answers, and tabs that show it. */
async function openTabs(t: TestContext, loss: number) {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const service = await startApp(t, { PUBLIC_URL: origin })
  const files = {
    '/app': '<!doctype html><title>App</title><body><script type="module" src="/app.js"></script>',
    '/app.js': await bundle(t, app)
  }
  const { refreshes } = await startSlowProxy(t, service, { port, loss, files })
  const browser = await openBrowser(t)
  const context = await browser.newContext()
  /** Loads the app in all tabs, one after the other without waiting. */
  async function load(pages: readonly Page[]) {
    await Promise.all(pages.map(page => page.goto('about:blank')))
    await Promise.all(
      pages.map(async (page, index) => {
        await pause(30 * index)
        await page.goto(`${origin}/app`)
      })
    )
  }
  return { service, context, refreshes, load }
}

const newPages = (context: BrowserContext, count: number) =>
  Promise.all(Array.from({ length: count }, () => context.newPage()))

const shows = (pages: readonly Page[], state: string) =>
  Promise.all(pages.map(page => page.locator('#state', { hasText: state }).waitFor()))

const call = (page: Page, method: string, argument?: object) =>
  page.evaluate(
    ([name, given]) =>
      // biome-ignore lint/suspicious/noExplicitAny: the page has a client under this name.
      (globalThis as any).client[name as string](given),
    [method, argument] as const
  )

const readUser = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: the page has a client under this name.
    const { client, location } = globalThis as any
    return (await client.fetch(`${location.origin}/user/`)).status
  })

test(`KIT-05 eight tabs in ${rounds} rounds over a network that loses answers: one refresh a round`, {
  skip: noBrowser
}, async t => {
  const { service, context, refreshes, load } = await openTabs(t, 0.1)
  const pages = await newPages(context, tabs)
  await load(pages)
  await shows(pages, 'signed-out')
  const [first] = pages as [Page]
  assert.deepEqual(await call(first, 'signUp', newPerson()), { status: 'signed-in' })
  await shows(pages, 'signed-in')

  let lost = 0
  for (let round = 0; round < rounds; round++) {
    refreshes.sent = 0
    refreshes.lost = 0
    await load(pages)
    await shows(pages, 'signed-in')
    assert.equal(refreshes.sent - refreshes.lost, 1, `round ${round}`)
    lost += refreshes.lost
    await service.advance(round % 2 === 0 ? 11 : 2)
  }

  t.diagnostic(`${rounds} refreshes were answered, ${lost} answers were lost`)

  // The tabs wake up after an hour in which their own clocks stood still.
  await service.advance(3600)
  refreshes.sent = 0
  refreshes.lost = 0
  assert.deepEqual(await Promise.all(pages.map(readUser)), Array(tabs).fill(200))
  assert.equal(refreshes.sent - refreshes.lost, 1)

  await call(pages.at(-1) as Page, 'signOut')
  await shows(pages, 'signed-out')
})

test('KIT-05 without Web Locks two refreshes of a round may overlap, and all stay signed in', {
  skip: noBrowser
}, async t => {
  const { context, refreshes, load } = await openTabs(t, 0)
  await context.addInitScript("Object.defineProperty(navigator, 'locks', { value: undefined })")
  const pages = await newPages(context, tabs)
  await load(pages)
  await shows(pages, 'signed-out')
  await call(pages[0] as Page, 'signUp', newPerson())
  await shows(pages, 'signed-in')
  refreshes.sent = 0
  await load(pages)
  await shows(pages, 'signed-in')
  assert.ok(refreshes.sent >= 1 && refreshes.sent <= 2, `${refreshes.sent} refreshes`)
})
