import { jittered } from '../crypto/jitter.js'

/** Why an attempt failed, without secrets. */
export type Failure = {
  /** A retry makes no sense. */
  readonly permanent: boolean
  readonly summary: string
  /** How long the other side asks to be left alone. */
  readonly retryAfterSeconds?: number
}

/** 10 s, 20 s, 40 s … at most 15 minutes, with a quarter of jitter. */
export const backoffSeconds = (attempts: number): number =>
  jittered(Math.min(10 * 2 ** (attempts - 1), 900))
