import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../src/base/errors/problem.js'
import { onceAMinute } from '../src/base/once-a-minute.js'
import { isUnsafe } from './http/methods.js'
import { prefersPage, wantsPage } from './http/negotiate.js'
import { problemBody, problemOf } from './http/problem-body.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is for browsers too: the body may be a form. */
    page?: true
  }
}

/** Gives every error the same body, `{ detail, code, errors? }`, or a page to a browser's navigation. */
export default fp(
  async fastify => {
    fastify.setErrorHandler<FastifyError>((error, request, reply) => {
      const problem = problemOf(error, request)
      if (problem.statusCode === 500) request.log.error({ err: error }, 'request failed')
      else if (problem.statusCode === 503) tellOnce(error)
      try {
        return send(problem, request, reply)
      } catch (err) {
        // A text is missing in a locale. Fastify's own answer would show the internal error.
        request.log.error({ err }, 'an error could not be rendered')
        return send(new Problem('internal_error'), request, reply)
      }
    })

    /** The request has a line of its own in the request log, without the cause. */
    const tellOnce = onceAMinute(err =>
      fastify.log.warn(
        { err },
        'requests are refused; further ones with this cause are not logged for a minute'
      )
    )

    function send(problem: Problem, request: FastifyRequest, reply: FastifyReply) {
      const { statusCode, details } = problem
      const { config } = request.routeOptions
      const body = problemBody(problem, request.language.texts)
      if (details.retryAfter !== undefined) reply.header('retry-after', details.retryAfter)
      if (statusCode === 401)
        reply.header('www-authenticate', config.auth === 'flow' ? 'Cookie' : 'Bearer')
      const isNavigation = !isUnsafe(request.method) && prefersPage(request)
      if (isNavigation || (config.page === true && wantsPage(request))) {
        const { detail, code } = body
        return reply.page('error', { status: statusCode, detail, code }, statusCode)
      }
      return reply
        .code(statusCode)
        .type('application/json; charset=utf-8')
        .serializer(JSON.stringify)
        .send(body)
    }
  },
  { name: 'errors', fastify: '5.x', dependencies: ['language', 'views'] }
)
