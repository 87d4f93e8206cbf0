import { canonicalAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { Refusal } from './refusal.js'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Whether a text has the form of an id. */
export const isId = (text: string): boolean => uuid.test(text)

/**
 * Finds the account with an address or an id.
 *
 * @throws {Refusal} if there is none.
 */
export async function findAccount(
  { db }: Pick<Deps, 'db'>,
  named: string
): Promise<{ id: string; email: string }> {
  const email = canonicalAddress(named)
  const select = { id: true, email: true } as const
  const account = isId(named)
    ? await db.prisma.user.findUnique({ where: { id: named.toLowerCase() }, select })
    : email && (await db.prisma.user.findUnique({ where: { email }, select }))
  if (!account) throw new Refusal(`There is no account ${named}.`)
  return account
}
