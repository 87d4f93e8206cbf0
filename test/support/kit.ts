import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type ClientOptions,
  createClient,
  type Fetch,
  type PosternClient,
  type TokenStorage
} from '../../src/kit/client/client.js'
import { startApp, type TestApp } from './app.js'
import { freePort } from './free-port.js'

/** A service that listens where its tokens say, for clients that speak HTTP. */
export async function startListening(
  t: TestContext,
  settings: Readonly<Record<string, string>> = {}
): Promise<TestApp & { readonly url: string }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const service = await startApp(t, { PUBLIC_URL: url, ...settings })
  await service.app.listen({ host: '127.0.0.1', port })
  return { ...service, url }
}

/** The store of a device, as slow as one of flash memory. It survives the app. */
export function deviceStorage(): TokenStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    async getItem(key) {
      await pause(1)
      return kept.get(key) ?? null
    },
    async setItem(key, value) {
      await pause(1)
      kept.set(key, value)
    },
    async removeItem(key) {
      await pause(1)
      kept.delete(key)
    }
  }
}

/** A network between a client and the service that a test can count on, and cut. */
export type Network = {
  readonly fetch: Fetch
  /** The paths of the requests that were sent, with their method. */
  readonly requests: string[]
  /** What happens to the next requests: the answer is lost, or another one comes. */
  readonly faults: ('lost' | Response)[]
  isDown: boolean
}

export function openNetwork(): Network {
  const network: Network = {
    requests: [],
    faults: [],
    isDown: false,
    async fetch(input, init) {
      const { pathname } = new URL(input instanceof Request ? input.url : String(input))
      const method = init?.method ?? (input instanceof Request ? input.method : 'GET')
      network.requests.push(`${method} ${pathname}`)
      if (network.isDown) throw new TypeError('fetch failed')
      const fault = network.faults.shift()
      if (fault instanceof Response) return fault
      const answer = await fetch(input, init)
      if (fault === 'lost') throw new TypeError('terminated')
      return answer
    }
  }
  return network
}

/** A device with its store: each call of `open` is the app started again. */
export function newDevice(url: string, options: Partial<ClientOptions> = {}) {
  const network = openNetwork()
  const storage = deviceStorage()
  const open = (): PosternClient =>
    createClient({ url, fetch: network.fetch, ...options, transport: 'body', storage })
  return { network, storage, open }
}
