import { ZxcvbnFactory, type ZxcvbnResult } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english } from '@zxcvbn-ts/language-en'
import { serveJobs } from './serve-jobs.js'

export type StrengthJob = { readonly password: string; readonly words: readonly string[] }

export type Strength = {
  /** Whether it is in the list of common passwords, in any case. */
  readonly common: boolean
  /** From 0 to 4. */
  readonly score: number
  /** Names of the estimator's findings, the most important first. */
  readonly findings: readonly string[]
}

// The time grows with the square of the length and with the number of substitutions. These limits give
// 3 ms in general and 0.1 s for an attack. Of longer passwords only the start and the end are estimated.
const judgedLength = 48
const substitutions = 16

// PASSWORD_MIN_LENGTH is at least 8, so shorter passwords are not needed.
const shortestLength = 8

const commonPasswords = new Set(
  common['passwords-common'].filter(password => password.length >= shortestLength)
)

// Only the most frequent words and names, to save memory.
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

/** The estimate of the start or of the end of a password, whichever is stronger. */
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
