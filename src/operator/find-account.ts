import { canonicalAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { Refusal } from './refusal.js'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Whether a text is written like the id of an account. */
export const isAccountId = (text: string): boolean => uuid.test(text)

/**
 * The account that an operator names by its address or its id.
 *
 * @throws {Refusal} when there is none.
 */
export async function findAccount(
  { db }: Pick<Deps, 'db'>,
  named: string
): Promise<{ id: string; email: string }> {
  const email = canonicalAddress(named)
  const select = { id: true, email: true } as const
  const account = isAccountId(named)
    ? await db.prisma.user.findUnique({ where: { id: named.toLowerCase() }, select })
    : email && (await db.prisma.user.findUnique({ where: { email }, select }))
  if (!account) throw new Refusal(`There is no account ${named}.`)
  return account
}
