import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { invitingRoles } from '../src/registration/invite.js'
import {
  listInvitations,
  resendInvitation,
  revokeInvitation
} from '../src/registration/manage-invitations.js'
import { Detail } from './schemas/answers.js'
import { closed } from './schemas/fields.js'

const uuidPattern = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
const Id = closed({ id: Type.String({ pattern: uuidPattern }) })
const when = Type.String({ format: 'date-time' })
const orNull = <Schema extends ReturnType<typeof Type.String>>(schema: Schema) =>
  Type.Union([schema, Type.Null()])

const ListedInvitation = Type.Object({
  id: Type.String({ format: 'uuid' }),
  email: Type.String(),
  role: Type.Integer(),
  role_name: Type.String(),
  state: Type.String({ description: '`pending`, `expired` or `accepted`.' }),
  inviter: orNull(Type.String({ description: 'Address of who invited; null for an operator.' })),
  created_at: when,
  expires_at: orNull(when),
  accepted_at: orNull(when)
})

const InvitationList = Type.Object(
  {
    results: Type.Array(ListedInvitation),
    next: orNull(Type.String({ description: 'The value of `before` for the next page.' }))
  },
  {
    description: 'Invitations, newest first.',
    examples: [
      {
        results: [
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
        ],
        next: null
      }
    ]
  }
)

/** What became of invitations. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config, roles } = deps
  if (!config.JWT_ALLAUTH_INVITATIONS && !config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION) return
  const guarded = { auth: 'bearer', roles: invitingRoles(deps) } as const

  fastify.get(
    '/invitations/',
    {
      config: guarded,
      schema: {
        operationId: 'listInvitations',
        summary: 'List invitations',
        querystring: closed({
          state: Type.Optional(Type.String({ pattern: '^(pending|expired|accepted)$' })),
          before: Type.Optional(
            Type.String({ pattern: uuidPattern, description: 'The `next` of the page before.' })
          ),
          limit: Type.Optional(
            Type.String({
              pattern: '^([1-9]|[1-9][0-9]|100)$',
              description: 'At most this many, 1 to 100; 50 without it.'
            })
          )
        }),
        response: { 200: InvitationList }
      }
    },
    async request => {
      const { state = null, before = null, limit = '50' } = request.query
      const page = await listInvitations(deps, {
        state: state as 'pending' | null,
        before,
        limit: Number(limit)
      })
      const results = page.results.map(
        ({ id, email, role, state, inviter, createdAt, expiresAt, acceptedAt }) => ({
          id,
          email,
          role,
          role_name: roles.nameOf(role),
          state,
          inviter,
          created_at: createdAt.toISOString(),
          expires_at: expiresAt?.toISOString() ?? null,
          accepted_at: acceptedAt?.toISOString() ?? null
        })
      )
      return { results, next: page.next }
    }
  )

  fastify.post(
    '/invitations/:id/resend/',
    {
      config: { ...guarded, problems: ['not_found', 'invitation_accepted'] },
      schema: {
        operationId: 'resendInvitation',
        summary: 'Mail an invitation again',
        description: 'With a new link; the one before is dead.',
        params: Id,
        body: closed({}),
        response: { 200: Detail('The invitation was sent again.') }
      }
    },
    async request => {
      await resendInvitation(deps, {
        id: request.params.id,
        sender: request.sender,
        inviterId: request.principal.user.id
      })
      return { detail: request.language.texts('details', 'invitation_sent') }
    }
  )

  fastify.delete(
    '/invitations/:id/',
    {
      config: { ...guarded, problems: ['not_found', 'invitation_accepted'] },
      schema: {
        operationId: 'revokeInvitation',
        summary: 'Take an invitation back',
        description: 'Its link is dead and the address is free.',
        params: Id,
        response: { 204: Type.Null({ description: 'Revoked.' }) }
      }
    },
    async (request, reply) => {
      await revokeInvitation(deps, {
        id: request.params.id,
        sender: request.sender,
        inviterId: request.principal.user.id
      })
      return reply.code(204).send(null)
    }
  )
}

export default routes
