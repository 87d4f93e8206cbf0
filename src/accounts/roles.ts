/** Identifiers of the contract. Their authority is not their order: see contract part A.3.1. */
export const roles = { user: 0, superuser: 900, staff: 1000 } as const

/** The name beside the number in tokens and answers. */
export function roleName(role: number): string {
  return Object.entries(roles).find(([, number]) => number === role)?.[0] ?? String(role)
}
