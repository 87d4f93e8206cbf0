/** A role of the deployer's own: its name and the number that tokens and the table hold. */
export type NamedRole = { readonly name: string; readonly number: number }

/** Identifiers of the contract. Their authority is not their order (contract A.3.1). */
export const builtIn = { user: 0, superuser: 900, staff: 1000 } as const

/** What the roles of an installation are called, and which stands above which. */
export type Roles = {
  /** Every role there is, highest authority first. */
  readonly all: readonly NamedRole[]
  /** The name of a number; the number itself where the settings no longer name it. */
  nameOf(role: number): string
  /** The number of a role written by name or number; null for one that does not exist. */
  numberOf(role: string | number): number | null
  /** Whether `role` has at least the authority of `other`. A role nobody names has a user's. */
  reaches(role: number, other: number): boolean
}

/** Superuser, staff, the deployer's roles in their order, user. */
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
