import { Type } from 'typebox'
import { orNull, Timestamp, textOrNull, Uuid } from './lists.js'

const Invitation = {
  role: Type.Integer(),
  role_name: Type.String(),
  created_at: Timestamp,
  accepted_at: orNull(Timestamp)
}

const Fact = Type.Union([
  Type.String(),
  Type.Number(),
  Type.Boolean(),
  Type.Array(Type.String()),
  Type.Null()
])

/** Everything that is stored about a person. */
export const Export = Type.Object(
  {
    version: Type.Integer({
      description: 'Rises when a field changes its meaning or goes away. New fields may come.'
    }),
    created_at: Timestamp,
    account: Type.Object({
      id: Uuid,
      email: Type.String(),
      email_verified_at: orNull(Timestamp),
      pending_email: textOrNull('The new address, while it waits for its confirmation.'),
      first_name: Type.String(),
      last_name: Type.String(),
      role: Type.Integer(),
      role_name: Type.String(),
      locale: textOrNull('The language for mails.'),
      has_password: Type.Boolean(),
      created_at: Timestamp,
      last_login_at: orNull(Timestamp),
      legacy_id: Type.Union([Type.String(), Type.Integer(), Type.Null()], {
        description: 'The key in the installation that the account was imported from.'
      })
    }),
    sessions: Type.Array(
      Type.Object({
        id: Uuid,
        current: Type.Boolean(),
        created_at: Timestamp,
        auth_time: Timestamp,
        last_used_at: Timestamp,
        expires_at: Timestamp,
        transport: Type.String(),
        amr: Type.Array(Type.String()),
        ip: textOrNull('Address at the last sign-in or refresh.'),
        user_agent: textOrNull('User agent at the last sign-in or refresh.')
      })
    ),
    authenticators: Type.Array(
      Type.Object({
        id: Uuid,
        type: Type.String(),
        created_at: Timestamp,
        last_used_at: orNull(Timestamp),
        codes_left: Type.Optional(Type.Integer())
      })
    ),
    activity: Type.Array(
      Type.Object({
        id: Uuid,
        at: Timestamp,
        event: Type.String(),
        outcome: Type.String(),
        by_you: Type.Boolean({ description: 'This account did it.' }),
        about_you: Type.Boolean({
          description: 'It was done to this account. False, for example, for a sent invitation.'
        }),
        session: textOrNull('The session that did it, or that it was done to.'),
        network: textOrNull('Network of the sender.'),
        user_agent: textOrNull('User agent of the sender.'),
        details: Type.Record(Type.String(), Fact)
      })
    ),
    mails: Type.Array(
      Type.Object({
        template: Type.String(),
        recipient: Type.String(),
        state: Type.String(),
        created_at: Timestamp,
        settled_at: orNull(Timestamp)
      }),
      { description: 'Mails of the last 30 days.' }
    ),
    links: Type.Array(
      Type.Object({
        purpose: Type.String(),
        address: Type.String(),
        created_at: Timestamp,
        expires_at: Timestamp,
        redeemed_at: orNull(Timestamp)
      })
    ),
    invitations: Type.Object({
      received: orNull(Type.Object(Invitation)),
      sent: Type.Array(Type.Object({ email: Type.String(), ...Invitation }))
    }),
    identities: Type.Array(
      Type.Object({ provider: Type.String(), uid: Type.String(), created_at: Timestamp }),
      { description: 'Accounts of social providers.' }
    ),
    undo_right: orNull(
      Type.Object({ address: Type.String(), created_at: Timestamp, expires_at: Timestamp })
    ),
    imported_at: orNull(Timestamp),
    imported_sessions: Type.Array(
      Type.Object({
        session: Type.String(),
        created_at: Timestamp,
        expires_at: Timestamp,
        ended_at: orNull(Timestamp)
      })
    )
  },
  {
    description: 'Everything that is stored about the person, without secrets.',
    examples: [
      {
        version: 1,
        created_at: '2026-11-24T09:41:00.000Z',
        account: {
          id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a10',
          email: 'ada@example.com',
          email_verified_at: '2026-11-24T08:00:00.000Z',
          pending_email: null,
          first_name: 'Ada',
          last_name: 'Lovelace',
          role: 0,
          role_name: 'user',
          locale: 'en',
          has_password: true,
          created_at: '2026-11-24T07:59:00.000Z',
          last_login_at: '2026-11-24T09:30:00.000Z',
          legacy_id: null
        },
        sessions: [],
        authenticators: [],
        activity: [],
        mails: [
          {
            template: 'email-verification',
            recipient: 'ada@example.com',
            state: 'sent',
            created_at: '2026-11-24T07:59:00.000Z',
            settled_at: '2026-11-24T07:59:01.000Z'
          }
        ],
        links: [],
        invitations: { received: null, sent: [] },
        identities: [],
        undo_right: null,
        imported_at: null,
        imported_sessions: []
      }
    ]
  }
)
