import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { readAuthenticator } from './authenticators.js'
import { extendSetup, setupNotValid } from './challenges.js'
import { putPending, readPending } from './pending.js'
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
 * Draws a secret and shows it to its owner alone, in place of one that waited there; what others
 * have under way stays, and so does an authenticator that is active (MFA-13).
 *
 * @throws {Problem} `totp_already_active`; as the owner's `commit`.
 */
export async function beginSetup(deps: SetupDeps, owner: SetupOwner): Promise<Setup> {
  await refuseActive(deps, owner)
  const { secret, ...sealed } = newSecret(deps, owner.userId)
  const { challengeId } = owner.shownTo
  await owner.commit(async tx => {
    if (challengeId !== undefined) await extendSetup(tx, challengeId)
    // A session is locked here, so it is there; a challenge may have been used.
    if (!(await putPending(tx, owner.shownTo, sealed))) throw setupNotValid()
  })
  return show(deps, owner, secret)
}

/**
 * The same for a page that may be loaded again: the secret that somebody's app has just learnt is
 * shown again while it waits.
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
