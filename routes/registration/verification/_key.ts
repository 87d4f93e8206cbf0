import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isPrefetch } from '../../../plugins/http/forms.js'
import { limitedTo } from '../../../plugins/http/limited-to.js'
import { wantsPage } from '../../../plugins/http/negotiate.js'
import { Problem } from '../../../src/base/errors/problem.js'
import type { Link } from '../../../src/links/link.js'
import { openInvitationLink } from '../../../src/registration/accept-invitation.js'
import { confirmByLink, openConfirmation } from '../../../src/registration/verify-email.js'
import { Redirect } from '../../schemas/answers.js'
import { closed } from '../../schemas/fields.js'
import { byCookie, failVerification, redirectAfterVerification, verifiedPage } from './redirects.js'

/** The token of a link; what is much shorter is some other path, and not found. */
const Key = closed({ key: Type.String({ minLength: 20, maxLength: 64 }) })

/** The links of mails to people who sign up or were invited: one path for both. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const base = config.BASE_PATH
  const buttonPage = `${base}/registration/verification/`
  const rateLimit = limitedTo('password_reset', config.RATE_LIMIT_PASSWORD_RESET)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  /** An invitation leaves the cookie that allows a first password, every time it is opened until then. */
  function openInvitation(request: FastifyRequest, reply: FastifyReply, link: Link) {
    if (link.status === 'redeemed') return reply.redirect(verifiedPage(request), 302)
    if (link.status === 'superseded') return failVerification(request, reply, 'superseded')
    if (link.status === 'live') {
      const form = config.PASSWORD_SET_REDIRECT ?? `${base}/registration/set-password/default/`
      return reply.startFlow('set_password', link.id, link.expiresAt).redirect(form, 302)
    }
    if (!wantsPage(request)) throw new Problem('link_invalid')
    return reply.page('registration/invitation-expired', { mailless: config.EMAIL_DISABLED }, 400)
  }

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/registration/verification/:key/',
    config: { auth: 'none', page: true, rateLimit, problems: ['link_invalid'] },
    schema: {
      operationId: 'openVerification',
      tags: ['Registration'],
      summary: 'Follow the link of a confirmation or an invitation',
      description:
        'Confirms the address and leads on, on every later visit too. An invitation leaves the cookie `set_password_access_token` and goes to the form for the first password. With `EMAIL_VERIFICATION_CONFIRM_BUTTON` it leads to a page with a button instead of confirming. `HEAD` and prefetches have no effect.',
      security: [],
      params: Key,
      response: { 204: Type.Null({ description: 'A prefetch.' }), 302: Redirect }
    },
    handler: async (request, reply) => {
      if (isPrefetch(request)) return reply.code(204).send(null)
      const { key } = request.params as { key: string }
      const invitation = await openInvitationLink(deps, key)
      if (invitation !== null) return openInvitation(request, reply, invitation)
      if (!config.EMAIL_VERIFICATION_CONFIRM_BUTTON) {
        return redirectAfterVerification(
          request,
          reply,
          await confirmByLink(deps, { token: key }, byCookie(request)),
          302
        )
      }
      const link = await openConfirmation(deps, { token: key })
      if (link?.status === 'redeemed') return reply.redirect(verifiedPage(request), 302)
      if (link?.status === 'superseded') return failVerification(request, reply, 'superseded')
      if (link?.status !== 'live') return failVerification(request, reply, 'invalid')
      return reply.startFlow('email_verification', link.id).redirect(buttonPage, 302)
    }
  })

  fastify.post(
    '/registration/verification/:key/',
    {
      config: { auth: 'none', page: true, rateLimit, problems: ['link_invalid'] },
      schema: {
        operationId: 'confirmVerification',
        tags: ['Registration'],
        summary: 'Confirm an address by its link',
        security: [],
        params: Key,
        body: closed({}),
        response: { 303: Redirect }
      }
    },
    async (request, reply) =>
      redirectAfterVerification(
        request,
        reply,
        await confirmByLink(deps, { token: request.params.key }, byCookie(request)),
        303
      )
  )
}

export default routes
