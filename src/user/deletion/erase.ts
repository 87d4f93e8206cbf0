import { setAddress } from '../../accounts/account.js'
import { eraseAccount, findDueDeletions, isDeletionDue } from '../../accounts/deletion.js'
import { leaveInvitation } from '../../accounts/invitation.js'
import { type LockedAccount, lockAccount } from '../../accounts/lock.js'
import { byOwner, record } from '../../audit/record.js'
import type { Database } from '../../base/database/database.js'
import type { EmailAddress } from '../../base/email-address.js'
import type { Deps } from '../../deps.js'
import { notify } from '../../mail/notify-owner.js'
import type { Sender } from '../../sender.js'

type EraseDeps = Pick<Deps, 'config' | 'clock' | 'attemptKey' | 'outboxKeys'>

/**
 * Erases an account at once, in a transaction that has locked it, and tells the mailbox if the account has
 * proved it. The mail belongs to no account and is removed when it is sent.
 */
export async function eraseNow(
  tx: Database,
  deps: EraseDeps,
  { id, email, locale, emailVerifiedAt }: LockedAccount,
  sender: Sender
): Promise<void> {
  await eraseAccount(tx, id)
  if (emailVerifiedAt === null) return
  await notify(tx, deps, { id: null, email, locale }, { template: 'account-deleted', sender })
}

/**
 * {@link eraseNow} for the owner. An open invitation of the address stays there with a new account: whoever
 * used the address without having proved it does not decline for the invited person (UND-07).
 */
export async function eraseOwn(
  tx: Database,
  deps: EraseDeps,
  account: LockedAccount,
  sender: Sender
): Promise<void> {
  const { id, emailVerifiedAt } = account
  await record(tx, { event: 'account.deleted', ...byOwner(id), sender })
  if (emailVerifiedAt === null) {
    // The invitation takes the address, so the account gives it up first.
    const email = `${id}@erased.invalid` as EmailAddress
    await setAddress(tx, id, { email, emailVerifiedAt: null })
    await leaveInvitation(tx, deps, account)
  }
  await eraseNow(tx, deps, account, sender)
}

const batchSize = 100

/**
 * Erases every account whose term is over, each in a transaction of its own, and returns how many. Several
 * processes can do it at the same time. An account that fails does not stop the others.
 *
 * @throws the first failure, after the others have been tried.
 */
export async function eraseDue(deps: Pick<Deps, 'db'>, sender: Sender): Promise<number> {
  const failures: unknown[] = []
  let erased = 0
  for (;;) {
    const due = await findDueDeletions(deps.db, batchSize)
    const before = erased
    for (const userId of due) {
      await eraseIfDue(deps, userId, sender).then(
        isErased => {
          if (isErased) erased++
        },
        error => failures.push(error)
      )
    }
    // When nothing in a batch can be erased, the next look would find the same accounts.
    if (due.length < batchSize || erased === before) break
  }
  if (failures.length > 0) throw failures[0]
  return erased
}

/** Erases an account if it still waits for that: its owner may have kept it, or another process erased it. */
function eraseIfDue({ db }: Pick<Deps, 'db'>, userId: string, sender: Sender): Promise<boolean> {
  return db.transaction(async tx => {
    const account = await lockAccount(tx, userId)
    if (account === null || account.isActive || !(await isDeletionDue(tx, userId))) return false
    await record(tx, { event: 'account.deleted', actorId: null, subjectId: userId, sender })
    await eraseAccount(tx, userId)
    return true
  })
}
