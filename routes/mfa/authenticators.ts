import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { listAuthenticators } from '../../src/mfa/authenticators.js'
import { orNull, Timestamp, Uuid } from '../schemas/lists.js'

const Authenticators = Type.Array(
  Type.Object(
    {
      id: Uuid,
      type: Type.String({ description: '`totp` or `recovery_codes`.' }),
      created_at: Timestamp,
      last_used_at: orNull(Timestamp),
      codes_left: Type.Optional(
        Type.Integer({ description: 'Only for recovery codes: the number of unused codes.' })
      )
    },
    { title: 'Authenticator' }
  ),
  {
    title: 'Authenticators',
    description: 'The authenticators of the account. Empty without a second factor.',
    examples: [
      [
        {
          id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
          type: 'totp',
          created_at: '2026-11-24T08:00:00.000Z',
          last_used_at: '2026-11-24T09:30:00.000Z'
        },
        {
          id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a12',
          type: 'recovery_codes',
          created_at: '2026-11-24T08:00:00.000Z',
          last_used_at: null,
          codes_left: 10
        }
      ]
    ]
  }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/mfa/authenticators/',
    {
      config: { auth: 'bearer', limit: 'mfa', problems: ['mfa_disabled'] },
      schema: {
        operationId: 'listAuthenticators',
        summary: 'List the second factors of the account',
        response: { 200: Authenticators }
      }
    },
    async request => {
      const factors = await listAuthenticators(deps.db, request.principal.user.id)
      return factors.map(({ id, type, createdAt, lastUsedAt, codesLeft }) => ({
        id,
        type,
        created_at: createdAt.toISOString(),
        last_used_at: lastUsedAt?.toISOString() ?? null,
        ...(codesLeft === undefined ? {} : { codes_left: codesLeft })
      }))
    }
  )
}

export default routes
