import type { FastifyInstance } from 'fastify'
import type { Pages } from '../src/base/views/pages.js'
import { Page } from './schemas/answers.js'

/** Pages that need to be told nothing. */
type PlainPage = {
  [Name in keyof Pages]: Record<never, never> extends Pages[Name] ? Name : never
}[keyof Pages]

/** A route that shows a page, whoever asks. */
export const showPage = (
  fastify: FastifyInstance,
  url: string,
  page: PlainPage,
  schema: { operationId: string; tags: string[]; summary: string }
) =>
  fastify.get(
    url,
    {
      config: { auth: 'none', page: true },
      schema: { ...schema, security: [], response: { 200: Page } }
    },
    async (_request, reply) => reply.page(page, {} as never)
  )
