import type { Config } from './base/config/load.js'
import type { Roles } from './base/config/roles.js'
import type { KeyChain } from './base/crypto/derive.js'
import type { Database } from './base/database/database.js'
import type { Metrics } from './base/metrics.js'
import type { Trace } from './base/tracing.js'
import type { Hasher } from './passwords/hashing.js'
import type { PasswordPolicy } from './passwords/policy.js'
import type { KeyRing } from './tokens/keys/keyring.js'

/** The logger, with the signature of pino, so that `src` imports no logger. */
export type Log = Record<
  'error' | 'warn' | 'info' | 'debug',
  (fields: object, message: string) => void
>

/** What a function may ask of the process. Each names only what it uses: `Pick<Deps, 'db' | 'clock'>`. */
export type Deps = {
  readonly db: Database
  readonly config: Config
  readonly clock: () => Date
  readonly roles: Roles
  readonly log: Log
  readonly metrics: Metrics
  readonly trace: Trace
  readonly keys: KeyRing
  /** Key for the digests that name accounts and networks in the budget table. */
  readonly attemptKey: Buffer
  /** Warns when the budget over all mails has reached this level, from 0 to 1. */
  readonly warnOfMails: (level: number) => void
  /** Keys that encrypt the secrets of links in the outbox. */
  readonly outboxKeys: KeyChain
  /** Key for the digests of short codes in the link table. */
  readonly linkCodeKey: Buffer
  /** Keys that encrypt the secrets of authenticator apps. */
  readonly totpKeys: KeyChain
  /** Keys for the digests of imported recovery codes. */
  readonly recoveryCodeKeys: KeyChain
  /** Keys that encrypt the key of an earlier installation. */
  readonly legacyKeys: KeyChain
  /** Keys that encrypt the answers of forms. */
  readonly formKeys: KeyChain
  /** Keys that encrypt recovery codes while a page shows them. */
  readonly shownCodeKeys: KeyChain
  readonly hasher: Hasher
  readonly passwordPolicy: PasswordPolicy
}
