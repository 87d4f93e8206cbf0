import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { Type } from 'typebox'
import { isPrefetch } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { wantsPage } from '../../plugins/http/negotiate.js'
import { maskAddress } from '../../src/base/email-address.js'
import { Problem } from '../../src/base/errors/problem.js'
import type { LinkKey } from '../../src/links/link.js'
import { confirmChange } from '../../src/user/email-change/confirm.js'
import { type ChangeLink, openChangeLink } from '../../src/user/email-change/open.js'
import { undoChange } from '../../src/user/email-change/undo.js'
import { Detail, Page, Redirect } from '../schemas/answers.js'
import { closed } from '../schemas/fields.js'

/** The token of a link; what is much shorter is some other path, and not found. */
const Key = closed({ key: Type.String({ minLength: 20, maxLength: 64 }) })
const tags = ['Account']

/** One kind of link: how the document calls its four routes, and what they do. */
type Kind = {
  readonly kind: 'confirm' | 'undo'
  /** The purpose of the link, and the flow of its cookie. */
  readonly purpose: 'email_change' | 'email_change_undo'
  readonly name: 'EmailChange' | 'EmailChangeUndo'
  readonly open: string
  readonly show: string
  readonly press: { operationId: string; summary: string }
  readonly act: { operationId: string; summary: string; description: string }
  readonly detail: readonly [key: string, example: string]
  /** Does what the link is for; whether it had not been done a moment ago. */
  readonly perform: (key: LinkKey, request: FastifyRequest, reply: FastifyReply) => Promise<boolean>
  readonly showLink: (link: ChangeLink, reply: FastifyReply) => FastifyReply
  /** Where the button leads. */
  readonly next: string
}

/**
 * The links of an address change. Each leaves a cookie and leads to a page with a button, and the
 * button acts; programs post the token themselves.
 */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  if (config.EMAIL_DISABLED) return
  const formPage = config.PASSWORD_RESET_REDIRECT ?? `${config.BASE_PATH}/password/reset/default/`
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  serve({
    kind: 'confirm',
    purpose: 'email_change',
    name: 'EmailChange',
    open: 'Follow the link that confirms a new address',
    show: 'Page that confirms a new address, or says that it is confirmed',
    press: {
      operationId: 'confirmEmailChangeByPage',
      summary: 'Change to the address whose link this browser opened'
    },
    act: {
      operationId: 'confirmEmailChange',
      summary: 'Change to the address that the link proves',
      description:
        'Sessions stay. The old address is told, with a link that undoes the change for 72 hours.'
    },
    detail: ['email_changed', 'The address was changed.'],
    perform: async (key, { sender }) => {
      await confirmChange(deps, key, sender)
      return true
    },
    showLink: ({ isDone, address }, reply) =>
      reply.page(isDone ? 'email-change/confirmed' : 'email-change/confirm', {
        maskedEmail: maskAddress(address)
      }),
    next: `${config.BASE_PATH}/user/email/confirm/`
  })

  serve({
    kind: 'undo',
    purpose: 'email_change_undo',
    name: 'EmailChangeUndo',
    open: 'Follow the link that undoes an address change',
    show: 'Page that undoes an address change',
    press: {
      operationId: 'undoEmailChangeByPage',
      summary: 'Take the address change back whose link this browser opened'
    },
    act: {
      operationId: 'undoEmailChange',
      summary: 'Take an address change back',
      description:
        'The old address returns, every session ends, and a password reset begins: the answer leaves the cookie that allows a new password.'
    },
    detail: ['email_change_undone', 'The change was undone. Now choose a new password.'],
    perform: async (key, { sender }, reply) => {
      const reset = await undoChange(deps, key, sender)
      if (reset !== null) reply.startFlow('password_reset', reset.id, reset.expiresAt)
      return reset !== null
    },
    showLink: ({ isDone, address }, reply) =>
      isDone
        ? reply.redirect(formPage, 302)
        : reply.page('email-change/undo', { maskedEmail: maskAddress(address) }),
    next: formPage
  })

  function serve({ kind, purpose, name, detail: [key, example], ...it }: Kind) {
    const rateLimit = limitedTo('password_reset', config.RATE_LIMIT_PASSWORD_RESET)
    const page = { auth: 'none', page: true, rateLimit, problems: ['link_invalid'] } as const
    /** A dead link is a page to people. */
    const errorHandler: RouteOptions['errorHandler'] = (error, request, reply) => {
      const isDead = error instanceof Problem && error.code === 'link_invalid'
      if (!isDead || !wantsPage(request)) throw error
      return reply.page('email-change/invalid', { kind }, 400)
    }

    fastify.route({
      method: ['GET', 'HEAD'],
      url: `/user/email/${kind}/:key/`,
      config: page,
      errorHandler,
      schema: {
        operationId: `open${name}`,
        tags,
        summary: it.open,
        description:
          'Leaves a cookie and goes to the page with the button, whose URL holds no token. Opening it changes nothing.',
        security: [],
        params: Key,
        response: { 204: Type.Null({ description: 'A prefetch.' }), 302: Redirect }
      },
      handler: async (request, reply) => {
        if (isPrefetch(request)) return reply.code(204).send(null)
        const { key: token } = request.params as { key: string }
        const { id } = await openChangeLink(deps, { token }, purpose)
        return reply.startFlow(purpose, id).redirect(`${config.BASE_PATH}/user/email/${kind}/`, 302)
      }
    })

    fastify.get(
      `/user/email/${kind}/`,
      {
        config: page,
        errorHandler,
        schema: {
          operationId: `show${name}`,
          tags,
          summary: it.show,
          security: [],
          response: { 200: Page, 302: Redirect }
        }
      },
      async (request, reply) => {
        const id = request.readFlow(purpose)
        if (!id) throw new Problem('link_invalid')
        return it.showLink(await openChangeLink(deps, { id }, purpose), reply)
      }
    )

    // For the form of the page: whatever was done already, by a click before, is done.
    fastify.post(
      `/user/email/${kind}/`,
      {
        config: { auth: 'flow', flow: purpose, page: true, rateLimit },
        errorHandler,
        schema: {
          ...it.press,
          tags,
          security: [],
          body: closed({}),
          response: { 303: Redirect }
        }
      },
      async (request, reply) => {
        const { id, isDone } = await openChangeLink(deps, { id: request.flow }, purpose)
        if (!isDone) await it.perform({ id }, request, reply)
        return reply.redirect(it.next, 303)
      }
    )

    fastify.post(
      `/user/email/${kind}/:key/`,
      {
        config: { auth: 'none', rateLimit, problems: ['link_invalid'] },
        schema: {
          ...it.act,
          tags,
          security: [],
          params: Key,
          body: closed({}),
          response: { 200: Detail(example) }
        }
      },
      async (request, reply) => {
        if (!(await it.perform({ token: request.params.key }, request, reply)))
          throw new Problem('link_invalid')
        return { detail: request.language.texts('details', key) }
      }
    )
  }
}

export default routes
