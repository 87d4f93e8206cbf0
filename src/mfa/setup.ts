import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { readAuthenticator } from './authenticators.js'
import { extendSetup, setupNotValid } from './challenges.js'
import { readPending, storePending } from './pending.js'
import { drawUri, provisioningUri } from './provisioning.js'
import { newSecret, openSecret } from './secret.js'
import type { SetupOwner } from './setup-owner.js'
import { secretText } from './totp.js'

type SetupDeps = Pick<Deps, 'db' | 'config' | 'log' | 'totpKeys'>

export type Setup = {
  readonly secret: string
  readonly provisioningUri: string
  /** The text of an SVG document. */
  readonly qrCode: string
}

/**
 * Generates a secret for this owner and replaces its pending one. Pending secrets of other sessions and an
 * active authenticator stay (MFA-13).
 *
 * @throws {Problem} `totp_already_active`; as the owner's `commit`.
 */
export async function beginSetup(deps: SetupDeps, owner: SetupOwner): Promise<Setup> {
  await refuseActive(deps, owner)
  const { secret, ...sealed } = newSecret(deps, owner.userId)
  const { challengeId } = owner.shownTo
  await owner.commit(async tx => {
    if (challengeId !== undefined) await extendSetup(tx, challengeId)
    // A session is locked here, so it still exists; a challenge may have been used.
    if (!(await storePending(tx, owner.shownTo, sealed))) throw setupNotValid()
  })
  return show(deps, owner, secret)
}

/**
 * {@link beginSetup} for a page that may be reloaded: shows the pending secret again, because the app may
 * have stored it already.
 */
export async function continueSetup(deps: SetupDeps, owner: SetupOwner): Promise<Setup> {
  const pending = await readPending(deps.db, owner.shownTo)
  if (pending === null) return beginSetup(deps, owner)
  await refuseActive(deps, owner)
  return show(deps, owner, openSecret(deps, pending, owner.userId))
}

async function refuseActive({ db }: SetupDeps, { userId }: SetupOwner): Promise<void> {
  if ((await readAuthenticator(db, userId)) !== null) throw new Problem('totp_already_active')
}

async function show({ config }: SetupDeps, { email }: SetupOwner, bytes: Buffer): Promise<Setup> {
  const secret = secretText(bytes)
  const issuer = config.JWT_ALLAUTH_TOTP_ISSUER
  const uri = provisioningUri({ address: email, issuer, secret })
  return { secret, provisioningUri: uri, qrCode: await drawUri(uri) }
}
