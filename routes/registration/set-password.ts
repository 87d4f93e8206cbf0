import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { acceptInvitation, readLiveInvitation } from '../../src/registration/accept-invitation.js'
import { choosePassword } from '../choose-password.js'

/** The first password of an invited person. Operators can invite under every setting. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

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
