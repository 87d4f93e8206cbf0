import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { startApp, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { noBrowser, openBrowser } from '../support/browser.js'
import { freePort } from '../support/free-port.js'
import { newPerson, refreshCookie } from '../support/people.js'

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
    await startSlowProxy(t, service, port, loss)
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
    assert.ok(sessionCookies.size > rounds / 4, 'the session moved on')
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

/** Serves the app, and hands everything else on to the service: late by up to 0.4 s, and some of it never back. */
async function startSlowProxy(
  t: TestContext,
  service: TestApp,
  port: number,
  loss: number
): Promise<void> {
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  const target = (service.app.server.address() as AddressInfo).port
  const server = createServer(async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (incoming.url === '/app') return outgoing.setHeader('content-type', 'text/html').end(appPage)
    const { method, url, headers } = incoming
    const isRefresh = url === '/refresh/'
    await pause(200 * Math.random())
    const upstream = request({ host: '127.0.0.1', port: target, method, path: url, headers })
    incoming.pipe(upstream)
    upstream.on('response', async answer => {
      await pause(200 * Math.random())
      if (isRefresh && Math.random() < loss) return incoming.socket.destroy()
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
  })
  server.listen(port, '127.0.0.1')
  atEnd(t, async () => {
    server.closeAllConnections()
    server.close()
  })
}
