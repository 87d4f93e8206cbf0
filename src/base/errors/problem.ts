import { catalogue, type ProblemCode } from './catalogue.js'

/** What fills the placeholders of a sentence. */
export type TextParams = Readonly<Record<string, string | number>>

/** What is wrong with one field: a key under `fields` in the text catalogues, and its placeholders. */
export type FieldProblem = {
  readonly code: string
  readonly params?: TextParams
  /** Another key, of a sentence that says how to do better. */
  readonly hint?: string
}

type Details = {
  readonly params?: TextParams
  readonly fields?: Readonly<Record<string, readonly FieldProblem[]>>
  /** Seconds, for `Retry-After`. */
  readonly retryAfter?: number
  /** The token that was presented can never work again. */
  readonly final?: true
  readonly cause?: unknown
}

/** A failure that a client is told about: a code of the catalogue, its status, and what fills its sentence. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly statusCode: number
  readonly details: Details

  constructor(code: ProblemCode, details: Details = {}) {
    super(code, details.cause === undefined ? {} : { cause: details.cause })
    this.name = 'Problem'
    this.code = code
    this.statusCode = catalogue[code]
    this.details = details
  }
}

/** A `validation_error` about one field. */
export function fieldProblem(field: string, ...problems: readonly FieldProblem[]): Problem {
  return new Problem('validation_error', { fields: { [field]: problems } })
}

/** Too many attempts; `seconds` is how long to wait, rounded up so that waiting that long is enough. */
export function throttled(seconds: number): Problem {
  // Tables keep milliseconds, and rounding to them must not add a second to 900.
  const wait = Math.max(1, Math.ceil(Math.round(seconds * 1000) / 1000))
  return new Problem('throttled', { params: { seconds: wait }, retryAfter: wait })
}
