import { createAccount } from '../accounts/accounts.js'
import { canonicalAddress } from '../accounts/address.js'
import type { Deps } from '../deps.js'
import { fieldProblem, Problem } from '../errors/problem.js'
import { checkNewPassword, hashNewPassword } from '../passwords/new-password.js'
import type { Device, Grant, Transport } from '../sessions/grant.js'
import { mint } from '../sessions/mint.js'

export type SignUp = {
  readonly email: string
  readonly password1: string
  readonly password2: string
  readonly firstName: string
  readonly lastName: string
}

type Client = {
  readonly transport: Transport
  readonly device: Device
  readonly signal?: AbortSignal
}

/**
 * Makes an account and its first session, both or neither.
 *
 * @throws {Problem} `validation_error`; `email_taken` for an address that has an account: without
 *   verification by mail a sign-up cannot hide that (D9).
 */
export async function register(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'hasher' | 'passwordPolicy'>,
  signUp: SignUp,
  client: Client
): Promise<Grant> {
  const { email: typed, password1, password2, firstName, lastName } = signUp
  const email = canonicalAddress(typed)
  if (email === null) throw fieldProblem('email', { code: 'email' })
  await checkNewPassword(deps, {
    field: 'password',
    first: password1,
    second: password2,
    context: { email, firstName, lastName }
  })
  const passwordHash = await hashNewPassword(deps, password1, client.signal)
  return deps.db.transaction(async tx => {
    const now = deps.clock()
    const account = {
      email,
      passwordHash,
      firstName,
      lastName,
      emailVerifiedAt: now,
      createdAt: now
    }
    const { userId, credentialEpoch } = await createAccount(tx, account)
    const grant = await mint({ ...deps, db: tx }, { userId, credentialEpoch, amr: ['pwd'] }, client)
    if (grant === null) throw new Problem('internal_error')
    return grant
  })
}
