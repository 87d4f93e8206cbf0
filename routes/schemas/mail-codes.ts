import { Type } from 'typebox'
import { Email } from './fields.js'

const Code = Type.String({
  minLength: 1,
  maxLength: 20,
  format: 'text',
  description: 'The eight letters from the mail. Case, spaces and dashes do not matter.',
  examples: ['ABCD-EFGH']
})

/** The fields of a form that takes the code in place of the link. */
export const emailAndCode = { email: Email, code: Code }

/** The body of a request for a mail. */
export const EmailOnly = Type.Object(
  { email: Email },
  { title: 'EmailRequest', additionalProperties: false }
)
