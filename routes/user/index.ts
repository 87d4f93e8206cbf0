import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { requestDeletion } from '../../src/user/deletion/request.js'
import { type Profile, updateProfile } from '../../src/user/update-profile.js'
import { closed, Email, Name } from '../schemas/fields.js'
import { Timestamp } from '../schemas/lists.js'
import { evidenceOf, OptionalPassword, proofFields, proofProblems, proofs } from '../schemas/mfa.js'

const User = Type.Object(
  {
    id: Type.String({ description: 'Stays the same; `sub` of access tokens.' }),
    email: Type.String(),
    email_verified: Type.Boolean({ description: 'Whether the owner has confirmed the address.' }),
    first_name: Type.String(),
    last_name: Type.String(),
    role: Type.Integer({ description: 'Number of the role.' }),
    role_name: Type.String(),
    mfa_enabled: Type.Boolean({ description: 'Whether sign-in asks for a second factor.' }),
    created_at: Type.String({ format: 'date-time' }),
    pending_email: Type.Optional(
      Type.String({ description: 'The new address, until the link in its mail is followed.' })
    )
  },
  {
    title: 'User',
    description: 'The account.',
    examples: [
      {
        id: '0193d7a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
        email: 'ada@example.com',
        email_verified: true,
        first_name: 'Ada',
        last_name: 'Lovelace',
        role: 0,
        role_name: 'user',
        mfa_enabled: false,
        created_at: '2026-11-26T09:30:00.000Z'
      }
    ]
  }
)

const Deletion = Type.Object(
  {
    detail: Type.String(),
    erase_at: Type.Union([Timestamp, Type.Null()], {
      description: 'Until then the deletion can be undone. Null: the account is erased.'
    })
  },
  {
    description: 'The account is closed.',
    examples: [
      {
        detail: 'The account is closed. It will be deleted for good.',
        erase_at: '2026-12-08T09:41:00.000Z'
      }
    ]
  }
)

const problems = [...proofProblems, 'email_taken'] as const

const Changes = closed({
  email: Type.Optional(Email),
  first_name: Type.Optional(Name),
  last_name: Type.Optional(Name),
  password: OptionalPassword,
  ...proofFields
})
type Update = Pick<FastifyRequest, 'principal' | 'sender'> & { body: Static<typeof Changes> }
const description = `A new address needs a sign-in or re-authentication in the last ten minutes, or \`password\`. ${proofs} Each of these fields is checked when it is sent.`

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  /** `missing` takes the place of a name that the body lacks. */
  async function update({ body, principal, sender }: Update, missing?: '') {
    const { email, first_name: firstName = missing, last_name: lastName = missing } = body
    const profile = { email, firstName, lastName }
    return toAnswer(await updateProfile(deps, principal, profile, evidenceOf(body), sender))
  }

  function toAnswer({ user, pendingEmail, mfaEnabled }: Profile): Static<typeof User> {
    return {
      id: user.id,
      email: user.email,
      email_verified: user.emailVerifiedAt !== null,
      first_name: user.firstName,
      last_name: user.lastName,
      role: user.role,
      role_name: deps.roles.nameOf(user.role),
      mfa_enabled: mfaEnabled,
      created_at: user.createdAt.toISOString(),
      ...(pendingEmail === null ? {} : { pending_email: pendingEmail })
    }
  }

  fastify.get(
    '/user/',
    {
      config: { auth: 'bearer' },
      schema: {
        operationId: 'readUser',
        summary: 'Read the account',
        response: { 200: User }
      }
    },
    async request => toAnswer(request.principal)
  )

  fastify.put(
    '/user/',
    {
      config: { auth: 'bearer', problems },
      schema: {
        operationId: 'replaceUser',
        summary: 'Replace names and address',
        description: `A missing name becomes empty. ${description}`,
        body: closed({ ...Changes.properties, email: Email }),
        response: { 200: User }
      }
    },
    request => update(request, '')
  )

  fastify.patch(
    '/user/',
    {
      config: { auth: 'bearer', problems },
      schema: {
        operationId: 'updateUser',
        summary: 'Change names or address',
        description: `A missing field stays unchanged. ${description}`,
        body: Changes,
        response: { 200: User }
      }
    },
    request => update(request)
  )

  fastify.delete(
    '/user/',
    {
      config: { setsCookies: true, auth: 'bearer', problems: proofProblems },
      schema: {
        operationId: 'deleteUser',
        summary: 'Delete the account',
        description: `The account is disabled and its sessions end at once. A mail has a link that undoes it until \`erase_at\`; then the account is erased. Without a grace, and for an address that was never confirmed, it is erased at once. It needs a sign-in or re-authentication in the last ten minutes, or \`password\`. ${proofs}`,
        body: closed({ password: OptionalPassword, ...proofFields }),
        response: { 202: Deletion }
      }
    },
    async ({ principal, body, sender, language }, reply) => {
      const eraseAt = await requestDeletion(deps, principal, evidenceOf(body), sender)
      reply.clearRefreshCookie().code(202)
      const key = eraseAt === null ? 'account_deleted' : 'account_deletion_requested'
      return { detail: language.texts('details', key), erase_at: eraseAt?.toISOString() ?? null }
    }
  )
}

export default routes
