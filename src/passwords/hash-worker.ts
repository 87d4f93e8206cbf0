import { createHash, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hashSync, verifySync } from '@node-rs/argon2'
import { verifySync as verifyBcrypt } from '@node-rs/bcrypt'
import type { ForeignCheck } from './foreign-hash.js'
import type { HashParameters } from './phc.js'
import { serveJobs } from './serve-jobs.js'

type HashJob = {
  readonly password: string
  readonly parameters: HashParameters
  readonly secret: Uint8Array | undefined
}

type VerifyJob = {
  readonly password: string
  readonly stored: string
  readonly decoy: string
  readonly secret: Uint8Array | undefined
  readonly fill: Fill
}

type ForeignJob = {
  /** The spellings of the password to compare, in this order. */
  readonly spellings: readonly string[]
  readonly foreign: ForeignCheck
  readonly fill: Fill
}

/** Iterations of PBKDF2 after the comparison, so that every account takes as long as the dearest. */
type Fill = { readonly iterations: number; readonly afterMatch: boolean }

/** Runs a check a few times and returns the CPU milliseconds of the fastest. */
type MeasureJob = { readonly measure: ForeignCheck | string; readonly rounds: number }

export type HashingJob = HashJob | VerifyJob | ForeignJob | MeasureJob

/**
 * The PHC string, whether the password matches, or milliseconds; `null` if the stored text is not a hash.
 */
export type HashingResult = string | boolean | number | null

function hash({ password, parameters, secret }: HashJob): string {
  return hashSync(password, {
    algorithm: 2, // argon2id; the package's const enum cannot be imported from an isolated module
    memoryCost: parameters.memoryKib,
    timeCost: parameters.iterations,
    parallelism: parameters.parallelism,
    ...(secret && { secret })
  })
}

function verify({ password, stored, decoy, secret }: VerifyJob): boolean | null {
  try {
    return verifySync(stored, password, secret && { secret })
  } catch {
    verifySync(decoy, password)
    return null
  }
}

const rules = {
  pbkdf2: (password, { salt, iterations, expected, digest }) =>
    timingSafeEqual(pbkdf2Sync(password, salt, iterations, expected.length, digest), expected),
  scrypt: (password, { salt, cost, expected }) => {
    const maxmem = 256 * cost.N * cost.r + 512 * cost.r * cost.p + 1_048_576
    return timingSafeEqual(
      scryptSync(password, salt, expected.length, { ...cost, maxmem }),
      expected
    )
  },
  argon2: (password, { phc }) => verifySync(phc, password),
  bcrypt: (password, { hash, prehashed }) =>
    verifyBcrypt(prehashed ? createHash('sha256').update(password).digest('hex') : password, hash)
} satisfies {
  [Kind in ForeignCheck['kind']]: (
    password: string,
    check: Extract<ForeignCheck, { kind: Kind }>
  ) => boolean
}

const matches = (password: string, check: ForeignCheck): boolean =>
  (rules[check.kind] as (password: string, check: ForeignCheck) => boolean)(password, check)

function verifyForeign({ spellings, foreign }: ForeignJob): boolean | null {
  try {
    return spellings.some(spelling => matches(spelling, foreign))
  } catch {
    return null
  }
}

function filled<Result>(result: Result, { iterations, afterMatch }: Fill): Result {
  if (iterations > 0 && (afterMatch || result !== true))
    pbkdf2Sync('', 'fill', iterations, 32, 'sha256')
  return result
}

const never = new Int32Array(new SharedArrayBuffer(4))

/** CPU time of this thread: unlike the time of day, it does not grow with the load of the machine. */
function cpuMs(): number {
  try {
    // The kernel adds up the time of a thread when it pauses.
    Atomics.wait(never, 0, 0, 1)
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6
  } catch {
    // Only Linux tells. Elsewhere the fastest of a few rounds comes close.
    return performance.now()
  }
}

function measure({ measure: check, rounds }: MeasureJob): number {
  const times = Array.from({ length: rounds }, () => {
    const start = cpuMs()
    if (typeof check === 'string') verifySync(check, 'decoy')
    else matches('decoy', check)
    return Math.max(0.1, cpuMs() - start)
  })
  return Math.min(...times)
}

serveJobs<HashingJob, HashingResult>(job => {
  if ('measure' in job) return measure(job)
  if ('foreign' in job) return filled(verifyForeign(job), job.fill)
  return 'stored' in job ? filled(verify(job), job.fill) : hash(job)
})
