import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { invitationsOn, invitingRoles } from '../src/registration/invite.js'
import {
  type ListedInvitation,
  listInvitations,
  resendInvitation,
  revokeInvitation
} from '../src/registration/manage-invitations.js'
import { Detail } from './schemas/answers.js'
import { closed } from './schemas/fields.js'
import { Before, IdParam, listOf, orNull, Timestamp, textOrNull, Uuid } from './schemas/lists.js'

const InvitationList = listOf(
  Type.Object(
    {
      id: Uuid,
      email: Type.String(),
      role: Type.Integer(),
      role_name: Type.String(),
      state: Type.String({ description: '`pending`, `expired` or `accepted`.' }),
      inviter: textOrNull(
        'Address of the inviter. Null when an operator invited, or when the inviter’s account is gone.'
      ),
      created_at: Timestamp,
      expires_at: orNull(Timestamp),
      accepted_at: orNull(Timestamp)
    },
    { title: 'Invitation' }
  ),
  'Invitations, newest first.',
  {
    id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
    email: 'grace@example.com',
    role: 0,
    role_name: 'user',
    state: 'pending',
    inviter: 'ada@example.com',
    created_at: '2026-11-24T08:00:00.000Z',
    expires_at: '2026-11-27T08:00:00.000Z',
    accepted_at: null
  }
)

/** Invitations that were sent: list, send again, revoke. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config, roles } = deps
  if (!invitationsOn(config)) return
  const guarded = { auth: 'bearer', roles: invitingRoles(deps) } as const
  const changing = { ...guarded, problems: ['not_found', 'invitation_accepted'] } as const

  function toAnswer({ createdAt, expiresAt, acceptedAt, ...row }: ListedInvitation) {
    return {
      ...row,
      role_name: roles.nameOf(row.role),
      created_at: createdAt.toISOString(),
      expires_at: expiresAt?.toISOString() ?? null,
      accepted_at: acceptedAt?.toISOString() ?? null
    }
  }
  const managed = ({ params, sender, principal }: FastifyRequest<{ Params: { id: string } }>) => ({
    id: params.id,
    sender,
    inviterId: principal.user.id
  })

  fastify.get(
    '/invitations/',
    {
      config: guarded,
      schema: {
        operationId: 'listInvitations',
        summary: 'List invitations',
        querystring: closed({
          state: Type.Optional(Type.String({ pattern: '^(pending|expired|accepted)$' })),
          before: Before,
          limit: Type.Optional(
            Type.String({
              pattern: '^([1-9]|[1-9][0-9]|100)$',
              description: 'The number of rows, 1 to 100. Default: 50.'
            })
          )
        }),
        response: { 200: InvitationList }
      }
    },
    async request => {
      const { state = null, before = null, limit = '50' } = request.query
      const asked = { state: state as 'pending' | null, before, limit: Number(limit) }
      const { results, next } = await listInvitations(deps, asked)
      return { results: results.map(toAnswer), next }
    }
  )

  fastify.post(
    '/invitations/:id/resend/',
    {
      config: changing,
      schema: {
        operationId: 'resendInvitation',
        summary: 'Send an invitation again',
        description: 'Mails a new link. The old link stops working.',
        params: IdParam,
        body: closed({}),
        response: { 200: Detail('The invitation was sent again.') }
      }
    },
    async request => {
      await resendInvitation(deps, managed(request))
      return { detail: request.language.texts('details', 'invitation_sent') }
    }
  )

  fastify.delete(
    '/invitations/:id/',
    {
      config: changing,
      schema: {
        operationId: 'revokeInvitation',
        summary: 'Revoke an invitation',
        description: 'The link stops working, and the address can sign up or be invited again.',
        params: IdParam,
        response: { 204: Type.Null({ description: 'Revoked.' }) }
      }
    },
    async (request, reply) => {
      await revokeInvitation(deps, managed(request))
      return reply.code(204).send(null)
    }
  )
}

export default routes
