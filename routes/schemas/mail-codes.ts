import { Type } from 'typebox'
import { closed, Email } from './fields.js'

/** The short code of a mail, as typed: case, spaces and dashes do not matter. */
const Code = Type.String({
  minLength: 1,
  maxLength: 20,
  format: 'text',
  description: 'The eight letters of the mail; case, spaces and dashes do not matter.',
  examples: ['ABCD-EFGH']
})

/** What is typed instead of following a link. */
export const EmailAndCode = closed({ email: Email, code: Code })

/** What asks for a mail. */
export const EmailOnly = closed({ email: Email })
