import type { FastifyRequest } from 'fastify'
import type { Config } from '../../src/base/config/load.js'
import * as policy from '../../src/mfa/policy.js'

/**
 * For `preParsing`: once it is known who asks, and before a body is looked at, says that the second
 * factor is off here. A setup challenge cannot exist then, so a request without a bearer is nobody's.
 */
export const requireMfaOn =
  (config: Config) =>
  async ({ bearer, routeOptions }: FastifyRequest) => {
    const { auth, page } = routeOptions.config
    const isOff = config.JWT_ALLAUTH_MFA_TOTP_MODE === 'disabled'
    if (isOff && auth === 'setup' && !page && bearer?.problem) throw bearer.problem
    policy.requireMfaOn(config)
  }
