import { createHash, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ForeignCheck } from './foreign-hash.js'
import { loadPasswordFunctions } from './native-or-wasm.js'
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

const functions = await loadPasswordFunctions()

const hash = ({ password, parameters, secret }: HashJob): Promise<string> =>
  functions.hash(password, parameters, secret)

async function verify({ password, stored, decoy, secret }: VerifyJob): Promise<boolean | null> {
  try {
    return await functions.verify(stored, password, secret)
  } catch {
    await functions.verify(decoy, password)
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
  argon2: (password, { phc }) => functions.verify(phc, password),
  bcrypt: (password, { hash, prehashed }) =>
    functions.verifyBcrypt(
      prehashed ? createHash('sha256').update(password).digest('hex') : password,
      hash
    )
} satisfies {
  [Kind in ForeignCheck['kind']]: (
    password: string,
    check: Extract<ForeignCheck, { kind: Kind }>
  ) => boolean | Promise<boolean>
}

const matches = async (password: string, check: ForeignCheck): Promise<boolean> =>
  (rules[check.kind] as (password: string, check: ForeignCheck) => boolean | Promise<boolean>)(
    password,
    check
  )

async function verifyForeign({ spellings, foreign }: ForeignJob): Promise<boolean | null> {
  try {
    for (const spelling of spellings) if (await matches(spelling, foreign)) return true
    return false
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

async function measure({ measure: check, rounds }: MeasureJob): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = cpuMs()
    await (typeof check === 'string' ? functions.verify(check, 'decoy') : matches('decoy', check))
    times.push(Math.max(0.1, cpuMs() - start))
  }
  return Math.min(...times)
}

serveJobs<HashingJob, HashingResult>(async job => {
  if ('measure' in job) return measure(job)
  if ('foreign' in job) return filled(await verifyForeign(job), job.fill)
  return 'stored' in job ? filled(await verify(job), job.fill) : hash(job)
})
