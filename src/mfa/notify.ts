import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import { enqueue, type MailTemplate } from '../mail/enqueue.js'
import { fewCodes } from './recovery-codes.js'

type MailDeps = Pick<Deps, 'config' | 'clock' | 'outboxKeys'>
type Owner = {
  readonly id: string
  readonly email: string
  readonly emailVerifiedAt: Date | null
  readonly locale: string | null
}
type More = {
  readonly params?: Readonly<Record<string, string | number>>
  readonly quietSeconds?: number
}

/** Tells the owner, in the transaction of what it is about. A mailbox that nobody has proved to read is left in peace. */
async function tell(
  tx: Database,
  deps: MailDeps,
  { id: userId, email: recipient, emailVerifiedAt, locale }: Owner,
  template: MailTemplate,
  { params = {}, ...more }: More = {}
): Promise<void> {
  if (emailVerifiedAt === null) return
  await enqueue(tx, deps, {
    template,
    userId,
    recipient,
    locale: locale ?? deps.config.DEFAULT_LOCALE,
    params: { when: deps.clock().toISOString(), ...params },
    ...more
  })
}

export const announceEnabled = (tx: Database, deps: MailDeps, owner: Owner) =>
  tell(tx, deps, owner, 'mfa-enabled')

export const announceDisabled = (tx: Database, deps: MailDeps, owner: Owner) =>
  tell(tx, deps, owner, 'mfa-disabled')

/** Somebody knows the password and not the code: the owner hears of it once an hour at most. */
export const announceAttempts = (tx: Database, deps: MailDeps, owner: Owner) =>
  tell(tx, deps, owner, 'mfa-attempts', { quietSeconds: 3600 })

/** One code fewer; and, once, that there are few left. */
export async function announceRecoveryCode(
  tx: Database,
  deps: MailDeps,
  owner: Owner,
  remaining: number
): Promise<void> {
  const params = { remaining }
  await tell(tx, deps, owner, 'recovery-code-used', { params })
  if (remaining === fewCodes) await tell(tx, deps, owner, 'recovery-codes-low', { params })
}
