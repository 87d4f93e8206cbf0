import { isBreached } from './breached.js'
import {
  hasControls,
  isIllFormed,
  isOverlong,
  lengthOf,
  maxPasswordLength,
  normalizePassword
} from './normalize.js'
import { contextWords, isBuiltAround, type PasswordContext } from './similarity.js'
import type { Strength, StrengthJob } from './strength-worker.js'
import { WorkerPool } from './worker-pool.js'

export type { PasswordContext } from './similarity.js'

/** The reason why a password is refused, and a hint. Both are keys of the text catalogues. */
export type PasswordProblem = {
  readonly code:
    | 'password_too_short'
    | 'password_too_long'
    | 'password_too_common'
    | 'password_too_similar'
    | 'password_too_weak'
    | 'password_unusable'
    | 'password_breached'
  readonly params?: Readonly<Record<string, string | number>>
  readonly hint?: string
}

export type PasswordPolicy = {
  /**
   * Checks a new password; no problem means that it is accepted. It uses no stored data, so the answer
   * reveals nothing about an account.
   */
  check(
    password: string,
    context: PasswordContext,
    signal?: AbortSignal
  ): Promise<PasswordProblem[]>
}

type Options = {
  readonly minLength: number
  /** Lowest estimated strength, 0 to 4. */
  readonly minScore: number
  readonly breachedCheck: { readonly url: string; readonly timeoutMs: number } | null
  /** Called if the list of breached passwords does not answer. The password is then accepted. */
  readonly onBreachedCheckFailed?: (error: unknown) => void
  readonly fetch?: typeof fetch
}

// Findings of the estimator that have their own text. The hint for all others is "more words".
const hints: Readonly<Record<string, string>> = {
  straightRow: 'password_hint_keyboard',
  keyPattern: 'password_hint_keyboard',
  simpleRepeat: 'password_hint_repeat',
  extendedRepeat: 'password_hint_repeat',
  sequences: 'password_hint_sequence',
  recentYears: 'password_hint_dates',
  dates: 'password_hint_dates',
  topTen: 'password_hint_common',
  topHundred: 'password_hint_common',
  common: 'password_hint_common',
  similarToCommon: 'password_hint_common',
  namesByThemselves: 'password_hint_names',
  commonNames: 'password_hint_names',
  userInputs: 'password_hint_personal',
  l33t: 'password_hint_look_alikes',
  reverseWords: 'password_hint_reversed',
  capitalization: 'password_hint_capitals',
  allUppercase: 'password_hint_capitals'
}

/**
 * Estimates strength in a separate thread, one for the process. The thread starts with the first
 * password and ends after two minutes without one. It does not keep the process running.
 */
const estimator = new WorkerPool<StrengthJob, Strength>({
  module: 'strength-worker',
  size: 1,
  queueLimit: 64,
  typicalMs: () => 10,
  heapMb: 40,
  idleMs: 2 * 60_000
})

/** The policy of the settings. */
export function createPasswordPolicy(options: Options): PasswordPolicy {
  const { minLength, minScore, breachedCheck, onBreachedCheckFailed = () => {} } = options

  async function breachProblems(password: string): Promise<PasswordProblem[]> {
    if (breachedCheck === null) return []
    const breached = await isBreached(password, {
      ...breachedCheck,
      fetch: options.fetch ?? fetch,
      onUnavailable: onBreachedCheckFailed
    })
    return breached ? [{ code: 'password_breached' }] : []
  }

  return {
    async check(sent, context, signal) {
      const formProblem = formProblemOf(sent, minLength)
      if (formProblem !== null) return [formProblem]
      const password = normalizePassword(sent)
      const words = contextWords(context)
      const strength = await estimator.run({ password, words }, signal)
      const problems = strengthProblems(strength, isBuiltAround(password, words), minScore)
      return problems.length > 0 ? problems : breachProblems(password)
    }
  }
}

/** Checks length and encoding, which is fast for any length. */
function formProblemOf(sent: string, minLength: number): PasswordProblem | null {
  if (isOverlong(sent)) return { code: 'password_too_long', params: { max: maxPasswordLength } }
  if (isIllFormed(sent) || hasControls(sent)) return { code: 'password_unusable' }
  if (lengthOf(normalizePassword(sent)) < minLength) {
    return { code: 'password_too_short', params: { min: minLength } }
  }
  return null
}

function strengthProblems(
  strength: Strength,
  similar: boolean,
  minScore: number
): PasswordProblem[] {
  const problems: PasswordProblem[] = []
  if (strength.common) problems.push({ code: 'password_too_common' })
  if (similar) problems.push({ code: 'password_too_similar' })
  if (problems.length === 0 && strength.score < minScore) {
    problems.push({ code: 'password_too_weak', hint: hintFor(strength.findings) })
  }
  return problems
}

function hintFor(findings: readonly string[]): string {
  const known = findings.find(finding => Object.hasOwn(hints, finding))
  return (known && hints[known]) ?? 'password_hint_more_words'
}
