import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import { type Addressee, enqueue, type NewMail } from './enqueue.js'

type Owner = Addressee & { readonly emailVerifiedAt: Date | null }

/**
 * Mails the owner of an account about a change, in the transaction of the change. Unverified addresses
 * get no mail: they may belong to another person.
 */
export async function notifyOwner(
  tx: Database,
  deps: Pick<Deps, 'config' | 'clock' | 'outboxKeys'>,
  owner: Owner,
  { params, ...mail }: Omit<NewMail, 'to'>
): Promise<void> {
  if (owner.emailVerifiedAt === null) return
  const when = deps.clock().toISOString()
  await enqueue(tx, deps, { ...mail, to: owner, params: { when, ...params } })
}
