import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Problem } from '../../src/base/errors/problem.js'
import { acceptInvitation, readLiveInvitation } from '../../src/registration/accept-invitation.js'
import { invitationsOn } from '../../src/registration/invite.js'
import { choosePassword } from '../choose-password.js'

/**
 * The first password of an invited person. Operators can invite under every setting: where people may not,
 * the routes exist only for the cookie of an operator's invitation.
 */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  if (!invitationsOn(deps.config))
    fastify.addHook('onRequest', async request => {
      const id = request.readFlow('set_password')
      if (!id || (await readLiveInvitation(deps, id)) === null) throw new Problem('not_found')
    })

  choosePassword(fastify, {
    flow: 'set_password',
    form: {
      url: '/registration/set-password/default/',
      page: 'registration/set-password',
      schema: {
        operationId: 'showSetPasswordForm',
        summary: 'Page with the form for the first password',
        description: 'Shows the form only while the cookie allows setting the first password.'
      }
    },
    post: {
      url: '/registration/set-password/',
      schema: {
        operationId: 'setFirstPassword',
        summary: 'Accept an invitation with a first password',
        description:
          'Needs the cookie that the invitation’s link set, and nothing else. After a refused password, invitation and cookie still work. A JSON request gets a session, or a challenge for the second factor. A form gets the next page.'
      }
    },
    detail: ['password_set', 'Password set.'],
    read: linkId => readLiveInvitation(deps, linkId),
    set: (...chosen) => acceptInvitation(deps, ...chosen),
    showInvalid: reply =>
      reply.page('registration/invitation-expired', { mailless: deps.config.EMAIL_DISABLED }, 400),
    showDone: reply => reply.page('registration/set-password-complete', {})
  })
}

export default routes
