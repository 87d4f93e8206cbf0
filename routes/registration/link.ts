import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isPrefetch } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { wantsPage } from '../../plugins/http/negotiate.js'
import { maskAddress } from '../../src/base/email-address.js'
import { Problem } from '../../src/base/errors/problem.js'
import type { Link } from '../../src/links/link.js'
import { openInvitationLink } from '../../src/registration/accept-invitation.js'
import { confirmByToken, openConfirmation } from '../../src/registration/verify-email.js'
import { answers, answersToBody, Page, Redirect } from '../schemas/answers.js'
import { closed } from '../schemas/fields.js'
import { byCookie, failToLand, land, landingOf } from './landing.js'

/** The token of a link; what is much shorter is some other path, and not found. */
const Key = closed({ key: Type.String({ minLength: 20, maxLength: 64 }) })

/** The links of mails to people who sign up or were invited: one path for both (contract 1.11). */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const base = config.BASE_PATH
  const buttonPage = `${base}/registration/verification/`
  const rateLimit = limitedTo('password-reset', config.RATE_LIMIT_PASSWORD_RESET)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  /** An invitation leaves the cookie that allows a first password, every time it is opened until then. */
  function openInvitation(request: FastifyRequest, reply: FastifyReply, link: Link) {
    if (link.status === 'redeemed') return reply.redirect(landingOf(request), 302)
    if (link.status === 'superseded') return failToLand(request, reply, 'superseded')
    if (link.status === 'live') {
      const { id: linkId, userId, expiresAt } = link
      const form = config.PASSWORD_SET_REDIRECT ?? `${base}/registration/set-password/default/`
      return reply.putCapability('setPassword', { linkId, userId }, expiresAt).redirect(form, 302)
    }
    if (!wantsPage(request)) throw new Problem('link_invalid')
    return reply.page('registration/invitation-expired', { mailless: config.EMAIL_DISABLED }, 400)
  }

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/registration/verification/:key/',
    config: { auth: 'none', page: true, rateLimit },
    schema: {
      operationId: 'openVerification',
      tags: ['Registration'],
      summary: 'Follow the link of a confirmation or an invitation',
      description:
        'Confirms the address and leads on, on every later visit too. An invitation leaves the cookie `set_password_access_token` and goes to the form for the first password. With `EMAIL_VERIFICATION_CONFIRM_BUTTON` it leads to a page with a button instead of confirming. `HEAD` and prefetches have no effect.',
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
      const invitation = await openInvitationLink(deps, key)
      if (invitation !== null) return openInvitation(request, reply, invitation)
      if (!config.EMAIL_VERIFICATION_CONFIRM_BUTTON) {
        return land(request, reply, await confirmByToken(deps, key, byCookie(request)), 302)
      }
      const { status } = await openConfirmation(deps, key)
      if (status === 'confirmed') return reply.redirect(landingOf(request), 302)
      if (status !== 'live') return failToLand(request, reply, status)
      return reply.keepLink('email_verification', key).redirect(buttonPage, 302)
    }
  })

  fastify.post(
    '/registration/verification/:key/',
    {
      config: { auth: 'none', page: true, rateLimit },
      schema: {
        operationId: 'confirmVerification',
        tags: ['Registration'],
        summary: 'Confirm an address by its link',
        security: [],
        params: Key,
        body: closed({}),
        response: answersToBody({ 303: Redirect }, 'link_invalid')
      }
    },
    async (request, reply) =>
      land(request, reply, await confirmByToken(deps, request.params.key, byCookie(request)), 303)
  )

  if (config.EMAIL_VERIFICATION_CONFIRM_BUTTON) await fastify.register(confirmByButton)
  if (config.EMAIL_VERIFIED_REDIRECT !== null) return
  fastify.get(
    '/registration/verified/',
    {
      config: { auth: 'none', page: true },
      schema: {
        operationId: 'showVerified',
        tags: ['Registration'],
        summary: 'Page that says the address is confirmed',
        security: [],
        response: answers({ 200: Page })
      }
    },
    async (_request, reply) => reply.page('registration/verified', {})
  )
}

/** The page with the button, and what it does: both by the cookie that the link left (LNK-12). */
const confirmByButton: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const rateLimit = limitedTo('password-reset', deps.config.RATE_LIMIT_PASSWORD_RESET)

  fastify.get(
    '/registration/verification/',
    {
      config: { auth: 'none', page: true, rateLimit },
      schema: {
        operationId: 'showVerification',
        tags: ['Registration'],
        summary: 'Page with the button that confirms an address',
        security: [],
        response: answers({ 200: Page, 302: Redirect }, 'link_invalid')
      }
    },
    async (request, reply) => {
      const token = request.keptLink('email_verification') ?? ''
      const { status, address } = await openConfirmation(deps, token)
      if (status === 'live')
        return reply.page('registration/verify', { maskedEmail: maskAddress(address) })
      if (status === 'confirmed') return reply.redirect(landingOf(request), 302)
      return failToLand(request, reply, status)
    }
  )

  fastify.post(
    '/registration/verification/',
    {
      config: { auth: 'capability', page: true, rateLimit },
      schema: {
        operationId: 'confirmVerificationByPage',
        tags: ['Registration'],
        summary: 'Confirm the address whose link this browser opened',
        security: [],
        body: closed({}),
        response: answersToBody({ 303: Redirect }, 'link_invalid', 'cross_site_request')
      }
    },
    async (request, reply) => {
      const token = request.keptLink('email_verification') ?? ''
      return land(request, reply, await confirmByToken(deps, token, byCookie(request)), 303)
    }
  )
}

export default routes
