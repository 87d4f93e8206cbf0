import { Type } from 'typebox'
import { fieldProblem } from '../../../src/base/errors/problem.js'
import type { OwnerPassword } from '../../../src/registration/owner-password.js'
import { Password } from '../../schemas/fields.js'

/** Fields of a confirmation: needed while several sign-ups with the address are pending. */
export const ownerPasswordFields = {
  password: Type.Optional(Password),
  new_password1: Type.Optional(Password),
  new_password2: Type.Optional(Password)
}

type Body = {
  readonly password?: string
  readonly new_password1?: string
  readonly new_password2?: string
}

/** @throws {Problem} `validation_error` for half a new password, and for one beside `password`. */
export function ownerPasswordOf({
  password,
  new_password1: first,
  new_password2: second
}: Body): OwnerPassword | null {
  if (first === undefined && second === undefined)
    return password === undefined ? null : { password }
  if (password !== undefined) throw fieldProblem('password', { code: 'unknown' })
  if (first === undefined) throw fieldProblem('new_password1', { code: 'required' })
  if (second === undefined) throw fieldProblem('new_password2', { code: 'required' })
  return { first, second }
}
