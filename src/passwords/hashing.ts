import { createHash } from 'node:crypto'
import type { Argon2Job, Argon2Result } from './argon2-worker.js'
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
  /** The hash has other parameters or another pepper than the current ones, and should be replaced after a match. */
  readonly outdated: boolean
}

/** Argon2id in threads of low priority. Rejects with {@link HasherBusyError} if the queue is full. */
export type Hasher = {
  /** Hashes a password that the policy accepted. Throws a `TypeError` for an overlong or ill-formed one. */
  hash(password: string, signal?: AbortSignal): Promise<PasswordHash>
  /** `null` stands for a missing account or password: it takes the same time and never matches. */
  verify(stored: string | null, password: string, signal?: AbortSignal): Promise<Verdict>
  close(): Promise<void>
}

type Options = {
  readonly parameters: HashParameters
  readonly concurrency: number
  readonly queueLimit: number
  /** Called for a stored text that is not a hash, or whose pepper is not in the settings. */
  readonly onCorruptHash: () => void
  /** Secrets outside the database: new hashes use the first, and hashes with the others can be verified. */
  readonly peppers?: readonly Uint8Array[]
}

const noMatch: Verdict = { matches: false, outdated: false }

/** Creates a hasher. Threads start with the first password. */
export function createHasher(options: Options): Hasher {
  const { parameters, concurrency, queueLimit, onCorruptHash } = options
  if (isBelowFloor(parameters)) throw new RangeError('These argon2id parameters are too weak.')
  const pool = new WorkerPool<Argon2Job, Argon2Result>({
    module: 'argon2-worker',
    size: concurrency,
    queueLimit,
    typicalMs: estimateMs(parameters),
    heapMb: 16
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

  return {
    async hash(password, signal) {
      if (isOverlong(password) || isIllFormed(password)) throw new TypeError('Unusable password.')
      const secret = peppers.get(currentKeyId ?? '')
      const job = { password: normalizePassword(password), parameters, secret }
      const phc = (await pool.run(job, signal)) as string
      return (currentKeyId === undefined ? phc : withKeyId(phc, currentKeyId)) as PasswordHash
    },

    async verify(stored, password, signal) {
      // An early answer does not reveal anything about the account: it depends only on the sent text.
      if (isOverlong(password)) return noMatch
      const hash = usable(stored)
      const found = await pool.run(
        {
          password: normalizePassword(password),
          stored: hash?.bare ?? decoy,
          decoy,
          secret: peppers.get(hash?.keyId ?? '')
        },
        signal
      )
      if (stored !== null && (hash === null || found === null)) onCorruptHash()
      const matches = hash !== null && found === true && !isIllFormed(password)
      return matches ? { matches, outdated: isOutdated(hash) } : noMatch
    },

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
