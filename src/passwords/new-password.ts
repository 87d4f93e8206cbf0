import { type FieldProblem, Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import type { PasswordContext } from './policy.js'

/** A password typed twice. `field` is the common start of the two field names. */
type Typed = {
  readonly field: 'password' | 'new_password'
  readonly first: string
  readonly second: string
  readonly context: Omit<PasswordContext, 'serviceNames'>
}

/**
 * Checks a new password, before any account is read (ENU-06, PWD-06).
 *
 * @throws {Problem} `validation_error`: a mismatch at the second field, the policy at the first.
 */
export async function checkNewPassword(
  { passwordPolicy, config }: Pick<Deps, 'passwordPolicy' | 'config'>,
  { field, first, second, context }: Typed
): Promise<void> {
  const serviceNames = [new URL(config.PUBLIC_URL).hostname, 'postern']
  const problems = await passwordPolicy.check(first, { ...context, serviceNames })
  const fields: Record<string, readonly FieldProblem[]> = {}
  if (problems.length > 0) fields[`${field}1`] = problems
  if (first !== second) fields[`${field}2`] = [{ code: 'password_mismatch' }]
  if (Object.keys(fields).length > 0) throw new Problem('validation_error', { fields })
}
