import type { MailContext } from './mails.js'
import type { PageName, Pages } from './pages.js'

const values = { email: 'ada@example.com' }
const errors = (...fields: readonly string[]) =>
  Object.fromEntries(fields.map(field => [field, ['This value is not valid.']]))
const maskedEmail = 'a•••@example.com'
const when = new Date('2026-11-24T09:41:00Z')
const passwordErrors = errors('new_password1', 'new_password2')
const mail = { subject: 'Confirm your address', recipient: 'ada@example.com', when }
const id = '01939f0e-7e4c-7c8e-9a55-2f1b4c6d8e90'

const { email } = values
const account = { email, pendingEmail: null }
const languages = [
  { tag: 'en', name: 'English' },
  { tag: 'de', name: 'Deutsch' }
]
const device = {
  id,
  name: 'Firefox 140 · Linux',
  ip: '192.0.2.7',
  createdAt: when,
  lastUsedAt: when,
  current: true
}
const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const setup = {
  qrSvg: samplePicture(),
  secret,
  uri: `otpauth://totp/ada%40example.com?secret=${secret}&issuer=Postern`,
  email
}
const shownCodes = {
  email,
  createdAt: when,
  codes: [
    'H4KQ-7XPM-9WTC-2ENV',
    'R6YB-M3ZJ-QF8D-K5GA',
    '3NVX-P7HS-T2JM-6CWE',
    'Z9GR-4BKY-D7SP-X8QF',
    'M5AH-N3TV-E6WJ-9RCD',
    'K2XP-8DQM-W4ZN-V7HB',
    'F9CT-5RGJ-Y3LS-A6KE',
    'B8MV-Q2WN-H7PX-D4ZR',
    'T5JC-G9YF-S3KA-M6QE',
    'X7RB-L4HN-C2WD-P8VG'
  ]
}

