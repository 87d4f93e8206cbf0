import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { Problem } from '../../src/base/errors/problem.js'
import { activate } from '../../src/mfa/activate.js'
import { beginSetup } from '../../src/mfa/setup.js'
import { ownerOfChallenge, ownerOfSession, type SetupOwner } from '../../src/mfa/setup-owner.js'
import { answersToBody, exampleToken, tokenFields } from '../schemas/answers.js'
import { bearerCodes, SetupChallengeId, TotpCode } from '../schemas/factor.js'
import { closed, TransportHeader } from '../schemas/fields.js'
import { requireMfaOn } from './enabled.js'

const Setup = Type.Object(
  {
    secret: Type.String({ description: 'The secret in base32, to be typed into an app.' }),
    provisioning_uri: Type.String({ description: 'The same as an app reads it.' }),
    qr_code: Type.String({ description: 'The URI as a picture: an SVG document.' })
  },
  {
    description: 'Waits five minutes for its first code.',
    examples: [
      {
        secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
        provisioning_uri:
          'otpauth://totp/ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Postern',
        qr_code: '<svg xmlns="http://www.w3.org/2000/svg" …'
      }
    ]
  }
)

const recoveryCodes = ['K7QX-3MZP-9WVD-RH4T', '…']
const Activated = Type.Object(
  {
    success: Type.Literal(true),
    recovery_codes: Type.Array(Type.String(), {
      description: 'Ten codes, each good once in place of the app. They are not shown again.'
    }),
    ...tokenFields,
    access: Type.Optional(tokenFields.access),
    detail: Type.Optional(
      Type.String({ description: 'The address has to be confirmed before there are tokens.' })
    )
  },
  {
    description: 'Set up. Tokens are there where a setup challenge was used up.',
    examples: [
      { success: true, recovery_codes: recoveryCodes },
      { success: true, recovery_codes: recoveryCodes, access: exampleToken },
      { success: true, recovery_codes: recoveryCodes, detail: 'Verification e-mail sent.' }
    ]
  }
)

const codes = [...bearerCodes, 'setup_challenge_invalid', 'mfa_disabled'] as const

/** Setting up an authenticator app, signed in or on the way there (contract 1.13). */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('mfa', config.RATE_LIMIT_MFA)
  const preParsing = requireMfaOn(config)

  /** A challenge that is sent counts, so that a stale bearer beside it does no harm. */
  async function ownerOf(
    request: FastifyRequest,
    setupChallengeId: string | undefined
  ): Promise<SetupOwner> {
    if (setupChallengeId !== undefined) return ownerOfChallenge(deps, setupChallengeId)
    if (request.bearer !== null) return ownerOfSession(request.bearer)
    throw request.bearerProblem ?? new Problem('not_authenticated')
  }

  fastify.post(
    '/mfa/setup/',
    {
      config: { auth: 'setup', rateLimit },
      preParsing,
      schema: {
        operationId: 'beginMfaSetup',
        tags: ['Second factor'],
        summary: 'Begin to set up an authenticator app',
        description:
          'Draws a secret for whoever asks, in place of one that waited there. Never touches an authenticator that is active.',
        security: [{ bearer: [] }, {}],
        body: closed({ setup_challenge_id: Type.Optional(SetupChallengeId) }),
        response: answersToBody({ 200: Setup }, ...codes, 'totp_already_active')
      }
    },
    async request => {
      const owner = await ownerOf(request, request.body.setup_challenge_id)
      const { secret, provisioningUri, qrCode } = await beginSetup(deps, owner)
      return { secret, provisioning_uri: provisioningUri, qr_code: qrCode }
    }
  )

  fastify.post(
    '/mfa/activate/',
    {
      config: { auth: 'setup', rateLimit },
      preParsing,
      schema: {
        operationId: 'activateMfa',
        tags: ['Second factor'],
        summary: 'Turn the second factor on',
        description:
          'Proves that the app has the secret. Every session that passed no second factor ends, but for the caller’s. With `setup_challenge_id` a session opens, unless the address has to be confirmed first.',
        security: [{ bearer: [] }, {}],
        headers: TransportHeader,
        body: closed({ code: TotpCode, setup_challenge_id: Type.Optional(SetupChallengeId) }),
        response: answersToBody(
          { 200: Activated },
          ...codes,
          'totp_already_active',
          'setup_not_started',
          'invalid_code'
        )
      }
    },
    async (request, reply) => {
      const { code, setup_challenge_id } = request.body
      const owner = await ownerOf(request, setup_challenge_id)
      const { recoveryCodes, signIn } = await activate(deps, owner, code, request.sender)
      const done = { success: true as const, recovery_codes: [...recoveryCodes] }
      if (signIn !== null) return { ...done, ...reply.giveSignIn(signIn) }
      if (owner.proven === null) return done
      return { ...done, detail: request.language.texts('details', 'verification_sent') }
    }
  )
}

export default routes
