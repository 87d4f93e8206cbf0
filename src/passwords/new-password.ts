import { type FieldProblem, Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import type { PasswordContext } from './policy.js'

/** A password typed twice. `field` is the stem of the two field names: `password` or `new_password`. */
type Typed = {
  readonly field: 'password' | 'new_password'
  readonly first: string
  readonly second: string
  readonly context: Omit<PasswordContext, 'serviceNames'>
}

/**
 * What has to hold of every new password, before anything is looked up (ENU-06, PWD-06).
 *
 * @throws {Problem} `validation_error`: a mismatch under the second field, the policy under the first.
 */
export async function checkNewPassword(
  { passwordPolicy, config }: Pick<Deps, 'passwordPolicy' | 'config'>,
  { field, first, second, context }: Typed
): Promise<void> {
  const serviceNames = [new URL(config.PUBLIC_URL).hostname, 'postern']
  const problems: readonly FieldProblem[] = await passwordPolicy.check(first, {
    ...context,
    serviceNames
  })
  const fields: Record<string, readonly FieldProblem[]> = {}
  if (problems.length > 0) fields[`${field}1`] = problems
  if (first !== second) fields[`${field}2`] = [{ code: 'password_mismatch' }]
  if (Object.keys(fields).length > 0) throw new Problem('validation_error', { fields })
}
