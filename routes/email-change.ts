import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isForm, isPrefetch } from '../plugins/http/forms.js'
import { limitedTo } from '../plugins/http/limited-to.js'
import { wantsPage } from '../plugins/http/negotiate.js'
import { maskAddress } from '../src/base/email-address.js'
import { Problem } from '../src/base/errors/problem.js'
import { confirmChange } from '../src/user/email-change/confirm.js'
import { openChangeLink } from '../src/user/email-change/open.js'
import { undoChange } from '../src/user/email-change/undo.js'
import { answers, answersToBody, Detail, Page, Redirect } from './schemas/answers.js'
import { closed } from './schemas/fields.js'

/** The token of a link; what is much shorter is some other path, and not found. */
const Key = closed({ key: Type.String({ minLength: 20, maxLength: 64 }) })

const kinds = { confirm: 'email_change', undo: 'email_change_undo' } as const
type Kind = keyof typeof kinds

/**
 * The links of an address change. Each leaves its token in a cookie and leads to a page with a
 * button, and the button acts (contract A.3.24); programs post the token themselves.
 */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('password-reset', config.RATE_LIMIT_PASSWORD_RESET)
  const pageOf = (kind: Kind) => `${config.BASE_PATH}/user/email/${kind}/`
  const formPage = config.PASSWORD_RESET_REDIRECT ?? `${config.BASE_PATH}/password/reset/default/`
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  function fail(request: FastifyRequest, reply: FastifyReply, kind: Kind) {
    if (wantsPage(request) || isForm(request))
      return reply.page('email-change/invalid', { kind }, 400)
    throw new Problem('link_invalid')
  }

  function openLink(kind: Kind, operationId: string) {
    fastify.route({
      method: ['GET', 'HEAD'],
      url: `/user/email/${kind}/:key/`,
      config: { auth: 'none', page: true, rateLimit },
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
        response: answers(
          { 204: Type.Null({ description: 'A prefetch.' }), 302: Redirect },
          'link_invalid'
        )
      },
      handler: async (request, reply) => {
        if (isPrefetch(request)) return reply.code(204).send(null)
        const { key } = request.params as { key: string }
        if ((await openChangeLink(deps, key, kinds[kind])) === null)
          return fail(request, reply, kind)
        return reply.keepLink(kinds[kind], key).redirect(pageOf(kind), 302)
      }
    })
  }

  openLink('confirm', 'openEmailChange')
  openLink('undo', 'openEmailChangeUndo')

  fastify.get(
    '/user/email/confirm/',
    {
      config: { auth: 'none', page: true, rateLimit },
      schema: {
        operationId: 'showEmailChange',
        tags: ['Account'],
        summary: 'Page that confirms a new address, or says that it is confirmed',
        security: [],
        response: answers({ 200: Page }, 'link_invalid')
      }
    },
    async (request, reply) => {
      const link = await openChangeLink(deps, request.keptLink(kinds.confirm), kinds.confirm)
      if (link === null) return fail(request, reply, 'confirm')
      const page = link.isDone ? 'email-change/confirmed' : 'email-change/confirm'
      return reply.page(page, { maskedEmail: maskAddress(link.address) })
    }
  )

  fastify.get(
    '/user/email/undo/',
    {
      config: { auth: 'none', page: true, rateLimit },
      schema: {
        operationId: 'showEmailChangeUndo',
        tags: ['Account'],
        summary: 'Page that undoes an address change',
        security: [],
        response: answers({ 200: Page, 302: Redirect }, 'link_invalid')
      }
    },
    async (request, reply) => {
      const link = await openChangeLink(deps, request.keptLink(kinds.undo), kinds.undo)
      if (link === null) return fail(request, reply, 'undo')
      if (link.isDone) return reply.redirect(formPage, 302)
      return reply.page('email-change/undo', { maskedEmail: maskAddress(link.address) })
    }
  )

  /** For the form of the page, by the cookie: whatever was done already, by a click before, is done. */
  fastify.post(
    '/user/email/confirm/',
    {
      config: { auth: 'capability', page: true, rateLimit },
      schema: {
        operationId: 'confirmEmailChangeByPage',
        tags: ['Account'],
        summary: 'Change to the address whose link this browser opened',
        security: [],
        body: closed({}),
        response: answersToBody({ 303: Redirect }, 'link_invalid', 'cross_site_request')
      }
    },
    async (request, reply) => {
      const token = request.keptLink(kinds.confirm)
      if (token !== null) await confirmChange(deps, token, request.sender)
      const link = await openChangeLink(deps, token, kinds.confirm)
      if (!link?.isDone) return fail(request, reply, 'confirm')
      return reply.redirect(pageOf('confirm'), 303)
    }
  )

  fastify.post(
    '/user/email/undo/',
    {
      config: { auth: 'capability', page: true, rateLimit },
      schema: {
        operationId: 'undoEmailChangeByPage',
        tags: ['Account'],
        summary: 'Take the address change back whose link this browser opened',
        security: [],
        body: closed({}),
        response: answersToBody({ 303: Redirect }, 'link_invalid', 'cross_site_request')
      }
    },
    async (request, reply) => {
      const token = request.keptLink(kinds.undo)
      const reset = token && (await undoChange(deps, token, request.sender))
      if (reset) {
        reply.putCapability('passwordReset', reset, reset.expiresAt)
      } else if (!(await openChangeLink(deps, token, kinds.undo))?.isDone) {
        return fail(request, reply, 'undo')
      }
      return reply.redirect(formPage, 303)
    }
  )

  fastify.post(
    '/user/email/confirm/:key/',
    {
      config: { auth: 'none', rateLimit },
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
    async request => {
      const address = await confirmChange(deps, request.params.key, request.sender)
      if (address === null) throw new Problem('link_invalid')
      return { detail: request.language.texts('details', 'email_changed') }
    }
  )

  fastify.post(
    '/user/email/undo/:key/',
    {
      config: { auth: 'none', rateLimit },
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
          { 200: Detail('The change was undone. Now choose a new password.') },
          'link_invalid'
        )
      }
    },
    async (request, reply) => {
      const reset = await undoChange(deps, request.params.key, request.sender)
      if (reset === null) throw new Problem('link_invalid')
      reply.putCapability('passwordReset', reset, reset.expiresAt)
      return { detail: request.language.texts('details', 'email_change_undone') }
    }
  )
}

export default routes
