import { domainToASCII } from 'node:url'

/** An address in canonical form: the only form that is stored, compared, counted and mailed to. */
declare const canonical: unique symbol
export type EmailAddress = string & { readonly [canonical]: true }

const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i
// Spaces, controls and invisible characters. The IDNA step removes some of them, so two different
// texts would become the same address.
const invisible = /[\p{Cc}\p{Z}\p{Default_Ignorable_Code_Point}]/u
// The last label begins with a letter. With a digit it could be an IPv4 address, which the IDNA step
// accepts in many spellings.
const domainPart = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/

/**
 * The canonical form of an address, or null for an invalid one: no outer spaces, domain in ASCII form
 * (IDNA), lower case. Quoted local parts, comments, groups, address literals and non-ASCII letters
 * before the `@` are refused, because systems read them differently (EML-01, EML-02). At most 254
 * characters, 64 before the `@` (RFC 5321 §4.5.3.1).
 */
export function canonicalAddress(text: string): EmailAddress | null {
  const trimmed = text.trim()
  const at = trimmed.lastIndexOf('@')
  if (trimmed.length > 254 || at < 1 || at > 64 || invisible.test(trimmed)) return null
  const local = trimmed.slice(0, at)
  const typed = trimmed.slice(at + 1)
  // NFKC turns look-alikes such as ＠ and ﹒ into syntax, so a domain that NFKC changes is refused.
  if (typed.normalize('NFKC') !== typed.normalize('NFC')) return null
  const domain = domainToASCII(typed).toLowerCase()
  const address = `${local.toLowerCase()}@${domain}`
  if (!localPart.test(local) || !domainPart.test(domain) || address.length > 254) return null
  return address as EmailAddress
}

/** Part of an address by which its owner recognises it: `a…@example.com`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, 1)}…${address.slice(at)}`
}
