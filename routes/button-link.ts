import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { answerPrefetch } from '../plugins/http/forms.js'
import { wantsPage } from '../plugins/http/negotiate.js'
import type { ProblemCode } from '../src/base/errors/catalogue.js'
import { Problem } from '../src/base/errors/problem.js'
import type { LinkKey } from '../src/links/link.js'
import { type MailedLink, openMailedLink } from '../src/user/mailed-link.js'
import { Detail, Page, Prefetched, Redirect } from './schemas/answers.js'
import { closed, KeyParam } from './schemas/fields.js'

type Fastify = Parameters<FastifyPluginAsyncTypebox>[0]

/** One kind of mailed link, and what its four routes do. */
export type ButtonLink = {
  /** Where the button is; the link is below it. */
  readonly path: `/${string}/`
  /** The purpose of the link, and the flow of its cookie. */
  readonly purpose: 'email_change' | 'email_change_undo' | 'account_deletion_undo'
  readonly operations: Readonly<Record<'open' | 'show' | 'press' | 'act', string>>
  readonly summaries: Readonly<Record<'open' | 'show' | 'press' | 'act', string>>
  readonly description: string
  /** Key and English text of the sentence in the answer. */
  readonly detail: readonly [key: string, example: string]
  /** Does what the link is for. After a second click it gives the answer of the first. */
  readonly perform: (key: LinkKey, request: FastifyRequest, reply: FastifyReply) => Promise<void>
  readonly showLink: (link: MailedLink, reply: FastifyReply) => FastifyReply
  readonly showInvalid: (reply: FastifyReply) => FastifyReply
  /** The page after the button. */
  readonly next: string
  /** The answer to a program sets a cookie. */
  readonly setsCookies?: true
  readonly problems: readonly ProblemCode[]
}

/**
 * Adds the routes of a mailed link. It leaves a cookie and redirects to a page with a button, and the button
 * acts. Programs post the token.
 */
export function serveButtonLink(fastify: Fastify, link: ButtonLink): void {
  const { deps } = fastify
  const { path, purpose, operations, summaries, perform, showLink, problems } = link
  const linkUrl = `${path}:key/`
  const [detail, example] = link.detail
  const config = { auth: 'none', limit: 'password_reset', problems: ['link_invalid'] } as const
  const page = { ...config, page: true } as const
  const errorHandler: RouteOptions['errorHandler'] = (error, request, reply) => {
    const isDead = error instanceof Problem && error.code === 'link_invalid'
    if (!isDead || !wantsPage(request)) throw error
    return link.showInvalid(reply)
  }

  fastify.route({
    method: ['GET', 'HEAD'],
    url: linkUrl,
    config: page,
    errorHandler,
    schema: {
      operationId: operations.open,
      summary: summaries.open,
      description:
        'Sets a cookie and redirects to the page with the button, whose URL contains no token. It does not change the account.',
      params: KeyParam,
      response: { 204: Prefetched, 302: Redirect }
    },
    preHandler: answerPrefetch,
    handler: async (request, reply) => {
      const { key: token } = request.params as { key: string }
      const { id } = await openMailedLink(deps, { token }, purpose)
      return reply.startFlow(purpose, id).redirect(`${deps.config.BASE_PATH}${path}`, 302)
    }
  })

  fastify.get(
    path,
    {
      config: page,
      errorHandler,
      schema: {
        operationId: operations.show,
        summary: summaries.show,
        response: { 200: Page, 302: Redirect }
      }
    },
    async (request, reply) => {
      const id = request.readFlow(purpose)
      if (!id) throw new Problem('link_invalid')
      return showLink(await openMailedLink(deps, { id }, purpose), reply)
    }
  )

  fastify.post(
    path,
    {
      config: { auth: 'flow', flow: purpose, page: true, limit: 'password_reset', problems },
      errorHandler,
      schema: {
        operationId: operations.press,
        summary: summaries.press,
        body: closed({}),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      await perform({ id: request.flow }, request, reply)
      return reply.redirect(link.next, 303)
    }
  )

  fastify.post(
    linkUrl,
    {
      config: { ...config, problems, ...(link.setsCookies && { setsCookies: true }) },
      schema: {
        operationId: operations.act,
        summary: summaries.act,
        description: link.description,
        params: KeyParam,
        body: closed({}),
        response: { 200: Detail(example) }
      }
    },
    async (request, reply) => {
      const { key: token } = request.params as { key: string }
      await perform({ token }, request, reply)
      return { detail: request.language.texts('details', detail) }
    }
  )
}
