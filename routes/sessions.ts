import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { listSessions } from '../src/sessions/list.js'
import { logoutDevice, logoutOthers } from '../src/sign-in/end-sessions.js'
import { closed } from './schemas/fields.js'

const when = Type.String({ format: 'date-time' })
const known = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

const ListedSession = Type.Object({
  id: Type.String({ format: 'uuid' }),
  current: Type.Boolean({ description: 'The session of this request.' }),
  created_at: when,
  last_used_at: when,
  expires_at: when,
  transport: Type.String({ description: '`cookie` or `body`.' }),
  amr: Type.Array(Type.String(), { description: 'How the person proved who they are (RFC 8176).' }),
  ip: known('Address at the last sign-in or refresh.'),
  browser: known('Browser, from the user agent.'),
  os: known('Operating system, from the user agent.'),
  device: known('Kind or model of the device, from the user agent.')
})

const SessionList = Type.Object(
  { results: Type.Array(ListedSession), next: Type.Null({ description: 'There is one page.' }) },
  {
    description: 'The live sessions, most recently used first.',
    examples: [
      {
        results: [
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
          }
        ],
        next: null
      }
    ]
  }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/sessions/',
    {
      config: { auth: 'bearer' },
      schema: {
        operationId: 'listSessions',
        summary: 'List the devices one is signed in on',
        response: { 200: SessionList }
      }
    },
    async request => {
      const { user, sessionId } = request.principal
      const sessions = await listSessions(deps, { userId: user.id })
      const results = sessions.map(session => ({
        id: session.id,
        current: session.id === sessionId,
        created_at: session.createdAt.toISOString(),
        last_used_at: session.lastUsedAt.toISOString(),
        expires_at: session.expiresAt.toISOString(),
        transport: session.transport,
        amr: [...session.amr],
        ip: session.ip,
        browser: session.browser,
        os: session.os,
        device: session.device
      }))
      return { results, next: null }
    }
  )

  fastify.delete(
    '/sessions/:id/',
    {
      config: { auth: 'bearer', problems: ['not_found'] },
      schema: {
        operationId: 'endSession',
        summary: 'Sign out on one device',
        params: closed({
          id: Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' })
        }),
        response: { 204: Type.Null({ description: 'Ended.' }) }
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
