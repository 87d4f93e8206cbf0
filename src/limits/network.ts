import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * What counts as one network: an IPv4 address, or the /64 of an IPv6 address, whose owner has all of
 * it. Spellings of one address and IPv4 mapped into IPv6 are the same network (BRF-07).
 */
export function networkOf(address: string): string {
  // Node takes no spelling but the canonical one, and most addresses are of this kind.
  if (isIPv4(address)) return address
  if (!ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const prefix = (parsed as ipaddr.IPv6).toByteArray().slice(0, 8)
  return `${ipaddr.fromByteArray([...prefix, 0, 0, 0, 0, 0, 0, 0, 0]).toString()}/64`
}
