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
  /** When an account that waits for its deletion is erased, ISO 8601. */
  readonly erasedAt?: string
  /** Number of unused recovery codes. */
  readonly remaining?: number
  /** Number of events that this mail tells of together, since the one before. */
  readonly times?: number
}

/**
 * The fields of each mail; each name is a folder under `views/mails`. The link of `email-changed` and
 * `mfa-enabled` is missing when the undo right belongs to an earlier address.
 */
const fields = {
  'account-deleted': ['when', 'times'],
  'account-deletion': ['link', 'when', 'erasedAt'],
  'account-exists': ['erasedAt'],
  'admin-link': ['link'],
  'changes-undone': ['addressMasked', 'when', 'times'],
  'email-change-confirm': ['link'],
  'email-change-requested': ['newAddressMasked', 'times'],
  'email-changed': ['newAddressMasked', 'times', 'link'],
  'email-verification': ['link', 'code'],
  invitation: ['link'],
  'mfa-attempts': ['when'],
  'mfa-disabled': ['when', 'times'],
  'mfa-enabled': ['when', 'times', 'link'],
  'password-changed': ['times'],
  'password-reset': ['link', 'code'],
  'recovery-code-used': ['when', 'remaining', 'times'],
  'recovery-codes-low': ['when', 'remaining', 'times'],
  'session-ended': ['when'],
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
