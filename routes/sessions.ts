import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { listSessions } from '../src/sessions/list.js'
import { logoutDevice, logoutOthers } from '../src/sign-in/end-sessions.js'
import { closed } from './schemas/fields.js'
import { IdParam, listOf, Timestamp, textOrNull, Uuid } from './schemas/lists.js'

const SessionList = listOf(
  Type.Object(
    {
      id: Uuid,
      current: Type.Boolean({ description: 'Whether it is the session of this request.' }),
      created_at: Timestamp,
      last_used_at: Timestamp,
      expires_at: Timestamp,
      transport: Type.String({ description: '`cookie` or `body`.' }),
      amr: Type.Array(Type.String(), {
        description: 'How the person proved who they are (RFC 8176).'
      }),
      ip: textOrNull('Address at the last sign-in or refresh.'),
      browser: textOrNull('Browser, from the user agent.'),
      os: textOrNull('Operating system, from the user agent.'),
      device: textOrNull('Kind or model of the device, from the user agent.')
    },
    { title: 'Session' }
  ),
  'The live sessions, most recently used first.',
  {
    id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
    current: true,
    created_at: '2026-11-24T08:00:00.000Z',
    last_used_at: '2026-11-24T09:30:00.000Z',
    expires_at: '2026-12-08T09:30:00.000Z',
    transport: 'cookie',
    amr: ['pwd'],
    ip: '192.0.2.7',
    browser: 'Firefox 140',
    os: 'Linux',
    device: 'desktop'
  },
  Type.Null({ description: 'Always null: the list has one page.' })
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/sessions/',
    {
      config: { auth: 'bearer' },
      schema: {
        operationId: 'listSessions',
        summary: 'List the sessions of the account',
        response: { 200: SessionList }
      }
    },
    async request => {
      const { user, sessionId } = request.principal
      const sessions = await listSessions(deps, { userId: user.id })
      const results = sessions.map(({ createdAt, lastUsedAt, expiresAt, ...session }) => ({
        ...session,
        current: session.id === sessionId,
        created_at: createdAt.toISOString(),
        last_used_at: lastUsedAt.toISOString(),
        expires_at: expiresAt.toISOString(),
        amr: [...session.amr]
      }))
      return { results, next: null }
    }
  )

  fastify.delete(
    '/sessions/:id/',
    {
      config: { auth: 'bearer', problems: ['not_found'], setsCookies: true },
      schema: {
        operationId: 'endSession',
        summary: 'Sign out on one device',
        params: IdParam,
        response: { 204: Type.Null({ description: 'The session ended.' }) }
      }
    },
    async (request, reply) => {
      const { principal } = request
      const { id } = request.params
      await logoutDevice(deps, principal, id, request.sender)
      if (id.toLowerCase() === principal.sessionId) reply.clearRefreshCookie()
      return reply.code(204).send(null)
    }
  )

  fastify.post(
    '/sessions/revoke-others/',
    {
      config: { auth: 'bearer' },
      schema: {
        operationId: 'endOtherSessions',
        summary: 'Sign out on every other device',
        body: closed({}),
        response: {
          200: Type.Object(
            {
              detail: Type.String(),
              revoked: Type.Integer({ description: 'How many sessions ended.' })
            },
            {
              description: 'Done.',
              examples: [{ detail: 'All other sessions were ended.', revoked: 2 }]
            }
          )
        }
      }
    },
    async request => {
      const revoked = await logoutOthers(deps, request.principal, request.sender)
      return { detail: request.language.texts('details', 'sessions_revoked'), revoked }
    }
  )
}

export default routes
