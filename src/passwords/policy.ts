import { isBreached } from './breached.js'
import {
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

/** Why a password is refused, and a hint how to do better; both are keys of the text catalogues. */
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

/** Judges new passwords, wherever one is chosen, by what the person sent and nothing that is stored. */
export type PasswordPolicy = {
  /** Empty: acceptable. Asked before the address is looked up, so a refusal tells nothing about it. */
  check(
    password: string,
    context: PasswordContext,
    signal?: AbortSignal
  ): Promise<PasswordProblem[]>
}

type Options = {
  readonly minLength: number
  /** Least estimated strength, 0 to 4; 0 asks for none. */
  readonly minScore: number
  readonly breachedCheck: { readonly url: string; readonly timeoutMs: number } | null
  /** The list of breached passwords could not be asked; the password passed unasked. */
  readonly onBreachedCheckFailed?: (error: unknown) => void
  readonly fetch?: typeof fetch
}

// The estimator's findings that have a text of their own; the rest is "more words".
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
 * One for the whole process, since it depends on no setting. The dictionaries are loaded by the first
 * password, in a thread of their own that ends when nobody has chosen one for a while, or with the
 * process, which it does not hold up.
 */
const estimator = new WorkerPool<StrengthJob, Strength>({
  module: 'strength-worker',
  size: 1,
  queueLimit: 64,
  typicalMs: 10,
  heapMb: 40,
  idleMs: 2 * 60_000
})

/** What a deployment asks of a new password. */
export function createPasswordPolicy(options: Options): PasswordPolicy {
  const { minLength, minScore, breachedCheck, onBreachedCheckFailed = () => {} } = options

  async function known(password: string): Promise<PasswordProblem[]> {
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
      const misfit = misfitOf(sent, minLength)
      if (misfit !== null) return [misfit]
      const password = normalizePassword(sent)
      const words = contextWords(context)
      const similar = isBuiltAround(password, words)
      const strength = await estimator.run({ password, words }, signal)
      const problems = guessable(strength, similar, minScore)
      return problems.length > 0 ? problems : known(password)
    }
  }
}

/** What can be told without looking into the password, cheaply for any length. */
function misfitOf(sent: string, minLength: number): PasswordProblem | null {
  if (isOverlong(sent)) return { code: 'password_too_long', params: { max: maxPasswordLength } }
  if (isIllFormed(sent) || sent.includes('\0')) return { code: 'password_unusable' }
  if (lengthOf(normalizePassword(sent)) < minLength) {
    return { code: 'password_too_short', params: { min: minLength } }
  }
  return null
}

function guessable(strength: Strength, similar: boolean, minScore: number): PasswordProblem[] {
  const problems: PasswordProblem[] = []
  if (strength.common) problems.push({ code: 'password_too_common' })
  if (similar) problems.push({ code: 'password_too_similar' })
  if (problems.length === 0 && strength.score < minScore) {
    problems.push({ code: 'password_too_weak', hint: hintFor(strength.findings) })
  }
  return problems
}

function hintFor(findings: readonly string[]): string {
  const telling = findings.find(finding => Object.hasOwn(hints, finding))
  return (telling && hints[telling]) ?? 'password_hint_more_words'
}
