/** A role: its name, and the number in tokens and in the table. */
export type NamedRole = { readonly name: string; readonly number: number }

/** Numbers of the API. Authority does not follow the number: superuser (900) ranks above staff (1000). */
export const builtIn = { user: 0, superuser: 900, staff: 1000 } as const

/** The roles of an installation, by name and rank. */
export type Roles = {
  /** Every role, highest authority first. */
  readonly all: readonly NamedRole[]
  /** The name of a number, or the number itself if the settings no longer contain it. */
  nameOf(role: number): string
  /** The number of a role given by name or number; null if there is no such role. */
  numberOf(role: string | number): number | null
  /** Whether `role` has at least the authority of `other`. An unknown role counts as user. */
  reaches(role: number, other: number): boolean
}

/** Ranks superuser, staff, the roles of `ROLES` in their order, user. */
export function createRoles(named: readonly NamedRole[]): Roles {
  const { user, superuser, staff } = builtIn
  const all = [
    { name: 'superuser', number: superuser },
    { name: 'staff', number: staff },
    ...named,
    { name: 'user', number: user }
  ]
  const rank = (role: number) => {
    const index = all.findIndex(({ number }) => number === role)
    return index === -1 ? all.length - 1 : index
  }
  return {
    all,
    nameOf: role => all.find(({ number }) => number === role)?.name ?? String(role),
    numberOf: role =>
      all.find(({ name, number }) => name === role || String(number) === String(role))?.number ??
      null,
    reaches: (role, other) => rank(role) <= rank(other)
  }
}
