import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isForm, isPrefetch } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { wantsPage } from '../../plugins/http/negotiate.js'
import { maskAddress } from '../../src/base/email-address.js'
import { Problem } from '../../src/base/errors/problem.js'
import { confirmChange } from '../../src/user/email-change/confirm.js'
import { openChangeLink } from '../../src/user/email-change/open.js'
import { undoChange } from '../../src/user/email-change/undo.js'
import { Detail, Page, Redirect } from '../schemas/answers.js'
import { closed } from '../schemas/fields.js'

/** The token of a link; what is much shorter is some other path, and not found. */
const Key = closed({ key: Type.String({ minLength: 20, maxLength: 64 }) })

/** The kinds of link, as URLs name them: the flow and the purpose of each. */
const kinds = { confirm: 'email_change', undo: 'email_change_undo' } as const
type Kind = keyof typeof kinds

/**
 * The links of an address change. Each leaves its token in a cookie and leads to a page with a
 * button, and the button acts; programs post the token themselves.
 */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('password_reset', config.RATE_LIMIT_PASSWORD_RESET)
  const pageOf = (kind: Kind) => `${config.BASE_PATH}/user/email/${kind}/`
  const formPage = config.PASSWORD_RESET_REDIRECT ?? `${config.BASE_PATH}/password/reset/default/`
  if (config.EMAIL_DISABLED) return
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  /** A dead link is a page to people. */
  const showInvalid =
    (kind: Kind) => (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      const isDead = error instanceof Problem && error.code === 'link_invalid'
      if (!isDead || !(wantsPage(request) || isForm(request))) throw error
      return reply.page('email-change/invalid', { kind }, 400)
    }

  function openLink(kind: Kind, operationId: string) {
    fastify.route({
      method: ['GET', 'HEAD'],
      url: `/user/email/${kind}/:key/`,
      config: { auth: 'none', page: true, rateLimit, problems: ['link_invalid'] },
      errorHandler: showInvalid(kind),
      schema: {
        operationId,
        tags: ['Account'],
        summary:
          kind === 'confirm'
            ? 'Follow the link that confirms a new address'
            : 'Follow the link that undoes an address change',
        description:
          'Leaves the token in a cookie and goes to the page with the button, whose URL holds none. Opening it changes nothing.',
        security: [],
        params: Key,
        response: { 204: Type.Null({ description: 'A prefetch.' }), 302: Redirect }
      },
      handler: async (request, reply) => {
        if (isPrefetch(request)) return reply.code(204).send(null)
        const { key: token } = request.params as { key: string }
        const { id } = await openChangeLink(deps, { token }, kinds[kind])
        return reply.startFlow(kinds[kind], id).redirect(pageOf(kind), 302)
      }
    })
  }

  function openedLink(request: FastifyRequest, kind: Kind) {
    const id = request.readFlow(kinds[kind])
    if (!id) throw new Problem('link_invalid')
    return openChangeLink(deps, { id }, kinds[kind])
  }

  openLink('confirm', 'openEmailChange')
  openLink('undo', 'openEmailChangeUndo')

  fastify.get(
    '/user/email/confirm/',
    {
      config: { auth: 'none', page: true, rateLimit, problems: ['link_invalid'] },
      errorHandler: showInvalid('confirm'),
      schema: {
        operationId: 'showEmailChange',
        tags: ['Account'],
        summary: 'Page that confirms a new address, or says that it is confirmed',
        security: [],
        response: { 200: Page }
      }
    },
    async (request, reply) => {
      const link = await openedLink(request, 'confirm')
      const page = link.isDone ? 'email-change/confirmed' : 'email-change/confirm'
      return reply.page(page, { maskedEmail: maskAddress(link.address) })
    }
  )

  fastify.get(
    '/user/email/undo/',
    {
      config: { auth: 'none', page: true, rateLimit, problems: ['link_invalid'] },
      errorHandler: showInvalid('undo'),
      schema: {
        operationId: 'showEmailChangeUndo',
        tags: ['Account'],
        summary: 'Page that undoes an address change',
        security: [],
        response: { 200: Page, 302: Redirect }
      }
    },
    async (request, reply) => {
      const link = await openedLink(request, 'undo')
      if (link.isDone) return reply.redirect(formPage, 302)
      return reply.page('email-change/undo', { maskedEmail: maskAddress(link.address) })
    }
  )

  /** For the form of the page, by the cookie: whatever was done already, by a click before, is done. */
  fastify.post(
    '/user/email/confirm/',
    {
      config: { auth: 'flow', flow: 'email_change', page: true, rateLimit },
      errorHandler: showInvalid('confirm'),
      schema: {
        operationId: 'confirmEmailChangeByPage',
        tags: ['Account'],
        summary: 'Change to the address whose link this browser opened',
        security: [],
        body: closed({}),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { isDone } = await openedLink(request, 'confirm')
      if (!isDone) await confirmChange(deps, { id: request.flow }, request.sender)
      return reply.redirect(pageOf('confirm'), 303)
    }
  )

  fastify.post(
    '/user/email/undo/',
    {
      config: { auth: 'flow', flow: 'email_change_undo', page: true, rateLimit },
      errorHandler: showInvalid('undo'),
      schema: {
        operationId: 'undoEmailChangeByPage',
        tags: ['Account'],
        summary: 'Take the address change back whose link this browser opened',
        security: [],
        body: closed({}),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { isDone } = await openedLink(request, 'undo')
      if (!isDone) {
        const reset = await undoChange(deps, { id: request.flow }, request.sender)
        if (reset !== null) reply.startFlow('password_reset', reset.id, reset.expiresAt)
      }
      return reply.redirect(formPage, 303)
    }
  )

  fastify.post(
    '/user/email/confirm/:key/',
    {
      config: { auth: 'none', rateLimit, problems: ['link_invalid'] },
      schema: {
        operationId: 'confirmEmailChange',
        tags: ['Account'],
        summary: 'Change to the address that the link proves',
        description:
          'Sessions stay. The old address is told, with a link that undoes the change for 72 hours.',
        security: [],
        params: Key,
        body: closed({}),
        response: { 200: Detail('The address was changed.') }
      }
    },
    async request => {
      await confirmChange(deps, { token: request.params.key }, request.sender)
      return { detail: request.language.texts('details', 'email_changed') }
    }
  )

  fastify.post(
    '/user/email/undo/:key/',
    {
      config: { auth: 'none', rateLimit, problems: ['link_invalid'] },
      schema: {
        operationId: 'undoEmailChange',
        tags: ['Account'],
        summary: 'Take an address change back',
        description:
          'The old address returns, every session ends, and a password reset begins: the answer leaves the cookie that allows a new password.',
        security: [],
        params: Key,
        body: closed({}),
        response: { 200: Detail('The change was undone. Now choose a new password.') }
      }
    },
    async (request, reply) => {
      const reset = await undoChange(deps, { token: request.params.key }, request.sender)
      if (reset === null) throw new Problem('link_invalid')
      reply.startFlow('password_reset', reset.id, reset.expiresAt)
      return { detail: request.language.texts('details', 'email_change_undone') }
    }
  )
}

export default routes
