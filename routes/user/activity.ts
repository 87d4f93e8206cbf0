import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { listEvents } from '../../src/audit/list.js'
import { closed } from '../schemas/fields.js'
import { Before, listOf, Timestamp, textOrNull, Uuid } from '../schemas/lists.js'

const Activity = listOf(
  Type.Object({
    id: Uuid,
    at: Timestamp,
    event: Type.String({ description: 'A stable name, `login` for instance.' }),
    outcome: Type.String({ description: '`success` or `failure`.' }),
    by_you: Type.Boolean({
      description: 'Done by this account; false for strangers and operators.'
    }),
    session: textOrNull('The session it was done in or to.'),
    network: textOrNull('Where it came from, an IPv4 address or an IPv6 /64.'),
    user_agent: textOrNull('What the device said of itself.')
  }),
  'What happened to the account, newest first.',
  {
    id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
    at: '2026-11-24T08:00:00.000Z',
    event: 'login',
    outcome: 'success',
    by_you: true,
    session: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a10',
    network: '192.0.2.7',
    user_agent: 'Mozilla/5.0 …'
  }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/user/activity/',
    {
      config: { auth: 'bearer' },
      schema: {
        operationId: 'listActivity',
        summary: 'Read what happened to one’s own account',
        querystring: closed({ before: Before }),
        response: { 200: Activity }
      }
    },
    async request => {
      const { id: subjectId } = request.principal.user
      const { before } = request.query
      const page = await listEvents(deps, { subjectId, limit: 50, ...(before && { before }) })
      const results = page.results.map(event => ({
        id: event.id,
        at: event.at.toISOString(),
        event: event.event,
        outcome: event.outcome,
        by_you: event.actorId === subjectId,
        session: event.sessionId,
        network: event.network,
        user_agent: event.userAgent
      }))
      return { results, next: page.next }
    }
  )
}

export default routes
