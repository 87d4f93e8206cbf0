import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { answerPrefetch } from '../../plugins/http/forms.js'
import { wantsPage } from '../../plugins/http/negotiate.js'
import { maskAddress } from '../../src/base/email-address.js'
import type { ProblemCode } from '../../src/base/errors/catalogue.js'
import { Problem } from '../../src/base/errors/problem.js'
import type { LinkKey } from '../../src/links/link.js'
import { confirmChange } from '../../src/user/email-change/confirm.js'
import { type ChangeLink, openChangeLink } from '../../src/user/email-change/open.js'
import { undoChange } from '../../src/user/email-change/undo.js'
import { Detail, Page, Prefetched, Redirect } from '../schemas/answers.js'
import { closed, KeyParam } from '../schemas/fields.js'

/** One kind of link, and what its four routes do. */
type Kind = {
  readonly kind: 'confirm' | 'undo'
  /** The purpose of the link, and the flow of its cookie. */
  readonly purpose: 'email_change' | 'email_change_undo'
  readonly name: 'EmailChange' | 'EmailChangeUndo'
  readonly summaries: Readonly<Record<'open' | 'show' | 'press' | 'act', string>>
  readonly description: string
  /** Key and English text of the sentence in the answer. */
  readonly detail: readonly [key: string, example: string]
  /** Does what the link is for. After a second click it gives the answer of the first. */
  readonly perform: (key: LinkKey, request: FastifyRequest, reply: FastifyReply) => Promise<void>
  readonly showLink: (link: ChangeLink, reply: FastifyReply) => FastifyReply
  /** The page after the button. */
  readonly next: string
  readonly problems: readonly ProblemCode[]
}

/**
 * The links of an address change. A link leaves a cookie and redirects to a page with a button, and
 * the button makes the change. Programs post the token.
 */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  if (config.EMAIL_DISABLED) return
  const formPage = config.PASSWORD_RESET_REDIRECT ?? `${config.BASE_PATH}/password/reset/default/`

  serve({
    kind: 'confirm',
    purpose: 'email_change',
    name: 'EmailChange',
    summaries: {
      open: 'Follow the link that confirms a new address',
      show: 'Page that confirms a new address, or says that it is confirmed',
      press: 'Form that confirms the address change',
      act: 'Confirm an address change'
    },
    description:
      'Sessions stay open. The old address gets a mail with a link that undoes the change for 72 hours, unless such a link is open already for an earlier address. While another account has or reserves the address, the answer is `email_taken`, and the link stays valid.',
    detail: ['email_changed', 'The address was changed.'],
    perform: (key, { sender }) => confirmChange(deps, key, sender),
    showLink: ({ isDone, address }, reply) =>
      reply.page(isDone ? 'email-change/confirmed' : 'email-change/confirm', {
        maskedEmail: maskAddress(address)
      }),
    next: `${config.BASE_PATH}/user/email/confirm/`,
    problems: ['link_invalid', 'email_taken']
  })

  serve({
    kind: 'undo',
    purpose: 'email_change_undo',
    name: 'EmailChangeUndo',
    summaries: {
      open: 'Follow the link that takes an account back',
      show: 'Page that takes an account back',
      press: 'Form that takes an account back',
      act: 'Take an account back'
    },
    description:
      'Restores the address that the link was mailed to, removes a second factor that was set up since, ends every session and link, and makes the password void. The answer sets the cookie that allows setting a new password.',
    detail: ['email_change_undone', 'The change was undone. Now choose a new password.'],
    perform: async (key, { sender }, reply) => {
      const { id, expiresAt } = await undoChange(deps, key, sender)
      reply.startFlow('password_reset', id, expiresAt)
    },
    showLink: ({ isDone, address }, reply) =>
      isDone
        ? reply.redirect(formPage, 302)
        : reply.page('email-change/undo', { maskedEmail: maskAddress(address) }),
    next: formPage,
    problems: ['link_invalid']
  })

  function serve(link: Kind) {
    const { kind, purpose, name, summaries, description, perform, showLink, next, problems } = link
    const [key, example] = link.detail
    const config = { auth: 'none', limit: 'password_reset', problems: ['link_invalid'] } as const
    const page = { ...config, page: true } as const
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
        summary: summaries.open,
        description:
          'Sets a cookie and redirects to the page with the button, whose URL contains no token. It does not change the address.',
        params: KeyParam,
        response: { 204: Prefetched, 302: Redirect }
      },
      preHandler: answerPrefetch,
      handler: async (request, reply) => {
        const { key: token } = request.params as { key: string }
        const { id } = await openChangeLink(deps, { token }, purpose)
        const button = `${deps.config.BASE_PATH}/user/email/${kind}/`
        return reply.startFlow(purpose, id).redirect(button, 302)
      }
    })

    fastify.get(
      `/user/email/${kind}/`,
      {
        config: page,
        errorHandler,
        schema: {
          operationId: `show${name}`,
          summary: summaries.show,
          response: { 200: Page, 302: Redirect }
        }
      },
      async (request, reply) => {
        const id = request.readFlow(purpose)
        if (!id) throw new Problem('link_invalid')
        return showLink(await openChangeLink(deps, { id }, purpose), reply)
      }
    )

    fastify.post(
      `/user/email/${kind}/`,
      {
        config: { auth: 'flow', flow: purpose, page: true, limit: 'password_reset', problems },
        errorHandler,
        schema: {
          operationId: `${kind}EmailChangeByPage`,
          summary: summaries.press,
          body: closed({}),
          response: { 303: Redirect }
        }
      },
      async (request, reply) => {
        await perform({ id: request.flow }, request, reply)
        return reply.redirect(next, 303)
      }
    )

    fastify.post(
      `/user/email/${kind}/:key/`,
      {
        config: { ...config, problems },
        schema: {
          operationId: `${kind}EmailChange`,
          summary: summaries.act,
          description,
          params: KeyParam,
          body: closed({}),
          response: { 200: Detail(example) }
        }
      },
      async (request, reply) => {
        const { key: token } = request.params
        await perform({ token }, request, reply)
        return { detail: request.language.texts('details', key) }
      }
    )
  }
}

export default routes
