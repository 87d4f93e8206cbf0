import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The header in which the proxies name the client. Only one is read: a client may send the other. */
export type ProxyHeader = 'X-Forwarded-For' | 'Forwarded'

type Request = {
  /** The address of the connection. */
  readonly peer: string
  readonly headers: IncomingHttpHeaders
}

/** Whether an address is one of the listed proxies. */
export function proxyMatcher(proxies: readonly string[]): (address: string) => boolean {
  const ranges = proxies.map(range => ipaddr.parseCIDR(range))
  return address => {
    const parsed = ipaddr.process(address)
    return ranges.some(range => parsed.kind() === range[0].kind() && parsed.match(range))
  }
}

/**
 * Finds the address of the client behind the listed proxies: the right-most one that is no proxy
 * (BRF-06). An entry without an address, such as `unknown`, counts as the proxy that wrote it, so that
 * such clients do not share one network with the clients of other proxies.
 */
export function clientAddressBehind(
  proxies: readonly string[],
  header: ProxyHeader
): (request: Request) => string {
  if (proxies.length === 0) return ({ peer }) => peer
  const isProxy = proxyMatcher(proxies)
  const name = header.toLowerCase()
  return ({ peer, headers }) => {
    let client = peer
    for (const entry of entriesFromRight(String(headers[name] ?? ''))) {
      if (isIP(withoutZone(client)) === 0 || !isProxy(withoutZone(client))) return client
      const address = addressOf(header === 'Forwarded' ? forOf(entry) : entry)
      if (address === null) return client
      client = address
    }
    return client
  }
}

/**
 * The entries of a list, the last one first. Quotes are matched from the right: the proxy's own entry is
 * well formed, while a quote that the client has opened further left could swallow it.
 */
function* entriesFromRight(list: string): Generator<string> {
  let end = list.length
  let isQuoted = false
  for (let index = list.length - 1; index >= -1; index--) {
    const character = list[index]
    if (character === '"') isQuoted = !isQuoted
    if (index >= 0 && (character !== ',' || isQuoted)) continue
    const entry = list.slice(index + 1, end).trim()
    end = index
    if (entry !== '') yield entry
  }
}

/** The `for` parameter of an element of `Forwarded` (RFC 7239 §5.2). */
function forOf(element: string): string {
  for (const pair of element.split(';')) {
    const [, value] = /^\s*for\s*=\s*(.*?)\s*$/i.exec(pair) ?? []
    if (value !== undefined) return value
  }
  return ''
}

/**
 * The address in a node identifier (RFC 7239 §6), with or without quotes, brackets, a port or a zone;
 * null for `unknown`, an obfuscated identifier and anything else.
 */
function addressOf(node: string): string | null {
  const text = node.replace(/^"(.*)"$/, '$1')
  const [, inBrackets, ofIpv4] =
    /^(?:\[([^\]]*)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(text) ?? []
  const address = withoutZone(inBrackets ?? ofIpv4 ?? text)
  return isIP(address) === 0 ? null : address
}

const withoutZone = (address: string) => address.replace(/%.*$/, '')
