import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { Problem } from '../../src/base/errors/problem.js'
import { listAuthenticators } from '../../src/mfa/authenticators.js'
import { deactivate } from '../../src/mfa/deactivate.js'
import { renewRecoveryCodes } from '../../src/mfa/renew-recovery-codes.js'
import { answers, answersToBody } from '../schemas/answers.js'
import {
  bearerCodes,
  OptionalPassword,
  offeredFactor,
  proofCodes,
  proofFields
} from '../schemas/factor.js'
import { closed, Password } from '../schemas/fields.js'
import { requireMfaOn } from './enabled.js'

const when = Type.String({ format: 'date-time' })
const Authenticators = Type.Array(
  Type.Object({
    id: Type.String({ format: 'uuid' }),
    type: Type.String({ description: '`totp` or `recovery_codes`.' }),
    created_at: when,
    last_used_at: Type.Union([when, Type.Null()]),
    codes_left: Type.Optional(
      Type.Integer({ description: 'Of recovery codes: how many are left.' })
    )
  }),
  {
    description: 'One’s own; empty without a second factor.',
    examples: [
      [
        {
          id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
          type: 'totp',
          created_at: '2026-11-24T08:00:00.000Z',
          last_used_at: '2026-11-24T09:30:00.000Z'
        },
        {
          id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a12',
          type: 'recovery_codes',
          created_at: '2026-11-24T08:00:00.000Z',
          last_used_at: null,
          codes_left: 10
        }
      ]
    ]
  }
)

const Deactivated = Type.Object(
  { success: Type.Literal(true) },
  { description: 'The second factor is off.', examples: [{ success: true }] }
)

const RecoveryCodes = Type.Object(
  { recovery_codes: Type.Array(Type.String()) },
  {
    description: 'Ten new codes, shown once. Those before are dead.',
    examples: [{ recovery_codes: ['K7QX-3MZP-9WVD-RH4T', '…'] }]
  }
)

const proofs =
  'An account whose session never passed a second factor sends `code` or `recovery_code` too.'

/** A person's own second factor: what there is, new recovery codes, giving it up (contract 1.13). */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('mfa', config.RATE_LIMIT_MFA)
  const preParsing = requireMfaOn(config)

  fastify.get(
    '/mfa/authenticators/',
    {
      config: { auth: 'bearer', rateLimit },
      preParsing,
      schema: {
        operationId: 'listAuthenticators',
        tags: ['Second factor'],
        summary: 'List one’s own second factors',
        security: [{ bearer: [] }],
        response: answers({ 200: Authenticators }, ...bearerCodes, 'mfa_disabled')
      }
    },
    async request => {
      const factors = await listAuthenticators(deps.db, request.principal.user.id)
      return factors.map(({ id, type, createdAt, lastUsedAt, codesLeft }) => ({
        id,
        type,
        created_at: createdAt.toISOString(),
        last_used_at: lastUsedAt?.toISOString() ?? null,
        ...(codesLeft === undefined ? {} : { codes_left: codesLeft })
      }))
    }
  )

  fastify.post(
    '/mfa/recovery-codes/',
    {
      config: { auth: 'bearer', rateLimit },
      preParsing,
      schema: {
        operationId: 'renewRecoveryCodes',
        tags: ['Second factor'],
        summary: 'Make new recovery codes',
        description: proofs,
        security: [{ bearer: [] }],
        body: closed({ password: OptionalPassword, ...proofFields }),
        response: answersToBody({ 200: RecoveryCodes }, ...proofCodes, 'mfa_disabled')
      }
    },
    async request => {
      const { principal, body } = request
      const offered = { password: body.password, factor: offeredFactor(body) }
      const client = request.sender
      return { recovery_codes: await renewRecoveryCodes(deps, principal, offered, client) }
    }
  )

  fastify.post(
    '/mfa/deactivate/',
    {
      config: { auth: 'bearer', rateLimit },
      preParsing: [
        preParsing,
        async () => {
          if (config.JWT_ALLAUTH_MFA_TOTP_MODE === 'required')
            throw new Problem('mfa_required_by_policy')
        }
      ],
      schema: {
        operationId: 'deactivateMfa',
        tags: ['Second factor'],
        summary: 'Turn the second factor off',
        description: `Removes the authenticator and the recovery codes; sessions stay. ${proofs}`,
        security: [{ bearer: [] }],
        body: closed({ password: Password, ...proofFields }),
        response: answersToBody(
          { 200: Deactivated },
          ...proofCodes,
          'mfa_disabled',
          'mfa_required_by_policy'
        )
      }
    },
    async request => {
      const { principal, body } = request
      const offered = { password: body.password, factor: offeredFactor(body) }
      await deactivate(deps, principal, offered, request.sender)
      return { success: true as const }
    }
  )
}

export default routes
