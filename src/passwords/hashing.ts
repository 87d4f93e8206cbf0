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
/** A PHC string. Only this module makes one, so a plain password cannot be stored by mistake. */
export type PasswordHash = string & { readonly [hashed]: true }

export type Verdict = {
  readonly matches: boolean
  /** Made with other parameters or another pepper than today's: worth replacing after a match. */
  readonly outdated: boolean
}

/** Argon2id in a few threads of low priority, behind a bounded queue ({@link HasherBusyError}). */
export type Hasher = {
  /** Takes a password that the policy let pass; one that no policy lets pass is a defect and throws. */
  hash(password: string, signal?: AbortSignal): Promise<PasswordHash>
  /** `null`: no such account or no password. It waits and computes all the same, and never matches. */
  verify(stored: string | null, password: string, signal?: AbortSignal): Promise<Verdict>
  close(): Promise<void>
}

type Options = {
  readonly parameters: HashParameters
  readonly concurrency: number
  readonly queueLimit: number
  /** Called when a row holds something that is not a hash, or one made with a pepper that is gone. */
  readonly onCorruptHash: () => void
  /** Secrets beside the database: the first goes into new hashes, the others are still understood. */
  readonly peppers?: readonly Uint8Array[]
}

const noMatch: Verdict = { matches: false, outdated: false }

/** Takes no thread and no memory before the first password. */
export function createHasher(options: Options): Hasher {
  const { parameters, concurrency, queueLimit, onCorruptHash } = options
  if (isBelowFloor(parameters)) throw new RangeError('These argon2id parameters are too cheap.')
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

  /** The stored hash if it can be checked at all. */
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
      // The length depends on the sender alone, so refusing it early tells nothing about the account.
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

/** Names a pepper without telling it; 6 bytes as `keyid`, a parameter of the PHC string format. */
function keyIdOf(pepper: Uint8Array): string {
  return createHash('sha256').update('postern pepper').update(pepper).digest('base64').slice(0, 8)
}

/** Roughly: one core of ordinary hardware goes through 2.3 GB of argon2 memory a second. */
function estimateMs({ memoryKib, iterations }: HashParameters): number {
  return (memoryKib * iterations) / 2300
}
