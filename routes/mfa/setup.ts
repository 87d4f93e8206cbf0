import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { answerPrefetch, byCookie, type FormErrors, showAgain } from '../../plugins/http/forms.js'
import { activate } from '../../src/mfa/activate.js'
import { beginSetup, continueSetup } from '../../src/mfa/setup.js'
import { forgetShownCodes, keepShownCodes } from '../../src/mfa/shown-codes.js'
import { Page, Prefetched, Redirect } from '../schemas/answers.js'
import { closed } from '../schemas/fields.js'
import { SetupChallengeId, setupDescription, TotpCode } from '../schemas/mfa.js'
import { finishMfa, goOnWhenSignedIn, pageWhenEnded, readCodesOfFlow } from './pages.js'
import { setupOwner, setupOwnerOfPage } from './setup-owner.js'

const Setup = Type.Object(
  {
    secret: Type.String({ description: 'The secret in base32, for typing into an app.' }),
    provisioning_uri: Type.String({ description: 'The secret as an `otpauth:` URI.' }),
    qr_code: Type.String({ description: 'The URI as a QR code: an SVG document.' })
  },
  {
    description: 'The secret. It waits five minutes for its first code.',
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

/** Setting up an authenticator app: JSON for programs, and pages. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const page = `${config.BASE_PATH}/mfa/setup/`

  fastify.post(
    '/mfa/setup/',
    {
      config: { auth: 'setup', limit: 'mfa', problems: ['totp_already_active', 'mfa_disabled'] },
      schema: {
        operationId: 'beginMfaSetup',
        summary: 'Begin to set up an authenticator app',
        description:
          'Creates a secret, which replaces one that still waits for its first code. It never changes an active authenticator.',
        body: closed({ setup_challenge_id: Type.Optional(SetupChallengeId) }),
        response: { 200: Setup }
      }
    },
    async request => {
      const owner = await setupOwner(request, request.body.setup_challenge_id)
      const { secret, provisioningUri, qrCode } = await beginSetup(deps, owner)
      return { secret, provisioning_uri: provisioningUri, qr_code: qrCode }
    }
  )

  async function showSetup(
    request: FastifyRequest,
    reply: FastifyReply,
    errors?: FormErrors,
    status = 200
  ) {
    const owner = await setupOwnerOfPage(request)
    const { qrCode: qrSvg, secret, provisioningUri: uri } = await continueSetup(deps, owner)
    return reply.page('mfa/setup', { qrSvg, secret, uri, email: owner.email, errors }, status)
  }

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/mfa/setup/',
    config: {
      auth: 'visitor',
      page: true,
      limit: 'mfa',
      problems: ['setup_challenge_invalid', 'totp_already_active', 'mfa_disabled'],
      setsCookies: true
    },
    errorHandler: goOnWhenSignedIn,
    schema: {
      operationId: 'showMfaSetup',
      summary: 'Page that sets up an authenticator app',
      description: setupDescription,
      response: { 200: Page, 204: Prefetched, 303: Redirect }
    },
    preHandler: answerPrefetch,
    handler: async (request, reply) => showSetup(request, reply)
  })

  fastify.post(
    '/mfa/setup/page/',
    {
      config: {
        auth: 'setup',
        page: true,
        limit: 'mfa',
        problems: [
          'setup_challenge_invalid',
          'setup_not_started',
          'totp_already_active',
          'invalid_code',
          'mfa_disabled'
        ]
      },
      errorHandler: pageWhenEnded(page, showAgain(showSetup)),
      schema: {
        operationId: 'finishMfaSetup',
        summary: 'Form that turns the second factor on',
        description: `Redirects to the page of the recovery codes and opens a session with cookie transport, unless the address must be confirmed first. With only \`setup_challenge_id\` it writes the cookie and redirects to the page. ${setupDescription}`,
        security: [],
        body: closed({
          code: Type.Optional(TotpCode),
          setup_challenge_id: Type.Optional(SetupChallengeId)
        }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { code, setup_challenge_id } = request.body
      if (setup_challenge_id !== undefined) {
        const { shownTo } = await setupOwner(request, setup_challenge_id)
        return reply.startFlow('mfa', shownTo.challengeId ?? '').redirect(page, 303)
      }
      const owner = await setupOwnerOfPage(request)
      const { recoveryCodes, signIn } = await activate(deps, owner, code ?? '', byCookie(request))
      reply.endFlow('mfa')
      if (signIn !== null) reply.answerSignIn(signIn)
      const shown = { userId: owner.userId, codes: recoveryCodes }
      reply.startFlow('recovery_codes', await keepShownCodes(deps, shown))
      return reply.redirect(`${config.BASE_PATH}/mfa/setup/page/codes/`, 303)
    }
  )

  fastify.get(
    '/mfa/setup/page/codes/',
    {
      config: { auth: 'none', page: true, limit: 'mfa', problems: ['mfa_disabled'] },
      schema: {
        operationId: 'showRecoveryCodes',
        summary: 'Page with the recovery codes, until the person is done or for ten minutes',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const shown = await readCodesOfFlow(request)
      return shown === null
        ? finishMfa(reply, { signedIn: false })
        : reply.page('mfa/recovery-codes', shown)
    }
  )

  fastify.post(
    '/mfa/setup/page/done/',
    {
      config: { auth: 'none', page: true, limit: 'mfa', problems: ['mfa_disabled'] },
      schema: {
        operationId: 'leaveMfaSetup',
        summary: 'Form that leaves the page of the recovery codes',
        body: closed({ saved: Type.Optional(Type.Literal('yes')) }),
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const id = request.readFlow('recovery_codes')
      if (id) await forgetShownCodes(deps, id)
      if (id !== undefined) reply.endFlow('recovery_codes')
      return finishMfa(reply, { signedIn: false })
    }
  )
}

export default routes
