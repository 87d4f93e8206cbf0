import type { Deps } from '../deps.js'
import type { Device, Grant, Transport } from '../sessions/grant.js'
import { mint, type Proof } from '../sessions/mint.js'

/** How a person's proof was answered. */
export type SignIn = { readonly kind: 'session'; readonly grant: Grant }

export type SessionRequest = { readonly transport: Transport; readonly device: Device }

/**
 * The gate between a proof and a session, the same for every flow (design rule 1, MFA-10).
 *
 * @returns null when the account was disabled, removed or changed its credentials meanwhile.
 */
export async function openSession(
  deps: Pick<Deps, 'db' | 'config'>,
  proof: Proof,
  request: SessionRequest
): Promise<SignIn | null> {
  const grant = await mint(deps, proof, request)
  return grant && { kind: 'session', grant }
}
