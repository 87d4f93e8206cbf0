import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type ListedEvent, listEvents } from '../../src/audit/list.js'
import { nameAgent } from '../../src/base/user-agent.js'
import { Page, Redirect } from '../schemas/answers.js'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Sentences for events, by event and outcome; every other event has one of its own in `pages.activity`. */
const sentences: Readonly<Record<string, string>> = {
  'account.created': 'signed_up',
  'account.deletion_requested': 'closed',
  'account.deletion_undone': 'kept',
  'account.disabled': 'disabled',
  'account.enabled': 'enabled',
  'account.exported': 'exported',
  'account.role_changed': 'role_changed',
  'email.change_requested': 'email_requested',
  'email.change_undone': 'undone',
  'email.changed': 'email_changed',
  'email.verified': 'email_confirmed',
  'invitation.accepted': 'invitation_accepted',
  'invitation.sent': 'invited',
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
  'password.reset_link_created': 'reset_link',
  reauthentication: 'confirmed',
  'session.opened': 'signed_in',
  'session.refresh_repeated': 'session_elsewhere',
  'session.refresh_reused failure': 'session_stolen'
}

function sentenceOf({ event, outcome, details }: ListedEvent): string {
  const { kind } = (details ?? {}) as { kind?: unknown }
  if (event === 'mfa.challenged' && kind === 'setup') return 'setup_asked'
  return sentences[outcome === 'failure' ? `${event} failure` : event] ?? 'other'
}

/** The session after a change of the password is no sign-in of the person, so the page is silent about it. */
const isRenewal = ({ event, details }: ListedEvent): boolean =>
  event === 'session.opened' && ((details ?? {}) as { renewed?: unknown }).renewed === true

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
      const shown = results.filter(event => !isRenewal(event))
      const events = shown.map(event => ({
        at: event.at,
        what: request.language.texts('pages.activity', sentenceOf(event)),
        where: [nameAgent(event.userAgent), event.network].filter(part => part !== null).join(' · ')
      }))
      return reply.page('account/activity', { events, next })
    }
  )
}

export default routes
