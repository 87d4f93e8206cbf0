import type { FastifyPluginAsync } from 'fastify'
import assets from './assets.js'
import authVerify from './auth/verify.js'
import devMailbox from './dev/mailbox.js'
import health from './health.js'
import invitations from './invitations.js'
import login from './login.js'
import logout from './logout.js'
import logoutAll from './logout-all.js'
import metrics from './metrics.js'
import activate from './mfa/activate.js'
import authenticators from './mfa/authenticators.js'
import challenge from './mfa/challenge.js'
import deactivate from './mfa/deactivate.js'
import recoveryCodes from './mfa/recovery-codes.js'
import setup from './mfa/setup.js'
import verify from './mfa/verify.js'
import verifyRecovery from './mfa/verify-recovery.js'
import { requireMfaOn } from './mfa/when-on.js'
import passwordChange from './password/change.js'
import passwordReset from './password/reset.js'
import reauthenticate from './reauthenticate.js'
import refresh from './refresh.js'
import registration from './registration/index.js'
import invitation from './registration/invitation.js'
import setPassword from './registration/set-password.js'
import userRegister from './registration/user-register.js'
import verificationKey from './registration/verification/_key.js'
import verification from './registration/verification/index.js'
import sessions from './sessions.js'
import activity from './user/activity.js'
import userEmail from './user/email.js'
import userExport from './user/export.js'
import user from './user/index.js'
import wellKnown from './well-known.js'

/**
 * All routes, grouped by their tag in the OpenAPI document. The path of a file is the beginning of
 * every URL in it. Each file decides which settings its routes need.
 */
const routes: FastifyPluginAsync = async fastify => {
  const { BASE_PATH: prefix, JWT_ALLAUTH_MFA_TOTP_MODE: mode } = fastify.deps.config
  await fastify.register(assets, { prefix })
  await fastify.register(devMailbox, { prefix })
  await group('Sessions', [login, refresh, logout, logoutAll, reauthenticate, sessions])
  await group('Account', [user, activity, userEmail, userExport, passwordChange])
  await group('Proxies', [authVerify])
  await group('Password reset', [passwordReset])
  await group('Second factor', [setup, activate, challenge, verify, verifyRecovery], requireMfaOn)
  await group('Second factor', [authenticators, recoveryCodes, deactivate], requireMfaOn)
  await group('Registration', [registration, verification, verificationKey])
  await group('Registration', [setPassword, invitation])
  await group('Invitations', [userRegister, invitations])
  for (const plugin of [wellKnown, health, metrics]) await fastify.register(plugin)

  /** `guard` runs before the body of a request is read. While it refuses all, the document says so. */
  async function group(tag: string, files: FastifyPluginAsync[], guard?: typeof requireMfaOn) {
    const isOff = guard !== undefined && mode === 'disabled'
    await fastify.register(
      async scope => {
        scope.addHook('onRoute', ({ schema }) => {
          if (schema !== undefined) Object.assign(schema, { tags: [tag], ...(isOff && disabled) })
        })
        if (guard !== undefined) scope.addHook('preParsing', guard)
        for (const plugin of files) await scope.register(plugin)
      },
      { prefix }
    )
  }
}

const disabled = { 'x-disabled': true }

export default routes
