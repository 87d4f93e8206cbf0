import { ZxcvbnFactory, type ZxcvbnResult } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english } from '@zxcvbn-ts/language-en'
import { serveJobs } from './serve-jobs.js'

export type StrengthJob = { readonly password: string; readonly words: readonly string[] }

export type Strength = {
  /** On the list of passwords that many people use, in whatever case. */
  readonly common: boolean
  /** From 0 to 4. */
  readonly score: number
  /** The estimator's own names of what it found, the most telling first. */
  readonly findings: readonly string[]
}

// The time goes with the square of the length and with the number of substitutions tried. With these
// two it is 3 ms as a rule and 0.1 s for what was made to be slow; longer passwords are judged by
// their ends.
const judgedLength = 48
const substitutions = 16

// No policy accepts a shorter one, so a shorter one need not be known.
const shortestLength = 8

const commonPasswords = new Set(
  common['passwords-common'].filter(password => password.length >= shortestLength)
)

// Rarer words and names than these cost more memory than they add.
const estimator = new ZxcvbnFactory({
  dictionary: {
    passwords: common['passwords-common'],
    words: [
      ...new Set([...english['commonWords-en'].slice(0, 30_000), ...common['diceware-common']])
    ],
    names: [...english['firstnames-en'], ...english['lastnames-en'].slice(0, 10_000)]
  },
  graphs: adjacencyGraphs,
  maxLength: judgedLength,
  l33tMaxSubstitutions: substitutions
})

/** A weak beginning is no fault where the end is strong. */
function estimate({ password, words }: StrengthJob): ZxcvbnResult {
  const start = estimator.check(password, [...words])
  if (start.score === 4 || password.length <= judgedLength) return start
  const end = estimator.check(password.slice(-judgedLength), [...words])
  return end.guesses > start.guesses ? end : start
}

serveJobs<StrengthJob, Strength>(job => {
  const { score, feedback } = estimate(job)
  const findings = [feedback.warning, ...feedback.suggestions]
  return {
    common: commonPasswords.has(job.password.toLowerCase()),
    score,
    findings: findings.filter(finding => finding !== null)
  }
})
