import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { activate } from '../../src/mfa/activate.js'
import { exampleToken, tokenFields } from '../schemas/answers.js'
import { closed, TransportHeader } from '../schemas/fields.js'
import { SetupChallengeId, TotpCode } from '../schemas/mfa.js'
import { setupOwner } from './setup-owner.js'

const recoveryCodes = ['K7QX-3MZP-9WVD-RH4T', '…']
const Activated = Type.Object(
  {
    success: Type.Literal(true),
    recovery_codes: Type.Array(Type.String(), {
      description: 'Ten codes. Each one replaces a code of the app once. They are not shown again.'
    }),
    ...tokenFields,
    access: Type.Optional(tokenFields.access),
    expires_in: Type.Optional(tokenFields.expires_in),
    detail: Type.Optional(
      Type.String({
        description: 'Present when the address must be confirmed before tokens are issued.'
      })
    )
  },
  {
    description:
      'The second factor is on. Tokens are present when a setup challenge was sent and the address needs no confirmation.',
    examples: [
      { success: true, recovery_codes: recoveryCodes },
      { success: true, recovery_codes: recoveryCodes, access: exampleToken, expires_in: 1800 },
      { success: true, recovery_codes: recoveryCodes, detail: 'Verification email sent.' }
    ]
  }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/mfa/activate/',
    {
      config: {
        auth: 'setup',
        limit: 'mfa',
        problems: ['totp_already_active', 'setup_not_started', 'invalid_code', 'mfa_disabled']
      },
      schema: {
        operationId: 'activateMfa',
        summary: 'Turn the second factor on',
        description:
          'Checks a code to prove that the app has the secret. Ends every session without a second factor, except the caller’s. With `setup_challenge_id` it opens a session, unless the address must be confirmed first.',
        headers: TransportHeader,
        body: closed({ code: TotpCode, setup_challenge_id: Type.Optional(SetupChallengeId) }),
        response: { 200: Activated }
      }
    },
    async (request, reply) => {
      const { code, setup_challenge_id } = request.body
      const owner = await setupOwner(request, setup_challenge_id)
      const { recoveryCodes, signIn } = await activate(deps, owner, code, request.sender)
      const done = { success: true as const, recovery_codes: [...recoveryCodes] }
      if (signIn !== null) return { ...done, ...reply.answerSignIn(signIn) }
      if (owner.proven === null) return done
      return { ...done, detail: request.language.texts('details', 'verification_sent') }
    }
  )
}

export default routes
