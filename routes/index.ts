import type { FastifyPluginAsync } from 'fastify'
import accountActivity from './account/activity.js'
import accountDelete from './account/delete.js'
import accountDevices from './account/devices.js'
import accountEmail from './account/email.js'
import accountExport from './account/export.js'
import account from './account/index.js'
import accountMfa from './account/mfa.js'
import accountPassword from './account/password.js'
import accountProfile from './account/profile.js'
import assets from './assets.js'
import authVerify from './auth/verify.js'
import devMailbox from './dev/mailbox.js'
import health from './health.js'
import home from './home.js'
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
import userDelete from './user/delete.js'
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
  await group('Account', [user, activity, userEmail, userExport, userDelete, passwordChange])
  await group('Proxies', [authVerify])
  if (fastify.deps.config.HOSTED_PAGES) {
    await group('Pages', [home, account, accountProfile, accountEmail, accountPassword])
    await group('Pages', [accountMfa, accountDevices, accountActivity])
    await group('Pages', [accountExport, accountDelete])
  }
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
