import type { Config } from './base/config/load.js'
import type { Roles } from './base/config/roles.js'
import type { KeyChain } from './base/crypto/derive.js'
import type { Database } from './base/database/database.js'
import type { Hasher } from './passwords/hashing.js'
import type { PasswordPolicy } from './passwords/policy.js'
import type { KeyRing } from './tokens/keys/keyring.js'

/** The log, with the signature of pino. */
export type Log = Record<
  'error' | 'warn' | 'info' | 'debug',
  (fields: object, message: string) => void
>

/** What functions can ask for. Each one names only what it uses: `Pick<Deps, 'db' | 'clock'>`. */
export type Deps = {
  readonly db: Database
  readonly config: Config
  readonly clock: () => Date
  readonly roles: Roles
  readonly log: Log
  readonly keys: KeyRing
  /** Key of the digests of accounts and networks in the table of budgets. */
  readonly attemptKey: Buffer
  /** Keys that seal the secrets of links in the outbox. */
  readonly outboxKeys: KeyChain
  /** Key of the digests of typed codes in the table of links. */
  readonly linkCodeKey: Buffer
  /** Keys that seal the secrets of authenticator apps. */
  readonly totpKeys: KeyChain
  readonly hasher: Hasher
  readonly passwordPolicy: PasswordPolicy
}
