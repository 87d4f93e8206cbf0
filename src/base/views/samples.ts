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

/** Each page in its states. Templates of an operator are rendered with these values at start. */
export const samplePages: { readonly [Name in PageName]: readonly Pages[Name][] } = {
  'password-reset/request': [{}, { values, errors: errors('email') }],
  'password-reset/sent': [
    { values },
    { values, errors: errors('code') },
    { errors: errors('email', 'non_field_errors') }
  ],
  'password-reset/new': [{ maskedEmail }, { maskedEmail, errors: passwordErrors }],
  'password-reset/complete': [{}],
  'password-reset/invalid': [{}],
  'registration/verification-sent': [
    { values },
    { values, resent: true },
    { values, errors: errors('email', 'code') }
  ],
  'registration/verify': [{ maskedEmail }],
  'registration/verified': [{}],
  'registration/contested': [
    { maskedEmail },
    { maskedEmail, errors: errors('password') },
    { maskedEmail, errors: passwordErrors }
  ],
  'registration/verification-failed': [
    { reason: 'invalid' },
    { reason: 'superseded', values },
    { reason: 'invalid', mailless: true },
    { reason: 'superseded', mailless: true },
    { reason: 'invalid', errors: errors('email') }
  ],
  'registration/set-password': [{ maskedEmail }, { maskedEmail, errors: passwordErrors }],
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
  'mfa/setup': [
    { qrSvg: samplePicture(), secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' },
    { qrSvg: samplePicture(), secret: 'JBSWY3DPEHPK3PXP', errors: errors('code') }
  ],
  'mfa/recovery-codes': [
    {
      codes: [
        'H4KQ-7XPM',
        '9WTC-2ENV',
        'R6YB-M3ZJ',
        'QF8D-K5GA',
        '3NVX-P7HS',
        'T2JM-6CWE',
        'Z9GR-4BKY',
        'D7SP-X8QF',
        'M5AH-N3TV',
        'E6WJ-9RCD'
      ]
    }
  ],
  'mfa/challenge': [
    { method: 'code' },
    { method: 'recovery' },
    { method: 'code', errors: errors('code') }
  ],
  'mfa/done': [{}, { signedIn: true }],
  error: [
    { status: 503, detail: 'The service is busy. Try again later.', code: 'busy', requestId: id }
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
