import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { TestApp } from './app.js'
import { atEnd } from './at-end.js'

type Options = {
  readonly port: number
  /** The share of the answers to a refresh that never come back. */
  readonly loss: number
  /** Pages and scripts of an app, by path. */
  readonly files: Readonly<Record<string, string>>
}

/** Serves an app, and hands everything else on to the service: late by up to 0.4 s, and some of it never back. */
export async function startSlowProxy(
  t: TestContext,
  service: TestApp,
  { port, loss, files }: Options
): Promise<{ readonly refreshes: { sent: number; lost: number } }> {
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  const target = (service.app.server.address() as AddressInfo).port
  const refreshes = { sent: 0, lost: 0 }
  const server = createServer(async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method, url = '', headers } = incoming
    const file = files[url]
    if (file !== undefined) {
      const type = url.endsWith('.js') ? 'text/javascript' : 'text/html'
      return outgoing.setHeader('content-type', type).end(file)
    }
    const isRefresh = url === '/refresh/'
    if (isRefresh) refreshes.sent++
    await pause(200 * Math.random())
    if (incoming.destroyed) return
    const upstream = request({ host: '127.0.0.1', port: target, method, path: url, headers })
    // A page that goes away in the middle of its request leaves half of it.
    incoming.once('close', () => {
      if (!incoming.complete) upstream.destroy()
    })
    upstream.on('error', () => outgoing.destroy())
    incoming.pipe(upstream)
    upstream.on('response', async answer => {
      await pause(200 * Math.random())
      if (isRefresh && Math.random() < loss) {
        refreshes.lost++
        return incoming.socket.destroy()
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
  })
  server.listen(port, '127.0.0.1')
  atEnd(t, async () => {
    server.closeAllConnections()
    server.close()
  })
  return { refreshes }
}
