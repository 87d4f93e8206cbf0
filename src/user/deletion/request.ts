import { beginDeletion, foreseeErasure } from '../../accounts/deletion.js'
import { readUndoRight } from '../../accounts/undo-right.js'
import { byOwner, record } from '../../audit/record.js'
import type { Database } from '../../base/database/database.js'
import type { Deps } from '../../deps.js'
import { createLink } from '../../links/link.js'
import type { Addressee } from '../../mail/enqueue.js'
import { notify } from '../../mail/notify-owner.js'
import type { Sender } from '../../sender.js'
import type { Principal } from '../../sessions/authenticate.js'
import { revokeAllSessions } from '../../sessions/revoke.js'
import {
  authorizeChange,
  type ChangeDeps,
  commitChange,
  type Evidence
} from '../../sign-in/authorize-change.js'
import { eraseOwn } from './erase.js'

type RequestDeps = ChangeDeps & Pick<Deps, 'linkCodeKey'>

/**
 * Closes the account of the caller: it is disabled, its sessions end, and it is erased after
 * `ACCOUNT_DELETION_GRACE`. A mail has the link that keeps it. Without a grace it is erased now, unless an undo
 * right is open. So is an account that never proved its address, in any case: its mail may go to another
 * person, and nobody may keep an address reserved that is not theirs.
 *
 * @returns when the account is erased; null if it is erased already.
 * @throws {Problem} as {@link authorizeChange} and {@link commitChange}.
 */
export async function requestDeletion(
  deps: RequestDeps,
  principal: Principal,
  evidence: Evidence,
  sender: Sender
): Promise<Date | null> {
  const { sessionId } = principal
  const authorization = await authorizeChange(deps, { principal, sender }, 'fresh', evidence)
  return commitChange(deps, authorization, async (tx, account) => {
    const { id: userId } = account
    await record(tx, { event: 'account.deletion_requested', ...byOwner(userId), sessionId, sender })
    const graceSeconds = deps.config.ACCOUNT_DELETION_GRACE
    const right = await readUndoRight(tx, userId)
    if (isErasedAtOnce(deps, account, right)) {
      await eraseOwn(tx, deps, account, sender)
      return null
    }
    await revokeAllSessions(tx, { userId })
    const erasedAt = await beginDeletion(tx, userId, { graceSeconds })
    const wayBack = { purpose: 'account_deletion_undo', until: erasedAt, erasedAt } as const
    await mailWayBack(tx, deps, account, wayBack, sender)
    if (right === null || right.address === account.email) return erasedAt
    // A thief who has moved the account reads the mail above. The owner's way back is the undo right.
    const { address: email, expiresAt: until } = right
    const ownersWay = { purpose: 'email_change_undo', until, erasedAt } as const
    await mailWayBack(tx, deps, { ...account, email }, ownersWay, sender)
    return erasedAt
  })
}

/** When the account of the caller would be erased if it was closed now; null: at once. */
export async function foreseeDeletion(
  deps: Pick<Deps, 'db' | 'config'>,
  { user }: Principal
): Promise<Date | null> {
  const right = await readUndoRight(deps.db, user.id)
  if (isErasedAtOnce(deps, user, right)) return null
  return foreseeErasure(deps.db, user.id, { graceSeconds: deps.config.ACCOUNT_DELETION_GRACE })
}

const isErasedAtOnce = (
  { config }: Pick<Deps, 'config'>,
  { emailVerifiedAt }: { readonly emailVerifiedAt: Date | null },
  right: object | null
): boolean => emailVerifiedAt === null || (config.ACCOUNT_DELETION_GRACE === 0 && right === null)

type WayBack = {
  readonly purpose: 'account_deletion_undo' | 'email_change_undo'
  readonly until: Date
  readonly erasedAt: Date
}

/** Mails a link that keeps the account, until its moment is over. */
async function mailWayBack(
  tx: Database,
  deps: RequestDeps,
  to: Addressee & { readonly id: string },
  { purpose, until, erasedAt }: WayBack,
  sender: Sender
): Promise<void> {
  if (deps.config.EMAIL_DISABLED) return
  const now = deps.clock()
  const link = await createLink(tx, deps, {
    userId: to.id,
    purpose,
    address: to.email,
    credentialEpoch: null,
    lifetimeSeconds: (until.getTime() - now.getTime()) / 1000
  })
  await notify(tx, deps, to, {
    template: 'account-deletion',
    sender,
    params: { erasedAt: erasedAt.toISOString() },
    link: { ...link, isOnly: true }
  })
}
