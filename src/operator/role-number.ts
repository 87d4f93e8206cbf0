import type { Deps } from '../deps.js'
import { Refusal } from './refusal.js'

/**
 * The number of a role given by name or number.
 *
 * @throws {Refusal} with the list of roles.
 */
export function roleNumber({ roles }: Pick<Deps, 'roles'>, written: string): number {
  const number = roles.numberOf(written)
  if (number !== null) return number
  const known = roles.all.map(role => `${role.name} (${role.number})`).join(', ')
  throw new Refusal(
    `There is no role ${written}. The roles are ${known}. The setting ROLES adds more.`
  )
}
