import type { FastifyRequest } from 'fastify'
import * as policy from '../../src/mfa/policy.js'

/**
 * Answers `mfa_disabled` while the mode is `disabled`: after the access token was read, before the
 * body is. No setup challenge can exist then, so a setup request without an access token is not
 * authenticated.
 */
export async function requireMfaOn({ bearer, routeOptions, server }: FastifyRequest) {
  const { auth, page } = routeOptions.config
  const { config } = server.deps
  const isOff = config.JWT_ALLAUTH_MFA_TOTP_MODE === 'disabled'
  if (isOff && auth === 'setup' && !page && bearer?.problem) throw bearer.problem
  policy.requireMfaOn(config)
}
