import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answerPrefetch, byCookie } from '../../../plugins/http/forms.js'
import { wantsPage } from '../../../plugins/http/negotiate.js'
import { Problem } from '../../../src/base/errors/problem.js'
import type { Link } from '../../../src/links/link.js'
import { openInvitationLink } from '../../../src/registration/accept-invitation.js'
import {
  confirmByLink,
  confirmsAddresses,
  openConfirmation
} from '../../../src/registration/verify-email.js'
import { Page, Prefetched, Redirect } from '../../schemas/answers.js'
import { closed, KeyParam } from '../../schemas/fields.js'
import { ownerPasswordFields, ownerPasswordOf } from './owner-password.js'
import {
  confirmationPage,
  failVerification,
  redirectAfterVerification,
  verifiedPage
} from './redirects.js'

/**
 * The links of confirmations and of invitations: both have the same path. Where no address is confirmed,
 * the path exists only for an operator's invitation.
 */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const confirms = confirmsAddresses(config)

  /** A live invitation sets the cookie each time it is opened. */
  function openInvitation(request: FastifyRequest, reply: FastifyReply, link: Link) {
    if (link.status === 'live') {
      const form =
        config.PASSWORD_SET_REDIRECT ?? `${config.BASE_PATH}/registration/set-password/default/`
      return reply.startFlow('set_password', link.id, link.expiresAt).redirect(form, 302)
    }
    const isAccepted = link.status === 'redeemed'
    if (!wantsPage(request)) throw new Problem(isAccepted ? 'invitation_accepted' : 'link_invalid')
    if (isAccepted) return reply.page('registration/invitation-accepted', {})
    if (link.status !== 'superseded')
      return reply.page('registration/invitation-expired', { mailless: true }, 400)
    const page = { reason: 'superseded', mailless: true } as const
    return reply.page('registration/verification-failed', page, 400)
  }

  async function requireInvitation({ params }: FastifyRequest) {
    const { key } = params as { key: string }
    if ((await openInvitationLink(deps, key)) === null) throw new Problem('not_found')
  }

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/registration/verification/:key/',
    config: {
      auth: 'none',
      page: true,
      limit: 'password_reset',
      problems: ['link_invalid', 'password_required', 'invitation_accepted']
    },
    schema: {
      operationId: 'openVerification',
      summary: 'Follow the link of a confirmation or an invitation',
      description:
        'Confirms the address and redirects to the next page; later visits redirect too. While several sign-ups with the address are pending, it confirms nothing: a browser is redirected to a form that asks for a password, a program gets `password_required`. With `EMAIL_VERIFICATION_CONFIRM_BUTTON` it redirects to a page with a button, which confirms. An invitation sets the cookie `set_password_access_token` and redirects to the form for the first password. `HEAD` and prefetches have no effect.',
      params: KeyParam,
      response: { 200: Page, 204: Prefetched, 302: Redirect }
    },
    preHandler: confirms ? answerPrefetch : [requireInvitation, answerPrefetch],
    handler: async (request, reply) => {
      const { key } = request.params as { key: string }
      const invitation = await openInvitationLink(deps, key)
      if (invitation !== null) return openInvitation(request, reply, invitation)
      if (!config.EMAIL_VERIFICATION_CONFIRM_BUTTON) {
        const visit = { sent: null, sender: byCookie(request) }
        const confirmation = await confirmByLink(deps, { token: key }, visit)
        return redirectAfterVerification(reply, confirmation, 302)
      }
      const link = await openConfirmation(deps, { token: key })
      if (link?.status === 'redeemed') return reply.redirect(verifiedPage(fastify), 302)
      if (link?.status === 'superseded') return failVerification(reply, 'superseded')
      if (link?.status !== 'live') return failVerification(reply, 'invalid')
      return reply.startFlow('email_verification', link.id).redirect(confirmationPage(fastify), 302)
    }
  })

  fastify.post(
    '/registration/verification/:key/',
    {
      config: {
        auth: 'none',
        page: true,
        limit: 'password_reset',
        problems: ['link_invalid', 'password_required', 'incorrect_password', 'busy']
      },
      schema: {
        operationId: 'confirmVerification',
        summary: 'Confirm an address with the token of its link',
        description:
          'While several sign-ups with the address are pending, it needs the password of the sign-up that the link was mailed for, or a new password. The account gets that password and the names of that sign-up; the other sign-ups end.',
        params: KeyParam,
        body: closed(ownerPasswordFields),
        response: { 303: Redirect }
      },
      onRequest: async () => {
        if (!confirms) throw new Problem('not_found')
      }
    },
    async (request, reply) => {
      const { key: token } = request.params
      const visit = { sent: ownerPasswordOf(request.body), sender: byCookie(request) }
      const confirmation = await confirmByLink(deps, { token }, visit)
      return redirectAfterVerification(reply, confirmation, 303)
    }
  )
}

export default routes
