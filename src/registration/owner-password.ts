import type { Deps } from '../deps.js'
import { type Budget, refund, reserve } from '../limits/budgets.js'
import type { Link } from '../links/link.js'
import { incorrectPassword } from '../passwords/check.js'
import { checkNewPassword } from '../passwords/new-password.js'
import type { Sender } from '../sender.js'

/** What a mailbox's owner sends with a confirmation link: the password of its sign-up, or a new one typed twice. */
export type OwnerPassword =
  | { readonly password: string }
  | { readonly first: string; readonly second: string }

type CheckDeps = Pick<Deps, 'db' | 'config' | 'hasher' | 'passwordPolicy' | 'attemptKey'>

const perLink = { count: 5, seconds: 900 }

/**
 * Checks the password that a mailbox's owner sends, and returns the hash that their account gets. Wrong
 * passwords are limited for each link: a stranger may have signed up with a password used elsewhere.
 *
 * @throws {Problem} `incorrect_password` on `password`; `validation_error` on `new_password1`,
 *   `new_password2`; `throttled`; `busy`.
 */
export async function checkOwnerPassword(
  deps: CheckDeps,
  { id, address, signUp }: Pick<Link, 'id' | 'address' | 'signUp'>,
  sent: OwnerPassword,
  { signal }: Pick<Sender, 'signal'>
): Promise<string> {
  if ('first' in sent) {
    const { firstName = '', lastName = '' } = signUp ?? {}
    const context = { email: address, firstName, lastName }
    await checkNewPassword(deps, { field: 'new_password', ...sent, context })
    return deps.hasher.hash(sent.first, signal)
  }
  const stored = signUp?.passwordHash ?? null
  const budget: Budget = { kind: 'sign-up-password', subject: id, rate: perLink }
  const reservation = await reserve(deps.db, deps.attemptKey, [budget])
  const { matches } = await deps.hasher
    .verify(stored, sent.password, { signal })
    // The password was not compared, so the attempt does not count.
    .catch(async error => {
      await refund(deps.db, reservation)
      throw error
    })
  if (stored === null || !matches) throw incorrectPassword('password')
  await refund(deps.db, reservation)
  return stored
}
