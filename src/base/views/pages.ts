/** Sentences about wrong fields, by field, in the language of the reader. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>

type Form<Shown extends string = never> = {
  readonly errors?: FieldErrors | undefined
  /** Values to show again in the form; never a password or a code. */
  readonly values?: { readonly [Name in Shown]?: string | undefined } | undefined
}
type Nothing = Readonly<Record<never, never>>
type Masked = { readonly maskedEmail: string }

/** A mail as the development mailbox lists it. */
export type ListedMail = {
  readonly id: string
  readonly subject: string
  readonly recipient: string
  readonly template: string
  readonly state: string
  readonly when: Date
}

/** The fields of each page; `views/README.md` describes them. */
export type Pages = {
  'password-reset/request': Form<'email'>
  'password-reset/sent': Form<'email'>
  'password-reset/new': Form & Masked
  'password-reset/complete': Nothing
  'password-reset/invalid': Nothing
  'registration/verification-sent': Form<'email'> & { readonly resent?: boolean }
  'registration/verify': Masked
  'registration/verified': Nothing
  'registration/contested': Form & Masked
  'registration/verification-failed': Form<'email'> & {
    readonly reason: 'invalid' | 'superseded'
    readonly mailless?: boolean
  }
  'registration/set-password': Form & Masked
  'registration/set-password-complete': Nothing
  'registration/invitation-accepted': Nothing
  'registration/invitation-expired': Form<'email'> & {
    readonly asked?: boolean
    readonly mailless?: boolean
  }
  'email-change/confirm': Masked
  'email-change/confirmed': Masked
  'email-change/undo': Masked
  'email-change/invalid': { readonly kind: 'confirm' | 'undo' }
  'account-deletion/undo': Masked
  'account-deletion/kept': Masked
  'account-deletion/invalid': Nothing
  'mfa/setup': Form & {
    /** The QR code as an SVG document. */
    readonly qrSvg: string
    readonly secret: string
  }
  'mfa/recovery-codes': { readonly codes: readonly string[] }
  'mfa/challenge': Form & { readonly method: 'code' | 'recovery' }
  'mfa/done': { readonly signedIn?: boolean }
  error: {
    readonly status: number
    readonly detail: string
    readonly code: string
    readonly requestId: string
  }
  'dev-mailbox/list': { readonly mails: readonly ListedMail[] }
  'dev-mailbox/mail': Omit<ListedMail, 'template' | 'state'> & {
    readonly from: string
    readonly text: string
    readonly links: readonly string[]
  }
}

export type PageName = keyof Pages

type Definition<Name extends PageName> = {
  /** The fields that the template can read; other fields of the object are dropped (PAG-02). */
  readonly fields: readonly (keyof Pages[Name] & string)[]
  /** Fields of the form. Errors of other fields are shown above the form. */
  readonly form?: readonly string[]
}

const passwords = ['new_password1', 'new_password2'] as const
const form = ['errors', 'values'] as const

/** The fields of every page and of its form. */
export const pages: { readonly [Name in PageName]: Definition<Name> } = {
  'password-reset/request': { fields: form, form: ['email'] },
  'password-reset/sent': { fields: form, form: ['email', 'code'] },
  'password-reset/new': { fields: ['maskedEmail', ...form], form: passwords },
  'password-reset/complete': { fields: [] },
  'password-reset/invalid': { fields: [], form: ['email'] },
  'registration/verification-sent': { fields: ['resent', ...form], form: ['email', 'code'] },
  'registration/verify': { fields: ['maskedEmail'] },
  'registration/verified': { fields: [] },
  'registration/contested': {
    fields: ['maskedEmail', ...form],
    form: ['password', ...passwords]
  },
  'registration/verification-failed': {
    fields: ['reason', 'mailless', ...form],
    form: ['email']
  },
  'registration/set-password': { fields: ['maskedEmail', ...form], form: passwords },
  'registration/set-password-complete': { fields: [] },
  'registration/invitation-accepted': { fields: [] },
  'registration/invitation-expired': { fields: ['asked', 'mailless', ...form], form: ['email'] },
  'email-change/confirm': { fields: ['maskedEmail'] },
  'email-change/confirmed': { fields: ['maskedEmail'] },
  'email-change/undo': { fields: ['maskedEmail'] },
  'email-change/invalid': { fields: ['kind'] },
  'account-deletion/undo': { fields: ['maskedEmail'] },
  'account-deletion/kept': { fields: ['maskedEmail'] },
  'account-deletion/invalid': { fields: [] },
  'mfa/setup': { fields: ['qrSvg', 'secret', ...form], form: ['code'] },
  'mfa/recovery-codes': { fields: ['codes'] },
  'mfa/challenge': { fields: ['method', ...form], form: ['code', 'recovery_code'] },
  'mfa/done': { fields: ['signedIn'] },
  error: { fields: ['status', 'detail', 'code', 'requestId'] },
  'dev-mailbox/list': { fields: ['mails'] },
  'dev-mailbox/mail': { fields: ['id', 'subject', 'recipient', 'from', 'when', 'text', 'links'] }
}

export const pageNames = Object.keys(pages) as PageName[]
