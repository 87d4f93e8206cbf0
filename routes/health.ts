import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Status = Type.Object(
  { status: Type.String() },
  { description: 'Yes.', examples: [{ status: 'ok' }] }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { health } = fastify

  fastify.get(
    '/health/live',
    {
      config: { auth: 'none', rateLimit: false, servesUnprepared: true },
      schema: {
        operationId: 'live',
        tags: ['Health'],
        summary: 'Is the process up?',
        description:
          'Asks nothing of the database. A process that does not answer wants a restart.',
        response: { 200: Status }
      }
    },
    async () => ({ status: 'ok' })
  )

  fastify.get(
    '/health/ready',
    {
      config: { auth: 'none', rateLimit: false, servesUnprepared: true },
      schema: {
        operationId: 'ready',
        tags: ['Health'],
        summary: 'Can it serve?',
        description:
          'The database answers and the keys have been read. 503 otherwise; it recovers by itself.',
        response: { 200: Status }
      }
    },
    async () => {
      await health()
      return { status: 'ok' }
    }
  )
}

export default routes
