import type { Deps } from '../deps.js'

/** Warns at start when accounts have a second factor and the mode is disabled (MFA-24). */
export async function warnWhenMfaOff({
  db,
  config,
  log
}: Pick<Deps, 'db' | 'config' | 'log'>): Promise<void> {
  if (config.JWT_ALLAUTH_MFA_TOTP_MODE !== 'disabled') return
  const people = await db.prisma.authenticator.count()
  if (people === 0) return
  log.warn(
    { event: 'mfa.ignored', people },
    `JWT_ALLAUTH_MFA_TOTP_MODE is disabled, and ${people} ${people === 1 ? 'person has' : 'people have'} set up a second factor: sign-in asks for the password alone`
  )
}
