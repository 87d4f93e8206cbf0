import { keepForRetention } from './audit/retention.js'
import type { Config } from './base/config/load.js'
import { createRoles } from './base/config/roles.js'
import { deriveKey, deriveKeyChain } from './base/crypto/derive.js'
import { type OpenDatabase, openDatabase } from './base/database/database.js'
import { requireMigrated } from './base/database/require-migrated.js'
import { createMetrics } from './base/metrics.js'
import { onceAMinute } from './base/once-a-minute.js'
import { type Tracing, untraced } from './base/tracing.js'
import type { Deps, Log } from './deps.js'
import { createMailWarning } from './mail/budget-warning.js'
import { createHasher } from './passwords/hashing.js'
import { createPasswordPolicy } from './passwords/policy.js'
import { createKeyRing } from './tokens/keys/keyring.js'

/** Opens the pool without connecting: the service must listen while the database is unavailable (FLT-01). */
export function openPool(config: Config, log: Log, tracing: Tracing | null = null): OpenDatabase {
  if (config.DATABASE_URL === null) throw new Error('The embedded database must be started first.')
  return openDatabase({
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    statementTimeoutSeconds: config.DATABASE_STATEMENT_TIMEOUT,
    preparedStatements: config.DATABASE_PREPARED_STATEMENTS,
    startSpan: tracing?.start,
    onIdleError: onceAMinute(err =>
      log.warn({ err }, 'a database connection was lost; further ones are not logged for a minute')
    )
  })
}

/** Builds the dependencies of the service. */
export function openDeps(
  config: Config,
  log: Log,
  db: OpenDatabase,
  overrides: Partial<Deps> = {},
  tracing: Tracing | null = null
): Deps {
  const clock = overrides.clock ?? (() => new Date())
  const metrics = createMetrics()
  const hasher = createHasher({
    parameters: {
      memoryKib: config.ARGON2_MEMORY_KIB,
      iterations: config.ARGON2_ITERATIONS,
      parallelism: config.ARGON2_PARALLELISM
    },
    concurrency: config.HASH_CONCURRENCY,
    queueLimit: config.HASH_QUEUE_LIMIT,
    peppers: config.PASSWORD_PEPPERS.map(pepper => Buffer.from(pepper)),
    onWaited: seconds => metrics.hashWait.observe(seconds),
    onCorruptHash: () =>
      log.error({ event: 'password.corrupt_hash' }, 'a stored password hash is not readable')
  })
  const passwordPolicy = createPasswordPolicy({
    minLength: config.PASSWORD_MIN_LENGTH,
    minScore: config.PASSWORD_MIN_SCORE,
    breachedCheck: config.PASSWORD_BREACHED_CHECK
      ? { url: config.PASSWORD_BREACHED_URL, timeoutMs: 1500 }
      : null,
    onBreachedCheckFailed: onceAMinute(err =>
      log.warn(
        { err },
        'the list of breached passwords did not answer; passwords are accepted without it'
      )
    )
  })
  const keys = createKeyRing({ db, config, clock })
  const secrets = [config.SECRET_KEY, ...config.SECRET_KEY_FALLBACKS] as [string, ...string[]]
  return {
    config,
    clock,
    log,
    metrics,
    trace: tracing?.trace ?? untraced,
    keys,
    attemptKey: deriveKey(config.SECRET_KEY, 'attempt-budgets'),
    roles: createRoles(config.ROLES),
    warnOfMails: createMailWarning({ log, clock }),
    linkCodeKey: deriveKey(config.SECRET_KEY, 'link-codes'),
    outboxKeys: deriveKeyChain(secrets, 'outbox'),
    totpKeys: deriveKeyChain(secrets, 'totp'),
    recoveryCodeKeys: deriveKeyChain(secrets, 'recovery-codes'),
    legacyKeys: deriveKeyChain(secrets, 'legacy-keys'),
    formKeys: deriveKeyChain(secrets, 'form-answers'),
    shownCodeKeys: deriveKeyChain(secrets, 'shown-codes'),
    hasher,
    passwordPolicy,
    ...overrides,
    db
  }
}

/**
 * Applies or requires the migrations of this version, then reads the signing keys. With `readKeys:
 * false` a command runs also if `SECRET_KEY` does not open the keys.
 */
export async function prepareDatabase(
  db: OpenDatabase,
  { config, log, keys }: Pick<Deps, 'config' | 'log' | 'keys'>,
  { readKeys = true } = {}
): Promise<void> {
  await requireMigrated(db.pool, config, log)
  if (config.MIGRATE_ON_START) await keepForRetention({ db, config })
  if (readKeys) await keys.load()
}

/** Opens the pool and the dependencies of a command. */
export function openDepsAndPool(config: Config, log: Log) {
  const db = openPool(config, log)
  const deps = openDeps(config, log, db)
  const close = async () => {
    await deps.hasher.close()
    await db.close()
  }
  return { db, deps, close }
}
