import type { FastifyRequest } from 'fastify'
import type { Config } from '../../src/base/config/load.js'
import { Problem } from '../../src/base/errors/problem.js'

/**
 * For `preParsing`: after somebody is known, and before a body is looked at, says that there is no
 * second factor here (contract 1.13). Where a setup challenge would do there can be none, so who has
 * no bearer is nobody.
 */
export const requireMfaOn =
  ({ JWT_ALLAUTH_MFA_TOTP_MODE: mode }: Config) =>
  async (request: FastifyRequest) => {
    if (mode !== 'disabled') return
    const { auth } = request.routeOptions.config
    if (auth === 'setup' && request.bearer === null)
      throw request.bearerProblem ?? new Problem('not_authenticated')
    throw new Problem('mfa_disabled')
  }
