import type { Config } from './base/config/load.js'
import type { Roles } from './base/config/roles.js'
import type { KeyChain } from './base/crypto/derive.js'
import type { Database } from './base/database/database.js'
import type { Hasher } from './passwords/hashing.js'
import type { PasswordPolicy } from './passwords/policy.js'
import type { KeyRing } from './tokens/keys/keyring.js'

/** What the log takes; pino's signature, so that `src` knows no logger. */
export type Log = Record<
  'error' | 'warn' | 'info' | 'debug',
  (fields: object, message: string) => void
>

/** What domain functions may ask for. Each names only what it uses: `Pick<Deps, 'db' | 'clock'>`. */
export type Deps = {
  readonly db: Database
  readonly config: Config
  readonly clock: () => Date
  readonly roles: Roles
  readonly log: Log
  readonly keys: KeyRing
  /** Under it the budget table names accounts and networks. */
  readonly attemptKey: Buffer
  /** Under them the outbox holds the secrets of links until they are sent. */
  readonly outboxKeys: KeyChain
  /** Under it the link table knows the codes that may be typed. */
  readonly linkCodeKey: Buffer
  /** Under them the secrets of authenticator apps are sealed. */
  readonly totpKeys: KeyChain
  readonly hasher: Hasher
  readonly passwordPolicy: PasswordPolicy
}
