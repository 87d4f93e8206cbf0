import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type FormErrors, showAgain } from '../../plugins/http/forms.js'
import { Problem } from '../../src/base/errors/problem.js'
import { activate } from '../../src/mfa/activate.js'
import { listAuthenticators } from '../../src/mfa/authenticators.js'
import { deactivate } from '../../src/mfa/deactivate.js'
import { renewRecoveryCodes } from '../../src/mfa/renew-recovery-codes.js'
import { continueSetup } from '../../src/mfa/setup.js'
import { ownerOfSession } from '../../src/mfa/setup-owner.js'
import { forgetShownCodes, keepShownCodes } from '../../src/mfa/shown-codes.js'
import { readCodesOfFlow } from '../mfa/pages.js'
import { Page, Redirect } from '../schemas/answers.js'
import { closed, Password } from '../schemas/fields.js'
import { proofProblems, TotpCode } from '../schemas/mfa.js'
import { doneOf, redirectDone } from './done.js'

const place = '/account/mfa/'
const codesPlace = '/account/mfa/codes/'

/** The second factor of one's own account: on, off, new recovery codes. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { BASE_PATH, JWT_ALLAUTH_MFA_TOTP_MODE: mode } = deps.config
  if (mode === 'disabled') return

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    errors?: FormErrors,
    status = 200
  ) {
    const { user } = request.principal
    const listed = await listAuthenticators(deps.db, user.id)
    const codes = listed.find(({ type }) => type === 'recovery_codes')
    return reply.page(
      'account/mfa',
      {
        email: user.email,
        isOn: listed.length > 0,
        codesLeft: codes?.codesLeft ?? 0,
        mayTurnOff: mode !== 'required',
        errors,
        done: doneOf(request)
      },
      status
    )
  }

  async function showCodes(reply: FastifyReply, codes: readonly string[]) {
    const { id: userId } = reply.request.principal.user
    const id = await keepShownCodes(deps, { userId, codes })
    return reply.startFlow('recovery_codes', id).redirect(`${BASE_PATH}${codesPlace}`, 303)
  }

  fastify.get(
    '/account/mfa/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showSecondFactor',
        summary: 'Page with the second factor of the account',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => show(request, reply)
  )

  const problems = [
    'totp_already_active',
    'setup_not_started',
    'invalid_code',
    'mfa_disabled'
  ] as const

  async function showSetup(
    request: FastifyRequest,
    reply: FastifyReply,
    errors?: FormErrors,
    status = 200
  ) {
    const { principal, sender } = request
    try {
      const setup = await continueSetup(deps, await ownerOfSession(deps, principal, sender))
      const { qrCode: qrSvg, secret, provisioningUri: uri } = setup
      const { email } = principal.user
      return reply.page('mfa/setup', { qrSvg, secret, uri, email, inAccount: true, errors }, status)
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'totp_already_active') throw error
      return reply.redirect(`${BASE_PATH}${place}`, 303)
    }
  }

  fastify.get(
    '/account/mfa/setup/',
    {
      config: { auth: 'page', page: true, limit: 'mfa', problems },
      schema: {
        operationId: 'showSecondFactorSetup',
        summary: 'Page that sets up an authenticator app',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => showSetup(request, reply)
  )

  fastify.post(
    '/account/mfa/setup/',
    {
      config: { auth: 'page', page: true, limit: 'mfa', problems },
      errorHandler: showAgain(showSetup),
      schema: {
        operationId: 'turnSecondFactorOn',
        summary: 'Form that turns the second factor on',
        body: closed({ code: TotpCode }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { principal, body, sender } = request
      const owner = await ownerOfSession(deps, principal, sender)
      const { recoveryCodes } = await activate(deps, owner, body.code, sender)
      return showCodes(reply, recoveryCodes)
    }
  )

  fastify.get(
    '/account/mfa/codes/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showNewRecoveryCodes',
        summary: 'Page with new recovery codes, until the person is done or for ten minutes',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const shown = await readCodesOfFlow(request, request.principal.user.id)
      if (shown === null) return reply.redirect(`${BASE_PATH}${place}`, 303)
      return reply.page('mfa/recovery-codes', { ...shown, inAccount: true })
    }
  )

  fastify.post(
    '/account/mfa/codes/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'leaveNewRecoveryCodes',
        summary: 'Form that leaves the page of the recovery codes',
        body: closed({ saved: Type.Optional(Type.Literal('yes')) }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const id = request.readFlow('recovery_codes')
      if (id) await forgetShownCodes(deps, id)
      return redirectDone(reply.endFlow('recovery_codes'), place, 'codes')
    }
  )

  fastify.post(
    '/account/mfa/renew/',
    {
      config: {
        auth: 'page',
        page: true,
        limit: 'mfa',
        problems: [...proofProblems, 'mfa_disabled']
      },
      errorHandler: showAgain(show),
      schema: {
        operationId: 'renewCodes',
        summary: 'Form that makes new recovery codes',
        body: closed({ password: Password }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { principal, body, sender } = request
      return showCodes(reply, await renewRecoveryCodes(deps, principal, body, sender))
    }
  )

  fastify.post(
    '/account/mfa/off/',
    {
      config: {
        auth: 'page',
        page: true,
        limit: 'mfa',
        problems: [...proofProblems, 'mfa_disabled', 'mfa_required_by_policy']
      },
      errorHandler: showAgain((request, reply, { password, ...errors }, status) =>
        // The page has a second form with a password.
        show(request, reply, { ...errors, ...(password && { password_off: password }) }, status)
      ),
      schema: {
        operationId: 'turnSecondFactorOff',
        summary: 'Form that turns the second factor off',
        body: closed({ password: Password }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { principal, body, sender } = request
      await deactivate(deps, principal, body, sender)
      return redirectDone(reply, place, 'factor_off')
    }
  )
}

export default routes
