import type { FastifyInstance } from 'fastify'
import type { Pages } from '../src/base/views/pages.js'
import { Page } from './schemas/answers.js'

/** Pages without required fields. */
type PlainPage = {
  [Name in keyof Pages]: Record<never, never> extends Pages[Name] ? Name : never
}[keyof Pages]

/** Adds a route that shows the same page to every client. */
export const showPage = (
  fastify: FastifyInstance,
  url: string,
  page: PlainPage,
  schema: { operationId: string; summary: string }
) =>
  fastify.get(
    url,
    { config: { auth: 'none', page: true }, schema: { ...schema, response: { 200: Page } } },
    async (_request, reply) => reply.page(page, {} as never)
  )
