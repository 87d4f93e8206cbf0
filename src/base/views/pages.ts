/** Sentences about wrong fields, by field, in the language of the reader. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>

type Form<Shown extends string = never> = {
  readonly errors?: FieldErrors | undefined
  /** Values to show again in the form; never a password or a code. */
  readonly values?: { readonly [Name in Shown]?: string | undefined } | undefined
}
type Nothing = Readonly<Record<never, never>>
type Masked = { readonly maskedEmail: string }
type Address = { readonly email: string }
/** A sentence about what a form has just done. */
type Done = { readonly done: string | null }

/** A device that is signed in. */
export type ListedDevice = {
  readonly id: string
  readonly name: string
  readonly ip: string | null
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly current: boolean
}

/** An event of the account, in words. */
export type ShownEvent = { readonly at: Date; readonly what: string; readonly where: string }

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
  'password-reset/new': Form & Address
  'password-reset/complete': Nothing
  'password-reset/invalid': Nothing
  'registration/form': Form<'email'>
  'registration/closed': Nothing
  'registration/verification-sent': Form<'email'> & {
    readonly resent?: boolean
    /** After a sign-in with the right password. */
    readonly unconfirmed?: boolean
  }
  'registration/verify': Masked
  'registration/verified': Nothing
  'registration/contested': Form & Address
  'registration/verification-failed': Form<'email'> & {
    readonly reason: 'invalid' | 'superseded'
    readonly mailless?: boolean
  }
  'registration/set-password': Form & Address
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
    /** The secret as an `otpauth:` link, for an app on the same device. */
    readonly uri: string
    readonly email: string
    /** The person is signed in, and sets it up in the account. */
    readonly inAccount?: boolean
  }
  'mfa/recovery-codes': {
    readonly codes: readonly string[]
    readonly email: string
    readonly createdAt: Date
    readonly inAccount?: boolean
  }
  'mfa/challenge': Form & Address & { readonly method: 'code' | 'recovery' }
  'mfa/done': { readonly signedIn?: boolean }
  error: {
    readonly status: number
    readonly detail: string
    readonly code: string
    readonly requestId: string
  }
  'login/form': Form<'email'> & {
    /** Seconds until the next attempt. */
    readonly wait?: number | undefined
  }
  'login/signed-in': Address
  'logout/confirm': Address
  'logout/done': Nothing
  'account/index': Address &
    Done & {
      readonly name: string
      readonly pendingEmail: string | null
      readonly unconfirmed: boolean
      /** Null where the second factor is disabled. */
      readonly factor: 'on' | 'off' | null
    }
  'account/profile': Form<'first_name' | 'last_name' | 'language'> & {
    readonly languages: readonly { readonly tag: string; readonly name: string }[]
  }
  'account/email': Form<'email'> & Address & Done & { readonly pendingEmail: string | null }
  'account/password': Form & Address & { readonly asksOld: boolean; readonly endsOthers: boolean }
  'account/mfa': Form &
    Address &
    Done & {
      readonly isOn: boolean
      readonly codesLeft: number
      readonly mayTurnOff: boolean
    }
  'account/devices': Done & { readonly devices: readonly ListedDevice[] }
  'account/export': Form
  'account/delete': Form & {
    /** When the account is erased if it is closed now; null: at once. */
    readonly eraseAt: Date | null
    /** Which code of the second factor the form asks for; null without a second factor. */
    readonly method: 'code' | 'recovery' | null
  }
  'account/deleted': { readonly eraseAt: Date | null }
  'account/activity': {
    readonly events: readonly ShownEvent[]
    /** The `before` of the next page. */
    readonly next: string | null
  }
  'home/development': {
    readonly signedIn: boolean
    readonly mailbox: boolean
    /** Whether there is a page that creates an account. */
    readonly open: boolean
    /** Settings to try that are not in force. */
    readonly hints: readonly ('verification' | 'factor' | 'app')[]
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
  'password-reset/new': { fields: ['email', ...form], form: passwords },
  'password-reset/complete': { fields: [] },
  'password-reset/invalid': { fields: [], form: ['email'] },
  'registration/form': { fields: form, form: ['email', 'password1', 'password2'] },
  'registration/closed': { fields: [] },
  'registration/verification-sent': {
    fields: ['resent', 'unconfirmed', ...form],
    form: ['email', 'code']
  },
  'registration/verify': { fields: ['maskedEmail'] },
  'registration/verified': { fields: [] },
  'registration/contested': {
    fields: ['email', ...form],
    form: ['password', ...passwords]
  },
  'registration/verification-failed': {
    fields: ['reason', 'mailless', ...form],
    form: ['email']
  },
  'registration/set-password': { fields: ['email', ...form], form: passwords },
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
  'mfa/setup': {
    fields: ['qrSvg', 'secret', 'uri', 'email', 'inAccount', ...form],
    form: ['code']
  },
  'mfa/recovery-codes': { fields: ['codes', 'email', 'createdAt', 'inAccount'] },
  'mfa/challenge': { fields: ['method', 'email', ...form], form: ['code', 'recovery_code'] },
  'mfa/done': { fields: ['signedIn'] },
  error: { fields: ['status', 'detail', 'code', 'requestId'] },
  'login/form': { fields: ['wait', ...form], form: ['email', 'password'] },
  'login/signed-in': { fields: ['email'] },
  'logout/confirm': { fields: ['email'] },
  'logout/done': { fields: [] },
  'account/index': { fields: ['email', 'name', 'pendingEmail', 'unconfirmed', 'factor', 'done'] },
  'account/profile': { fields: ['languages', ...form], form: ['first_name', 'last_name'] },
  'account/email': {
    fields: ['email', 'pendingEmail', 'done', ...form],
    form: ['email', 'password']
  },
  'account/password': {
    fields: ['email', 'asksOld', 'endsOthers', ...form],
    form: ['old_password', ...passwords]
  },
  'account/mfa': {
    fields: ['email', 'isOn', 'codesLeft', 'mayTurnOff', 'done', ...form],
    form: ['password', 'password_off']
  },
  'account/devices': { fields: ['devices', 'done'] },
  'account/export': { fields: form, form: ['password'] },
  'account/delete': {
    fields: ['eraseAt', 'method', ...form],
    form: ['password', 'code', 'recovery_code']
  },
  'account/deleted': { fields: ['eraseAt'] },
  'account/activity': { fields: ['events', 'next'] },
  'home/development': { fields: ['signedIn', 'mailbox', 'open', 'hints'] },
  'dev-mailbox/list': { fields: ['mails'] },
  'dev-mailbox/mail': { fields: ['id', 'subject', 'recipient', 'from', 'when', 'text', 'links'] }
}

export const pageNames = Object.keys(pages) as PageName[]
