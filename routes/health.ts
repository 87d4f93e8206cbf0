import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

const Status = Type.Object(
  { status: Type.String() },
  {
    title: 'Health',
    description: 'The process runs, or the service is ready.',
    examples: [{ status: 'ok' }]
  }
)

const config = { auth: 'none', limit: false, servesUnprepared: true } as const

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { health } = fastify

  fastify.get(
    '/health/live',
    {
      config,
      schema: {
        operationId: 'live',
        tags: ['Health'],
        summary: 'Is the process running?',
        description: 'Does not use the database. Restart a process that does not answer.',
        response: { 200: Status }
      }
    },
    async () => ({ status: 'ok' })
  )

  fastify.get(
    '/health/ready',
    {
      config,
      schema: {
        operationId: 'ready',
        tags: ['Health'],
        summary: 'Can the service handle requests?',
        description:
          '200 when the database answers and the keys are loaded, else 503. The service recovers without a restart.',
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
