import type { FastifyPluginAsync } from 'fastify'
import assets from './assets.js'
import devMailbox from './dev/mailbox.js'
import health from './health.js'
import invitations from './invitations.js'
import login from './login.js'
import logout from './logout.js'
import logoutAll from './logout-all.js'
import activate from './mfa/activate.js'
import authenticators from './mfa/authenticators.js'
import challenge from './mfa/challenge.js'
import deactivate from './mfa/deactivate.js'
import recoveryCodes from './mfa/recovery-codes.js'
import setup from './mfa/setup.js'
import verify from './mfa/verify.js'
import verifyRecovery from './mfa/verify-recovery.js'
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
import user from './user/index.js'
import wellKnown from './well-known.js'

/**
 * Everything that is served. What `BASE_PATH` moves is registered under it. A file's path is the
 * beginning of every URL in it, and each file says itself under which settings its routes are there.
 */
const routes: FastifyPluginAsync = async fastify => {
  const prefix = fastify.deps.config.BASE_PATH
  const api = [
    assets,
    ...[login, refresh, logout, logoutAll, reauthenticate, sessions],
    ...[user, activity, userEmail, passwordChange, passwordReset],
    ...[setup, activate, challenge, verify, verifyRecovery],
    ...[authenticators, recoveryCodes, deactivate],
    ...[registration, verification, verificationKey, setPassword],
    ...[userRegister, invitation, invitations, devMailbox]
  ]
  for (const plugin of api) await fastify.register(plugin, { prefix })
  for (const plugin of [wellKnown, health]) await fastify.register(plugin)
}

export default routes
