import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { maskAddress } from '../../src/base/email-address.js'
import { undoDeletion } from '../../src/user/deletion/undo.js'
import { serveButtonLink } from '../button-link.js'

/** The link that keeps an account which waits for its deletion. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  if (config.EMAIL_DISABLED) return

  serveButtonLink(fastify, {
    path: '/user/delete/undo/',
    purpose: 'account_deletion_undo',
    operations: {
      open: 'openAccountDeletionUndo',
      show: 'showAccountDeletionUndo',
      press: 'undoAccountDeletionByPage',
      act: 'undoAccountDeletion'
    },
    summaries: {
      open: 'Follow the link that keeps an account',
      show: 'Page that keeps an account, or says that it is kept',
      press: 'Form that keeps an account',
      act: 'Keep an account that waits for its deletion'
    },
    description:
      'The account can sign in again with the password it has. Sessions that ended do not come back.',
    detail: ['account_kept', 'The account is kept. You can sign in again.'],
    perform: (key, { sender }) => undoDeletion(deps, key, sender),
    showLink: ({ isDone, address }, reply) =>
      reply.page(isDone ? 'account-deletion/kept' : 'account-deletion/undo', {
        maskedEmail: maskAddress(address)
      }),
    showInvalid: reply => reply.page('account-deletion/invalid', {}, 400),
    next: `${config.BASE_PATH}/user/delete/undo/`,
    problems: ['link_invalid']
  })
}

export default routes
