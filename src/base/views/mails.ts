import type { Config } from '../config/load.js'

/** The fields of mails. {@link fieldsOfMail} lists those of each mail. */
export type MailContext = {
  readonly link?: string | null
  /** 8 characters to type instead of following the link. */
  readonly code?: string | null
  /** How long link and code work, if not as long as the settings say. */
  readonly expiresInHours?: number
  readonly newAddressMasked?: string
  /** The present address of the account, masked. */
  readonly addressMasked?: string
  /** Time of the event, ISO 8601. */
  readonly when?: string
  /** Browser and system from which the event came. */
  readonly device?: string
  /** The network from which the event came: an IPv4 address, or an IPv6 /64. */
  readonly network?: string
  /** The address of the person who invites; null for an operator. */
  readonly inviter?: string | null
  /** When an account that waits for its deletion is erased, ISO 8601. */
  readonly erasedAt?: string
  /** Number of unused recovery codes. */
  readonly remaining?: number
  /** Number of events that this mail tells of together, since the one before. */
  readonly times?: number
}

/** What every mail about an event of an account says of it. */
const event = ['when', 'device', 'network'] as const

/**
 * The fields of each mail; each name is a folder under `views/mails`. The link of `email-changed` and
 * `mfa-enabled` is missing when the undo right belongs to an earlier address.
 */
const fields = {
  'account-deleted': [...event, 'times'],
  'account-deletion': [...event, 'link', 'erasedAt'],
  'account-exists': ['erasedAt'],
  'admin-link': ['link'],
  'changes-undone': [...event, 'addressMasked', 'times'],
  'email-change-confirm': ['link'],
  'email-change-requested': [...event, 'newAddressMasked', 'times'],
  'email-changed': [...event, 'newAddressMasked', 'times', 'link'],
  'email-verification': ['link', 'code'],
  invitation: ['link', 'inviter'],
  'mfa-attempts': [...event],
  'mfa-disabled': [...event, 'times'],
  'mfa-enabled': [...event, 'times', 'link'],
  'password-changed': [...event, 'times'],
  'password-reset': ['link', 'code'],
  'recovery-code-used': [...event, 'remaining', 'times'],
  'recovery-codes-low': [...event, 'remaining', 'times'],
  'session-ended': [...event],
  test: ['when']
} as const satisfies Record<string, readonly (keyof MailContext)[]>
export type MailName = keyof typeof fields

/** The fields that a caller gives each mail. Templates of an operator are tested with these fields only. */
export const fieldsOfMail: Readonly<Record<MailName, readonly (keyof MailContext)[]>> = fields
export const mailNames = Object.keys(fields) as readonly MailName[]

/** The fields that templates of mails can read (PAG-02). */
export const mailFields = [...new Set(['expiresInHours', ...Object.values(fieldsOfMail).flat()])]

const undoHours = 72

/** Lifetime of the link or code in a mail, in hours. */
export function lifetimeHours(
  template: MailName,
  config: Pick<Config, 'PASSWORD_RESET_TIMEOUT' | 'ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS'>
): number {
  if (/^(email-changed|mfa-enabled)$/.test(template)) return undoHours
  const seconds = /^(password-reset|admin-link)$/.test(template)
    ? config.PASSWORD_RESET_TIMEOUT
    : config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS
  return seconds / 3600
}
