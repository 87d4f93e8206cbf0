import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { startApp } from '../support/app.js'
import { noBrowser, openBrowser } from '../support/browser.js'
import { freePort } from '../support/free-port.js'
import { newPerson, refreshCookie } from '../support/people.js'
import { startSlowProxy } from '../support/slow-proxy.js'

const tabs = 8
const rounds = Number(process.env.TAB_ROUNDS ?? 12)

/** The page of an app: refreshes on load, and again when no answer comes, as the client guide says. */
const appPage = `<!doctype html><title>waiting</title><script>
  async function refresh(attempt) {
    try {
      const answer = await fetch('/refresh/', { method: 'POST' })
      document.title = answer.status + ' ' + (answer.ok ? '' : await answer.text())
    } catch {
      if (attempt < 8) return setTimeout(() => refresh(attempt + 1), 100)
      document.title = 'no answer'
    }
  }
  refresh(1)
</script>`

for (const loss of [0, 0.2])
  test(`SES-26 eight tabs that refresh on load in ${rounds} rounds, ${loss * 100} % of the answers lost: all stay signed in`, {
    skip: noBrowser
  }, async t => {
    const port = await freePort()
    const origin = `http://localhost:${port}`
    const service = await startApp(t, { PUBLIC_URL: origin })
    await startSlowProxy(t, service, { port, loss, files: { '/app': appPage } })
    const browser = await openBrowser(t)
    const context = await browser.newContext()
    const first = await context.newPage()
    await first.goto(`${origin}/app`)
    assert.equal(await signUpFrom(first), 201)
    const pages = await Promise.all(Array.from({ length: tabs }, () => context.newPage()))
    const sessionCookies = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        pages.map(async (page, index) => {
          await pause(30 * index)
          await page.goto(`${origin}/app`)
          await page.waitForFunction("document.title !== 'waiting'", null, { polling: 50 })
          assert.match(await page.title(), /^200/, `tab ${index} in round ${round}`)
        })
      )
      sessionCookies.add(await cookieOf(context))
      // Every other round begins beyond the grace of the one before.
      await service.advance(round % 2 === 0 ? 11 : 2)
    }
    // One answer of a burst carries the new cookie. When that one is lost, the next burst gets another.
    assert.ok(sessionCookies.size > 1, 'the session moved on')
  })

const signUpFrom = (page: Page): Promise<number> => {
  const { email, password } = newPerson()
  const payload = JSON.stringify({ email, password1: password, password2: password })
  return page.evaluate(async body => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch('/registration/', { method: 'POST', headers, body })).status
  }, payload)
}

async function cookieOf(context: BrowserContext): Promise<string> {
  const cookies = await context.cookies()
  return cookies.find(({ name }) => name === refreshCookie)?.value ?? ''
}
