import type { Config } from '../config/load.js'

/** What a mail can show beside what the settings say; each takes what it is about. */
export type MailContext = {
  readonly link?: string | null
  /** 8 characters to type instead of following the link. */
  readonly code?: string | null
  /** How long link and code work, where that is not the lifetime in the settings. */
  readonly expiresInHours?: number
  readonly newAddressMasked?: string
  /** When it happened, ISO 8601. */
  readonly when?: string
  /** Recovery codes that are left. */
  readonly remaining?: number
}

/** The fields that reach a template of a mail (PAG-02). */
export const mailFields = [
  'link',
  'code',
  'expiresInHours',
  'newAddressMasked',
  'when',
  'remaining'
] as const satisfies readonly (keyof MailContext)[]

/** Every mail there is: a folder each under `views/mails`. */
export const mailNames = [
  'account-exists',
  'admin-link',
  'email-change-confirm',
  'email-change-requested',
  'email-changed',
  'email-verification',
  'invitation',
  'mfa-attempts',
  'mfa-disabled',
  'mfa-enabled',
  'password-changed',
  'password-reset',
  'recovery-code-used',
  'recovery-codes-low',
  'session-ended'
] as const
export type MailName = (typeof mailNames)[number]

/** What each mail is given, beside the lifetimes; its templates are tried with this and no more. */
export const mailGets: { readonly [Name in MailName]: readonly (keyof MailContext)[] } = {
  'account-exists': [],
  'admin-link': ['link'],
  'email-change-confirm': ['link'],
  'email-change-requested': ['newAddressMasked'],
  'email-changed': ['newAddressMasked', 'link'],
  'email-verification': ['link', 'code'],
  invitation: ['link'],
  'mfa-attempts': ['when'],
  'mfa-disabled': ['when'],
  'mfa-enabled': ['when'],
  'password-changed': [],
  'password-reset': ['link', 'code'],
  'recovery-code-used': ['when', 'remaining'],
  'recovery-codes-low': ['when', 'remaining'],
  'session-ended': ['when']
}

const undoHours = 72

/** How long what a mail carries works, by the settings. */
export function lifetimeHours(
  template: MailName,
  config: Pick<Config, 'PASSWORD_RESET_TIMEOUT' | 'ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS'>
): number {
  if (template === 'email-changed') return undoHours
  const seconds = /^(password-reset|admin-link)$/.test(template)
    ? config.PASSWORD_RESET_TIMEOUT
    : config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS
  return seconds / 3600
}
