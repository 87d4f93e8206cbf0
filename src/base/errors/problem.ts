import { catalogue, type ProblemCode } from './catalogue.js'

/** Values for the placeholders of a sentence. */
export type TextParams = Readonly<Record<string, string | number>>

/** A problem of one field: a key under `fields` in the text catalogues, and its placeholders. */
export type FieldProblem = {
  readonly code: string
  readonly params?: TextParams
  /** Key of a second sentence that explains how to fix the problem. */
  readonly hint?: string
}

type Details = {
  readonly params?: TextParams
  readonly fields?: Readonly<Record<string, readonly FieldProblem[]>>
  /** Seconds, for `Retry-After`. */
  readonly retryAfter?: number
  /** The token of the request can never work again. */
  readonly final?: true
  readonly cause?: unknown
}

/** An error answer to a client: a code of the catalogue, its status, and the values of its sentence. */
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

/** Too many attempts. `seconds` is the wait until the next attempt; it is rounded up to whole seconds. */
export function throttled(seconds: number): Problem {
  // Tables store microseconds: what a division adds to 900 seconds must not make them 901.
  const wait = Math.max(1, Math.ceil(Math.round(seconds * 1_000_000) / 1_000_000))
  return new Problem('throttled', { params: { seconds: wait }, retryAfter: wait })
}
