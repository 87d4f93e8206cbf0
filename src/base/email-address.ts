import { domainToASCII } from 'node:url'

/** An address in the one form that is stored, compared, counted and mailed to. */
declare const canonical: unique symbol
export type EmailAddress = string & { readonly [canonical]: true }

const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i
// Spaces, controls and what nobody sees: the IDNA step drops some of them, and then two texts are one.
const invisible = /[\p{Cc}\p{Z}\p{Default_Ignorable_Code_Point}]/u
// The last label begins with a letter, as those of all names do; numbers there make an IPv4 address of
// it, which the IDNA step reads in many spellings.
const domainPart = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/

/**
 * The canonical form of an address, or null for what is none: outer spaces off, domain in its ASCII
 * form (IDNA), lower case. Quoted local parts, comments, groups, address literals and letters beyond
 * ASCII before the `@` are refused: what two systems may read differently is nobody's address
 * (EML-01, EML-02). At most 254 characters, 64 before the `@` (RFC 5321 §4.5.3.1).
 */
export function canonicalAddress(text: string): EmailAddress | null {
  const trimmed = text.trim()
  const at = trimmed.lastIndexOf('@')
  if (trimmed.length > 254 || at < 1 || at > 64 || invisible.test(trimmed)) return null
  const local = trimmed.slice(0, at)
  const typed = trimmed.slice(at + 1)
  // NFKC would turn look-alikes such as ＠ or ﹒ into syntax; what changes under it is refused.
  if (typed.normalize('NFKC') !== typed.normalize('NFC')) return null
  const domain = domainToASCII(typed).toLowerCase()
  const address = `${local.toLowerCase()}@${domain}`
  if (!localPart.test(local) || !domainPart.test(domain) || address.length > 254) return null
  return address as EmailAddress
}

/** Enough of an address to recognise one's own: `a…@example.com`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, 1)}…${address.slice(at)}`
}
