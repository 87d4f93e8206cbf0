import { createHash } from 'node:crypto'
import { type Costs, measureCosts } from './cost.js'
import { readForeignHash } from './foreign-hash.js'
import type { HashingJob, HashingResult } from './hash-worker.js'
import { isIllFormed, isOverlong, normalizePassword } from './normalize.js'
import {
  decoyPhc,
  type HashParameters,
  isBelowFloor,
  type ParsedHash,
  parsePhc,
  withKeyId
} from './phc.js'
import { WorkerPool } from './worker-pool.js'

declare const hashed: unique symbol
/** A PHC string. Only this module creates one, so a plain password cannot be stored by mistake. */
export type PasswordHash = string & { readonly [hashed]: true }

export type Verdict = {
  readonly matches: boolean
  /** The hash is of another kind, cost or pepper than the current one, and should be replaced after a match. */
  readonly outdated: boolean
}

export type VerifyOptions = {
  readonly signal?: AbortSignal | undefined
  /**
   * The imported kinds of hashes that the table has ({@link knownSchemes}). Every comparison then takes as
   * long as the dearest of them, so that time does not tell what an account has (ENU-02).
   */
  readonly schemes?: readonly string[]
  /** Take the full time also after a match, because the answer is that of a wrong password. */
  readonly hidesMatch?: boolean
}

/**
 * Hashes and compares in threads of low priority: argon2id, and the imported kinds of {@link readForeignHash}.
 * Rejects with {@link HasherBusyError} if the queue is full.
 */
export type Hasher = {
  /** Hashes a password that the policy accepted. Throws a `TypeError` for an overlong or ill-formed one. */
  hash(password: string, signal?: AbortSignal): Promise<PasswordHash>
  /** `null` stands for a missing account or password: it takes the same time and never matches. */
  verify(stored: string | null, password: string, options?: VerifyOptions): Promise<Verdict>
  /** Measures the cost of schemes ahead of the first comparison. */
  prepare(schemes: readonly string[]): Promise<void>
  /** How many passwords wait for a thread. */
  waiting(): number
  close(): Promise<void>
}

type Options = {
  readonly parameters: HashParameters
  readonly concurrency: number
  readonly queueLimit: number
  /** Called for a stored text that is not a hash, or whose pepper is not in the settings. */
  readonly onCorruptHash: () => void
  /** Called with the seconds that a password waited for its thread. */
  readonly onWaited?: (seconds: number) => void
  /** Secrets outside the database: new hashes use the first, and hashes with the others can be verified. */
  readonly peppers?: readonly Uint8Array[]
}

const noMatch: Verdict = { matches: false, outdated: false }
const noFill = { iterations: 0, afterMatch: false }

/** Creates a hasher. Threads start with the first password. */
export function createHasher(options: Options): Hasher {
  const { parameters, concurrency, queueLimit, onCorruptHash } = options
  if (isBelowFloor(parameters)) throw new RangeError('These argon2id parameters are too weak.')
  let costs: { readonly schemes: string; readonly measured: Promise<Costs> } | null = null
  let typicalMs = estimateMs(parameters)
  const pool = new WorkerPool<HashingJob, HashingResult>({
    module: 'hash-worker',
    size: concurrency,
    queueLimit,
    typicalMs: () => typicalMs,
    heapMb: 16,
    onWaited: options.onWaited
  })
  const decoy = decoyPhc(parameters)
  const peppers = new Map((options.peppers ?? []).map(pepper => [keyIdOf(pepper), pepper]))
  const [currentKeyId] = peppers.keys()

  /** The stored hash, or null if it cannot be verified. */
  function usable(stored: string | null): ParsedHash | null {
    const parsed = stored === null ? null : parsePhc(stored)
    const understood = parsed?.keyId === undefined || peppers.has(parsed.keyId)
    return understood ? parsed : null
  }

  function isOutdated(stored: ParsedHash): boolean {
    return stored.keyId !== currentKeyId || decoyPhc(stored.parameters) !== decoy
  }

  /** The costs of these schemes; null without any. Parallel calls share one measurement. */
  async function costsOf(schemes: readonly string[]): Promise<Costs | null> {
    if (schemes.length === 0) {
      typicalMs = estimateMs(parameters)
      return null
    }
    const name = schemes.toSorted().join()
    if (costs?.schemes !== name) {
      const measured = measureCosts(schemes, async (check, rounds) => {
        return (await pool.run({ measure: check ?? decoy, rounds })) as number
      })
      costs = { schemes: name, measured }
    }
    const { measured } = costs
    try {
      const result = await measured
      typicalMs = result.full
      return result
    } catch (error) {
      // The queue was full. The next comparison measures again.
      if (costs?.measured === measured) costs = null
      throw error
    }
  }

  return {
    async hash(password, signal) {
      if (isOverlong(password) || isIllFormed(password)) throw new TypeError('Unusable password.')
      const secret = peppers.get(currentKeyId ?? '')
      const job = { password: normalizePassword(password), parameters, secret }
      const phc = (await pool.run(job, signal)) as string
      return (currentKeyId === undefined ? phc : withKeyId(phc, currentKeyId)) as PasswordHash
    },

    async verify(stored, password, { signal, schemes = [], hidesMatch = false } = {}) {
      // An early answer does not reveal anything about the account: it depends only on the sent text.
      if (isOverlong(password)) return noMatch
      const measured = await costsOf(schemes)
      const normal = normalizePassword(password)
      // Django hashes what was typed. Our own hashes are of the normalised text.
      const spellings = normal === password ? [normal] : [password, normal]
      const fill = (scheme: string | null) => ({
        iterations: measured?.fillAfter(scheme, spellings.length) ?? 0,
        afterMatch: hidesMatch
      })
      const foreign = stored === null ? null : readForeignHash(stored)
      if (foreign !== null && typeof foreign !== 'string') {
        const { scheme, check } = foreign
        const job = { spellings, foreign: check, fill: fill(scheme) }
        return judge(await pool.run(job, signal), true)
      }
      const hash = usable(stored)
      if (hash === null && measured?.dearest) {
        await pool.run({ spellings, foreign: measured.dearest, fill: noFill }, signal)
        if (stored !== null) onCorruptHash()
        return noMatch
      }
      const job = {
        password: normal,
        stored: hash?.bare ?? decoy,
        decoy,
        secret: peppers.get(hash?.keyId ?? ''),
        fill: fill(null)
      }
      const found = await pool.run(job, signal)
      if (hash !== null) return judge(found, isOutdated(hash))
      if (stored !== null) onCorruptHash()
      return noMatch

      function judge(found: HashingResult, outdated: boolean): Verdict {
        if (found === null) onCorruptHash()
        return found === true && !isIllFormed(password) ? { matches: true, outdated } : noMatch
      }
    },

    async prepare(schemes) {
      await costsOf(schemes)
    },

    waiting: () => pool.waiting,
    close: () => pool.close()
  }
}

/** A short digest that identifies a pepper, for the parameter `keyid` of the PHC string format. */
function keyIdOf(pepper: Uint8Array): string {
  return createHash('sha256').update('postern pepper').update(pepper).digest('base64').slice(0, 8)
}

/** Estimate: one core processes about 2.3 GB of argon2 memory in a second. */
function estimateMs({ memoryKib, iterations }: HashParameters): number {
  return (memoryKib * iterations) / 2300
}
