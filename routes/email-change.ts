import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { limitedTo } from '../plugins/rate-limit.js'
import { maskAddress } from '../src/accounts/mask.js'
import { confirmChange, inspectChange } from '../src/email-change/confirm-change.js'
import { inspectUndo, undoChange } from '../src/email-change/undo-change.js'
import { Problem } from '../src/errors/problem.js'
import { isForm, isPrefetch } from './forms.js'
import { answers, answersToBody, Detail, Page, Redirect } from './schemas/answers.js'
import { closed } from './schemas/fields.js'

/** The token of a link; what is much shorter is some other path, and not found. */
const Key = closed({ key: Type.String({ minLength: 20, maxLength: 64 }) })

/** The links of an address change: each shows a button, and the button acts (contract A.3.24). */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('password-reset', config.RATE_LIMIT_PASSWORD_RESET)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  function fail(request: FastifyRequest, reply: FastifyReply, kind: 'confirm' | 'undo') {
    if (request.wantsPage || isForm(request))
      return reply.page('email-change/invalid', { kind }, 400)
    throw new Problem('link_invalid')
  }

  /** The page with the button, for a link that is still good. */
  function showButton(kind: 'confirm' | 'undo', inspect: typeof inspectChange) {
    fastify.route({
      method: ['GET', 'HEAD'],
      url: `/user/email/${kind}/:key/`,
      config: { auth: 'none', page: true, rateLimit },
      schema: {
        operationId: kind === 'confirm' ? 'showEmailChange' : 'showEmailChangeUndo',
        tags: ['Account'],
        summary:
          kind === 'confirm'
            ? 'Page that confirms a new address'
            : 'Page that undoes an address change',
        description: 'Shows a button that posts to the same URL. Opening it changes nothing.',
        security: [],
        params: Key,
        response: answers(
          { 200: Page, 204: Type.Null({ description: 'A prefetch.' }) },
          'link_invalid'
        )
      },
      handler: async (request, reply) => {
        if (isPrefetch(request)) return reply.code(204).send(null)
        const address = await inspect(deps, (request.params as { key: string }).key)
        if (address === null) return fail(request, reply, kind)
        return reply.page(`email-change/${kind}`, { maskedEmail: maskAddress(address) })
      }
    })
  }

  showButton('confirm', inspectChange)
  fastify.post(
    '/user/email/confirm/:key/',
    {
      config: { auth: 'none', page: true, rateLimit },
      schema: {
        operationId: 'confirmEmailChange',
        tags: ['Account'],
        summary: 'Change to the address that the link proves',
        description:
          'Sessions stay. The old address is told, with a link that undoes the change for 72 hours.',
        security: [],
        params: Key,
        body: closed({}),
        response: answersToBody({ 200: Detail('The address was changed.') }, 'link_invalid')
      }
    },
    async (request, reply) => {
      const address = await confirmChange(deps, request.params.key, request.device)
      if (address === null) return fail(request, reply, 'confirm')
      if (isForm(request))
        return reply.page('email-change/confirmed', { maskedEmail: maskAddress(address) })
      return { detail: request.texts('details', 'email_changed') }
    }
  )

  showButton('undo', inspectUndo)
  fastify.post(
    '/user/email/undo/:key/',
    {
      config: { auth: 'none', page: true, rateLimit },
      schema: {
        operationId: 'undoEmailChange',
        tags: ['Account'],
        summary: 'Take an address change back',
        description:
          'The old address returns, every session ends, and a password reset begins: the answer leaves the cookie that allows a new password.',
        security: [],
        params: Key,
        body: closed({}),
        response: answersToBody(
          { 200: Detail('The change was undone. Now choose a new password.'), 303: Redirect },
          'link_invalid'
        )
      }
    },
    async (request, reply) => {
      const reset = await undoChange(deps, request.params.key, request.device)
      if (reset === null) return fail(request, reply, 'undo')
      reply.putCapability('passwordReset', reset, reset.expiresAt)
      const formPage =
        config.PASSWORD_RESET_REDIRECT ?? `${config.BASE_PATH}/password/reset/default/`
      if (isForm(request)) return reply.redirect(formPage, 303)
      return { detail: request.texts('details', 'email_change_undone') }
    }
  )
}

export default routes
