import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { listEvents } from '../../src/audit/list.js'
import { nameAgent } from '../../src/base/user-agent.js'
import { Page, Redirect } from '../schemas/answers.js'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Sentences for events, by event and outcome; every other event has one of its own in `pages.activity`. */
const sentences: Readonly<Record<string, string>> = {
  'account.created': 'signed_up',
  'account.deletion_requested': 'closed',
  'account.deletion_undone': 'kept',
  'account.exported': 'exported',
  'email.change_requested': 'email_requested',
  'email.change_undone': 'undone',
  'email.changed': 'email_changed',
  'email.verified': 'email_confirmed',
  login: 'signed_in',
  'login failure': 'sign_in_failed',
  logout: 'signed_out',
  'logout.all': 'signed_out',
  'logout.device': 'device_ended',
  'logout.others': 'devices_ended',
  'mfa.challenged': 'code_asked',
  'mfa.disabled': 'factor_off',
  'mfa.enabled': 'factor_on',
  'mfa.failed failure': 'code_wrong',
  'mfa.recovery_code_used': 'recovery_used',
  'mfa.recovery_codes_renewed': 'codes_renewed',
  'password.changed': 'password_changed',
  'password.reset': 'password_changed',
  reauthentication: 'confirmed',
  'session.opened': 'signed_in',
  'session.refresh_reused failure': 'session_stolen'
}

const sentenceOf = (event: string, outcome: string): string =>
  sentences[outcome === 'failure' ? `${event} failure` : event] ?? 'other'

/** What happened with one's own account. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/account/activity/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showActivity',
        summary: 'Page with the events of the account',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const { id: subjectId } = request.principal.user
      const { before } = request.query as Record<string, unknown>
      const from = typeof before === 'string' && uuid.test(before) ? { before } : {}
      const { results, next } = await listEvents(deps, { subjectId, limit: 20, ...from })
      const events = results.map(({ at, event, outcome, network, userAgent }) => ({
        at,
        what: request.language.texts('pages.activity', sentenceOf(event, outcome)),
        where: [nameAgent(userAgent), network].filter(part => part !== null).join(' · ')
      }))
      return reply.page('account/activity', { events, next })
    }
  )
}

export default routes
