import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * The network of an address for limits: the IPv4 address, or the /64 of an IPv6 address, because one
 * customer usually has a whole /64. Other spellings and IPv4-mapped IPv6 give the same network (BRF-07).
 */
export function networkOf(address: string): string {
  // Fast path: isIPv4 accepts only the canonical spelling.
  if (isIPv4(address)) return address
  if (!ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const prefix = (parsed as ipaddr.IPv6).toByteArray().slice(0, 8)
  return `${ipaddr.fromByteArray([...prefix, 0, 0, 0, 0, 0, 0, 0, 0]).toString()}/64`
}
