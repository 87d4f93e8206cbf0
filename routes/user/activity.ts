import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { listEvents } from '../../src/audit/list.js'
import { closed } from '../schemas/fields.js'
import { Before, listOf, Timestamp, textOrNull, Uuid } from '../schemas/lists.js'

const Activity = listOf(
  Type.Object(
    {
      id: Uuid,
      at: Timestamp,
      event: Type.String({ description: 'A stable name, for example `login`.' }),
      outcome: Type.String({ description: '`success` or `failure`.' }),
      by_you: Type.Boolean({
        description: 'True when this account did it, false for other people and operators.'
      }),
      session: textOrNull('The session that did it, or that it was done to.'),
      network: textOrNull('Network of the sender: an IPv4 address or an IPv6 /64.'),
      user_agent: textOrNull('User agent of the sender.')
    },
    { title: 'ActivityEvent' }
  ),
  'Events of the account, newest first.',
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
        summary: 'List the events of the account',
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
