import { type TProperties, Type } from 'typebox'

/** A closed object: a field that is not listed is a mistake, and is told. */
export const closed = <const Fields extends TProperties>(fields: Fields, description?: string) =>
  Type.Object(fields, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description })
  })

/** An address as typed. The domain decides what it means. */
export const Email = Type.String({
  minLength: 1,
  maxLength: 254,
  format: 'text',
  description: 'E-mail address.',
  examples: ['ada@example.com']
})

/**
 * A password as typed, never trimmed. Longer here than any password may be: one of 256 characters can
 * be typed in up to four code points each, and the domain counts after it has normalised (PWD-01).
 */
export const Password = Type.String({
  minLength: 1,
  maxLength: 1024,
  format: 'text',
  examples: ['correct horse battery staple']
})

/** A given or family name in any script. */
export const Name = Type.String({ maxLength: 150, format: 'name', examples: ['Ada'] })

export const RefreshTokenText = Type.String({
  minLength: 1,
  maxLength: 4096,
  format: 'text',
  description: 'The refresh token, in body transport.'
})

/** How a client asks where its refresh token shall travel. */
export const TransportHeader = Type.Object({
  'x-refresh-transport': Type.Optional(
    Type.String({
      pattern: '^(cookie|body)$',
      description:
        '`cookie` or `body`: where the refresh token of the new session travels. Without it the installation’s default holds.'
    })
  )
})

/** The token of a link. A shorter text belongs to another path: the answer is 404. */
export const KeyParam = closed({ key: Type.String({ minLength: 20, maxLength: 64 }) })
