import type { FastifyRequest } from 'fastify'
import type { Config } from '../../src/base/config/load.js'
import { Problem } from '../../src/base/errors/problem.js'

/**
 * For `preParsing`: once it is known who asks, and before a body is looked at, says that the second
 * factor is off here. A setup challenge cannot exist then, so a request without a bearer is nobody's.
 */
export const requireMfaOn =
  ({ JWT_ALLAUTH_MFA_TOTP_MODE: mode }: Config) =>
  async ({ bearer, routeOptions: { config } }: FastifyRequest) => {
    if (mode !== 'disabled') return
    if (config.auth === 'setup' && !config.page && bearer?.problem) throw bearer.problem
    throw new Problem('mfa_disabled')
  }
