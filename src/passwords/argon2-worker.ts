import { hashSync, verifySync } from '@node-rs/argon2'
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
}

export type Argon2Job = HashJob | VerifyJob

/** The PHC string, or whether the password matches; `null` if the stored text is not a hash. */
export type Argon2Result = string | boolean | null

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

serveJobs<Argon2Job, Argon2Result>(job => ('stored' in job ? verify(job) : hash(job)))
