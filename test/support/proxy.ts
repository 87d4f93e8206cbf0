import { once } from 'node:events'
import net from 'node:net'
import type { TestContext } from 'node:test'
import pg from 'pg'
import { atEnd } from './at-end.js'

/** A wire between service and database that a test can cut, stall and mend. */
export type Proxy = {
  /** The database as seen through the wire. */
  readonly url: string
  /** Breaks every connection and refuses new ones. */
  cut(): Promise<void>
  /** Connections stay and are made, and nothing comes through. */
  stall(): void
  /** Everything as at first; what was held back comes through. */
  mend(): Promise<void>
  /** New connections lead to this server, as an address does that moves in a failover. */
  leadTo(port: number): void
}

type Pair = readonly [net.Socket, net.Socket]

/** Puts a wire before a database; it ends with the test. */
export async function startProxy(t: TestContext, databaseUrl: string): Promise<Proxy> {
  let target = addressOf(databaseUrl)
  const pairs = new Set<Pair>()
  let stalled = false
  const server = net.createServer(socket => {
    const pair = [socket, net.connect(target)] as const
    pairs.add(pair)
    forward(pair)
    forward([pair[1], pair[0]])
    if (stalled) for (const end of pair) end.pause()
    socket.on('close', () => pairs.delete(pair))
  })
  await listen(server, 0)
  const { port } = server.address() as net.AddressInfo

  async function cut() {
    const closed = server.listening ? once(server, 'close') : null
    server.close()
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy()
      upstream.destroy()
    }
    await closed
  }
  atEnd(t, cut)

  return {
    url: through(databaseUrl, port),
    cut,
    stall() {
      stalled = true
      for (const pair of pairs) for (const end of pair) end.pause()
    },
    async mend() {
      stalled = false
      for (const pair of pairs) for (const end of pair) end.resume()
      if (!server.listening) await listen(server, port)
    },
    leadTo(port) {
      target = { host: '127.0.0.1', port }
    }
  }
}

function forward([from, to]: Pair) {
  from.on('data', data => to.write(data))
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}

async function listen(server: net.Server, port: number) {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

/** Where a database listens; pg itself knows best how a URL names a socket. */
function addressOf(databaseUrl: string): net.NetConnectOpts {
  const { host, port } = new pg.Client(databaseUrl)
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
}

function through(databaseUrl: string, port: number): string {
  const { user = '', database = '' } = new pg.Client(databaseUrl)
  const password = new pg.Client(databaseUrl).password
  const secret = password ? `:${encodeURIComponent(password)}` : ''
  const who = `${encodeURIComponent(user)}${secret}`
  const options = new URL(databaseUrl).searchParams.get('options')
  const path = options === null ? '' : `?options=${encodeURIComponent(options)}`
  return `postgresql://${who}@127.0.0.1:${port}/${encodeURIComponent(database)}${path}`
}
