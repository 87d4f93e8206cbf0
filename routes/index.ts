import type { FastifyPluginAsync } from 'fastify'
import activity from './activity.js'
import assets from './assets.js'
import devMailbox from './dev-mailbox.js'
import emailChange from './email-change.js'
import health from './health.js'
import invitations from './invitations.js'
import login from './login.js'
import logout from './logout.js'
import authenticators from './mfa/authenticators.js'
import mfaPages from './mfa/pages.js'
import mfaSetup from './mfa/setup.js'
import mfaVerify from './mfa/verify.js'
import passwordChange from './password/change.js'
import passwordReset from './password/reset.js'
import reauthenticate from './reauthenticate.js'
import refresh from './refresh.js'
import registration from './registration/index.js'
import link from './registration/link.js'
import setPassword from './registration/set-password.js'
import verification from './registration/verification.js'
import sessions from './sessions.js'
import user from './user.js'
import wellKnown from './well-known.js'

/** Everything that is served. What `BASE_PATH` moves is registered under it. */
const routes: FastifyPluginAsync = async fastify => {
  const { config } = fastify.deps
  const prefix = config.BASE_PATH
  const managed = config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION
  const api = [
    assets,
    login,
    refresh,
    logout,
    sessions,
    user,
    activity,
    passwordChange,
    reauthenticate
  ]
  api.push(mfaSetup, mfaVerify, authenticators, mfaPages)
  if (!managed) api.push(registration)
  api.push(devMailbox)
  // An operator's command can invite where no mail is sent (contract A.3.29).
  api.push(link, setPassword)
  if (!config.EMAIL_DISABLED) api.push(passwordReset, emailChange)
  if (config.EMAIL_VERIFICATION !== 'none' && !managed) api.push(verification)
  if (config.JWT_ALLAUTH_INVITATIONS || managed) api.push(invitations)
  for (const plugin of api) await fastify.register(plugin, { prefix })
  for (const plugin of [wellKnown, health]) await fastify.register(plugin)
}

export default routes