/** Each page in its states. Templates of an operator are rendered with these values at start. */
export const samplePages: { readonly [Name in PageName]: readonly Pages[Name][] } = {
  'password-reset/request': [{}, { values, errors: errors('email') }],
  'password-reset/sent': [
    { values },
    { values, errors: errors('code') },
    { errors: errors('email', 'non_field_errors') }
  ],
  'password-reset/new': [{ email }, { email, errors: passwordErrors }],
  'password-reset/complete': [{}],
  'password-reset/invalid': [{}],
  'registration/form': [{}, { values, errors: errors('email', 'password1', 'password2') }],
  'registration/closed': [{}],
  'registration/verification-sent': [
    { values, unconfirmed: true },
    { values },
    { values, resent: true },
    { values, errors: errors('email', 'code') }
  ],
  'registration/verify': [{ maskedEmail }],
  'registration/verified': [{}],
  'registration/contested': [
    { email },
    { email, errors: errors('password') },
    { email, errors: passwordErrors }
  ],
  'registration/verification-failed': [
    { reason: 'invalid' },
    { reason: 'superseded', values },
    { reason: 'invalid', mailless: true },
    { reason: 'superseded', mailless: true },
    { reason: 'invalid', errors: errors('email') }
  ],
  'registration/set-password': [{ email }, { email, errors: passwordErrors }],
  'registration/set-password-complete': [{}],
  'registration/invitation-accepted': [{}],
  'registration/invitation-expired': [
    {},
    { asked: true },
    { mailless: true },
    { values, errors: errors('email', 'non_field_errors') }
  ],
  'email-change/confirm': [{ maskedEmail }],
  'email-change/confirmed': [{ maskedEmail }],
  'email-change/undo': [{ maskedEmail }],
  'email-change/invalid': [{ kind: 'confirm' }, { kind: 'undo' }],
  'account-deletion/undo': [{ maskedEmail }],
  'account-deletion/kept': [{ maskedEmail }],
  'account-deletion/invalid': [{}],
  'mfa/setup': [setup, { ...setup, inAccount: true, errors: errors('code') }],
  'mfa/recovery-codes': [shownCodes, { ...shownCodes, inAccount: true }],
  'mfa/challenge': [
    { email, method: 'code' },
    { email, method: 'recovery' },
    { email, method: 'code', errors: errors('code') }
  ],
  'mfa/done': [{}, { signedIn: true }],
  error: [
    { status: 503, detail: 'The service is busy. Try again later.', code: 'busy', requestId: id },
    {
      status: 400,
      detail: 'This sign-in has expired. Sign in again.',
      code: 'challenge_invalid',
      requestId: id
    }
  ],
  'login/form': [
    {},
    { values, errors: { non_field_errors: ['Incorrect credentials'] } },
    { values, errors: { non_field_errors: ['Too many requests.'] }, wait: 240 }
  ],
  'login/signed-in': [{ email }],
  'logout/confirm': [{ email }],
  'logout/done': [{}],
  'account/index': [
    { ...account, name: 'Ada Lovelace', factor: 'on', done: null, unconfirmed: false },
    { ...account, name: '', factor: 'off', done: 'Your name is saved.', unconfirmed: true },
    {
      ...account,
      name: 'Ada',
      factor: null,
      done: null,
      unconfirmed: false,
      pendingEmail: 'ada@example.org'
    }
  ],
  'account/profile': [
    { languages, values: { first_name: 'Ada', last_name: 'Lovelace', language: 'de' } },
    { languages, values: { first_name: 'Ada', last_name: '' }, errors: errors('first_name') }
  ],
  'account/email': [
    { ...account, done: null },
    { ...account, values, done: null, errors: errors('email', 'password') },
    { ...account, pendingEmail: 'ada@example.org', done: 'We sent a link to the new address.' }
  ],
  'account/password': [
    { email, asksOld: true, endsOthers: true },
    { email, asksOld: true, endsOthers: false, errors: errors('old_password', 'new_password1') }
  ],
  'account/mfa': [
    { email, isOn: false, codesLeft: 0, mayTurnOff: true, done: null },
    { email, isOn: true, codesLeft: 8, mayTurnOff: true, done: 'Your recovery codes are ready.' },
    { email, isOn: true, codesLeft: 8, mayTurnOff: false, done: null, errors: errors('password') },
    {
      email,
      isOn: true,
      codesLeft: 2,
      mayTurnOff: true,
      done: null,
      errors: errors('password_off')
    }
  ],
  'account/devices': [
    { done: null, devices: [device] },
    {
      done: 'That device is signed out.',
      devices: [device, { ...device, name: '', ip: null, current: false }]
    }
  ],
  'account/export': [{}, { errors: errors('password') }],
  'account/delete': [
    { eraseAt: when, method: null },
    { eraseAt: null, method: 'code', errors: errors('code') },
    { eraseAt: when, method: 'recovery', errors: errors('password') }
  ],
  'account/deleted': [{ eraseAt: when }, { eraseAt: null }],
  'account/activity': [
    {
      next: id,
      events: [
        { at: when, what: 'Signed in', where: 'Firefox 140 · Linux · 192.0.2.7' },
        { at: when, what: 'Failed sign-in', where: '' }
      ]
    },
    { next: null, events: [] }
  ],
  'home/development': [
    { signedIn: false, mailbox: true, open: true, hints: ['verification', 'factor', 'app'] },
    { signedIn: true, mailbox: false, open: true, hints: ['app'] },
    { signedIn: false, mailbox: false, open: false, hints: [] }
  ],
  'dev-mailbox/list': [
    { mails: [] },
    {
      mails: [
        { ...mail, id, template: 'email-verification', state: 'sent' },
        { ...mail, id, subject: 'Reset your password', template: 'password-reset', state: 'queued' }
      ]
    }
  ],
  'dev-mailbox/mail': [
    {
      ...mail,
      id,
      from: 'Postern <no-reply@localhost>',
      text: 'Confirm your address\n\nhttp://localhost:3000/registration/verification/…/\n',
      links: ['http://localhost:3000/registration/verification/MTkzOWYwZS03ZTRjLTdjOGU/']
    }
  ]
}

/** A value for every field of mails. */
export const sampleMail: MailContext = {
  link: 'https://auth.example.com/password/reset/confirm/AZOfDn5MfI6aVS8bTG2OkA/Mjdkc0QzaFpRTGJ0ZVJ4dg/',
  code: 'K7M3XQ9T',
  newAddressMasked: 'b•••@example.org',
  addressMasked: 'a•••@example.com',
  when: '2026-11-24T09:41:00.000Z',
  device: 'Firefox 140 · Linux',
  network: '192.0.2.7',
  inviter: 'ada@example.com',
  erasedAt: '2026-12-08T09:41:00.000Z',
  remaining: 2,
  times: 3
}

/** A square picture in place of a QR code. */
function samplePicture(): string {
  const dots = Array.from({ length: 29 * 29 }, (_, index) => index)
    .filter(index => (index * index + 7 * index) % 11 < 5)
    .map(index => `M${index % 29} ${Math.floor(index / 29)}h1v1h-1z`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 33 33"><path d="${dots.join('')}"/></svg>`
}
