/** Sentences about the arguments that are to blame, by the argument's name. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>

/** What went wrong with a request to Postern. Branch on `code`, show `detail` and `errors`. */
export class PosternError extends Error {
  override readonly name = 'PosternError'
  /** The HTTP status. 0: there was no answer. */
  readonly status: number
  /**
   * The code of the answer, as in the list of errors. Two are the client's own: `network_error`
   * without an answer, `unexpected_answer` for one that Postern cannot have given, such as the page of
   * a proxy.
   */
  readonly code: string
  /** A sentence for people, in the language of the browser. */
  readonly detail: string
  readonly errors: FieldErrors
  /** Seconds until another attempt makes sense. Null where the answer does not say. */
  readonly retryAfter: number | null

  constructor(
    { status, code, detail, errors = {}, retryAfter = null }: PosternProblem,
    options?: ErrorOptions
  ) {
    super(detail, options)
    this.status = status
    this.code = code
    this.detail = detail
    this.errors = errors
    this.retryAfter = retryAfter
  }
}

/** The parts of a {@link PosternError}. */
export type PosternProblem = {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors?: FieldErrors
  readonly retryAfter?: number | null
}
