import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answerPrefetch, byCookie } from '../../../plugins/http/forms.js'
import { wantsPage } from '../../../plugins/http/negotiate.js'
import { Problem } from '../../../src/base/errors/problem.js'
import type { Link } from '../../../src/links/link.js'
import { openInvitationLink } from '../../../src/registration/accept-invitation.js'
import { confirmByLink, openConfirmation } from '../../../src/registration/verify-email.js'
import { Prefetched, Redirect } from '../../schemas/answers.js'
import { closed, KeyParam } from '../../schemas/fields.js'
import { failVerification, redirectAfterVerification, verifiedPage } from './redirects.js'

/** The links of confirmations and of invitations: both have the same path. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const base = config.BASE_PATH
  const buttonPage = `${base}/registration/verification/`

  /** A live invitation sets the cookie each time it is opened. */
  function openInvitation(request: FastifyRequest, reply: FastifyReply, link: Link) {
    if (link.status === 'redeemed') return reply.redirect(verifiedPage(fastify), 302)
    if (link.status === 'superseded') return failVerification(reply, 'superseded')
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
    config: { auth: 'none', page: true, limit: 'password_reset', problems: ['link_invalid'] },
    schema: {
      operationId: 'openVerification',
      summary: 'Follow the link of a confirmation or an invitation',
      description:
        'Confirms the address and redirects to the next page; later visits redirect too. With `EMAIL_VERIFICATION_CONFIRM_BUTTON` it redirects to a page with a button, which confirms. An invitation sets the cookie `set_password_access_token` and redirects to the form for the first password. `HEAD` and prefetches have no effect.',
      params: KeyParam,
      response: { 204: Prefetched, 302: Redirect }
    },
    preHandler: answerPrefetch,
    handler: async (request, reply) => {
      const { key } = request.params as { key: string }
      const invitation = await openInvitationLink(deps, key)
      if (invitation !== null) return openInvitation(request, reply, invitation)
      if (!config.EMAIL_VERIFICATION_CONFIRM_BUTTON) {
        const confirmation = await confirmByLink(deps, { token: key }, byCookie(request))
        return redirectAfterVerification(reply, confirmation, 302)
      }
      const link = await openConfirmation(deps, { token: key })
      if (link?.status === 'redeemed') return reply.redirect(verifiedPage(fastify), 302)
      if (link?.status === 'superseded') return failVerification(reply, 'superseded')
      if (link?.status !== 'live') return failVerification(reply, 'invalid')
      return reply.startFlow('email_verification', link.id).redirect(buttonPage, 302)
    }
  })

  fastify.post(
    '/registration/verification/:key/',
    {
      config: { auth: 'none', page: true, limit: 'password_reset', problems: ['link_invalid'] },
      schema: {
        operationId: 'confirmVerification',
        summary: 'Confirm an address with the token of its link',
        params: KeyParam,
        body: closed({}),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { key: token } = request.params
      const confirmation = await confirmByLink(deps, { token }, byCookie(request))
      return redirectAfterVerification(reply, confirmation, 303)
    }
  )
}

export default routes
