import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { listEvents } from '../../src/audit/list.js'
import { closed } from '../schemas/fields.js'

const orNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

const Activity = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        id: Type.String({ format: 'uuid' }),
        at: Type.String({ format: 'date-time' }),
        event: Type.String({ description: 'A stable name, `login` for instance.' }),
        outcome: Type.String({ description: '`success` or `failure`.' }),
        by_you: Type.Boolean({
          description: 'Done by this account; false for strangers and operators.'
        }),
        session: orNull('The session it was done in or to.'),
        network: orNull('Where it came from, an IPv4 address or an IPv6 /64.'),
        user_agent: orNull('What the device said of itself.')
      })
    ),
    next: orNull('The value of `before` for the next page.')
  },
  {
    description: 'What happened to the account, newest first.',
    examples: [
      {
        results: [
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
        ],
        next: null
      }
    ]
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
        querystring: closed({
          before: Type.Optional(
            Type.String({
              pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
              description: 'The `next` of the page before.'
            })
          )
        }),
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
