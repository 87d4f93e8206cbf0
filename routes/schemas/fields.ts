import { type TProperties, Type } from 'typebox'

/** An object that refuses fields that are not listed. */
export const closed = <const Fields extends TProperties>(fields: Fields, description?: string) =>
  Type.Object(fields, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description })
  })

/** An address as typed. `src/base/email-address.ts` checks and normalises it. */
export const Email = Type.String({
  minLength: 1,
  maxLength: 254,
  format: 'text',
  description: 'E-mail address.',
  examples: ['ada@example.com']
})

/**
 * A password as typed, never trimmed. The limit here is higher than that of the policy, which
 * counts characters after normalising: 256 characters can take four code points each (PWD-01).
 */
export const Password = Type.String({
  minLength: 1,
  maxLength: 1024,
  format: 'text',
  examples: ['correct horse battery staple']
})

/** A password in place of an earlier one: the examples would be refused if they were the same. */
export const NewPassword = Type.String({
  minLength: 1,
  maxLength: 1024,
  format: 'text',
  examples: ['a gigantic purple hat']
})

/** A given or family name in any script. */
export const Name = Type.String({ maxLength: 150, format: 'name', examples: ['Ada'] })

export const RefreshTokenText = Type.String({
  minLength: 1,
  maxLength: 4096,
  format: 'text',
  description: 'The refresh token, with body transport.'
})

/** The body of a request that a refresh token authenticates, by itself or in the cookie. */
export const RefreshBody = Type.Object(
  {
    refresh: Type.Optional(
      Type.Unsafe<string | null>({
        ...RefreshTokenText,
        type: ['string', 'null'],
        description: 'The refresh token, with body transport; with the cookie absent or null.'
      })
    )
  },
  { title: 'RefreshRequest', additionalProperties: false }
)

/** The header with which a client chooses the transport of its refresh token. */
export const TransportHeader = Type.Object({
  'x-refresh-transport': Type.Optional(
    Type.Unsafe<'cookie' | 'body'>({
      type: 'string',
      enum: ['cookie', 'body'],
      description:
        'The transport of the refresh token of the new session, in any case. Default: the setting of the installation.'
    })
  )
})

/** The token of a link. A shorter text belongs to another path: the answer is 404. */
export const KeyParam = closed({ key: Type.String({ minLength: 20, maxLength: 64 }) })
