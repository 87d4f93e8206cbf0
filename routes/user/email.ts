import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { maskAddress } from '../../src/base/email-address.js'
import { confirmChange } from '../../src/user/email-change/confirm.js'
import { undoChange } from '../../src/user/email-change/undo.js'
import { serveButtonLink } from '../button-link.js'

/** The links of an address change: the one that confirms it, and the one that takes the account back. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  if (config.EMAIL_DISABLED) return
  const formPage = config.PASSWORD_RESET_REDIRECT ?? `${config.BASE_PATH}/password/reset/default/`

  serveButtonLink(fastify, {
    path: '/user/email/confirm/',
    purpose: 'email_change',
    operations: {
      open: 'openEmailChange',
      show: 'showEmailChange',
      press: 'confirmEmailChangeByPage',
      act: 'confirmEmailChange'
    },
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
    showInvalid: reply => reply.page('email-change/invalid', { kind: 'confirm' }, 400),
    next: `${config.BASE_PATH}/user/email/confirm/`,
    problems: ['link_invalid', 'email_taken']
  })

  serveButtonLink(fastify, {
    path: '/user/email/undo/',
    purpose: 'email_change_undo',
    operations: {
      open: 'openEmailChangeUndo',
      show: 'showEmailChangeUndo',
      press: 'undoEmailChangeByPage',
      act: 'undoEmailChange'
    },
    summaries: {
      open: 'Follow the link that takes an account back',
      show: 'Page that takes an account back',
      press: 'Form that takes an account back',
      act: 'Take an account back'
    },
    description:
      'Restores the address that the link was mailed to, removes a second factor that was set up since, ends every session and link, and makes the password void. An account that waits for its deletion is kept. The answer sets the cookie that allows setting a new password.',
    detail: ['email_change_undone', 'The change was undone. Now choose a new password.'],
    perform: async (key, { sender }, reply) => {
      const { id, expiresAt } = await undoChange(deps, key, sender)
      reply.startFlow('password_reset', id, expiresAt)
    },
    showLink: ({ isDone, address }, reply) =>
      isDone
        ? reply.redirect(formPage, 302)
        : reply.page('email-change/undo', { maskedEmail: maskAddress(address) }),
    showInvalid: reply => reply.page('email-change/invalid', { kind: 'undo' }, 400),
    next: formPage,
    setsCookies: true,
    problems: ['link_invalid']
  })
}

export default routes
