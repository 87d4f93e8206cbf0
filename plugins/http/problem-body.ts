import type { FastifyError, FastifyRequest } from 'fastify'
import { isUnavailable } from '../../src/base/database/failures.js'
import type { ProblemCode } from '../../src/base/errors/catalogue.js'
import { type FieldProblem, Problem } from '../../src/base/errors/problem.js'
import type { Texts } from '../../src/base/i18n/texts.js'
import { typedCodePattern } from '../../src/mfa/totp.js'

/** The body of every error. */
export type ProblemBody = {
  readonly detail: string
  readonly code: ProblemCode
  readonly errors?: Readonly<Record<string, readonly string[]>>
}

const frameworkCodes: Record<string, ProblemCode> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_body',
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found'
}

/** A problem as the client gets it, in its language. */
export function problemBody({ code, details }: Problem, texts: Texts): ProblemBody {
  const fields = Object.entries(details.fields ?? {}).map(([field, problems]) => [
    field,
    problems.map(({ code: key, params, hint }) =>
      [key, hint ?? []]
        .flat()
        .map(sentence => texts('fields', sentence, params))
        .join(' ')
    )
  ])
  const answer = { detail: texts('errors', code, details.params), code }
  return fields.length > 0 ? { ...answer, errors: Object.fromEntries(fields) } : answer
}

/** Turns any error into the problem for the client. */
export function problemOf(error: FastifyError, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (error.validation !== undefined) return validationProblem(error, request)
  const known = frameworkCodes[error.code]
  // An `AbortError` means that the client closed the connection: the answer is not read.
  if (error.name === 'AbortError' || error instanceof TimeLimitError || isUnavailable(error))
    return unavailable(error)
  if (known !== undefined) return new Problem(known)
  // The JSON parser's error for a `__proto__` key has no code.
  if (error.statusCode === 400) return new Problem('malformed_body')
  // The documentation page answers 403 to a path outside its folder.
  if (error.statusCode === 403 || error.statusCode === 404) return new Problem('not_found')
  return new Problem('internal_error', { cause: error })
}

/** A request had no answer in time. The log names it, because the client hears only that we are unavailable. */
export class TimeLimitError extends Error {
  override name = 'TimeLimitError'
  readonly statusCode = 503

  constructor() {
    super('A request was not answered in time.')
  }
}

/** The database does not answer, or the service is not ready. */
export const unavailable = (cause?: Error) =>
  new Problem('unavailable', { params: { seconds: 5 }, retryAfter: 5, cause })

const mostFields = 20

/** Says what is wrong with each field. It never repeats the value that was sent (HTP-17). */
function validationProblem(error: FastifyError, request: FastifyRequest): Problem {
  const fields = new Map<string, FieldProblem[]>()
  for (const { keyword, instancePath, params } of error.validation ?? []) {
    const named = (params.missingProperty ?? params.additionalProperty) as string | undefined
    const field = named ?? (instancePath.slice(1).split('/')[0] || 'non_field_errors')
    if (fields.size === mostFields || fields.has(field)) continue
    fields.set(field.slice(0, 64), [fieldProblemOf(keyword, params, instancePath)])
  }
  // A path parameter that does not fit its pattern cannot name an existing thing.
  if (error.validationContext === 'params') return new Problem('not_found')
  // An unknown field name is text of the client, which may be a secret: it is not logged.
  const known = [...fields].filter(([, [problem]]) => problem?.code !== 'unknown')
  request.log.debug({ fields: known.map(([field]) => field) }, 'validation failed')
  return new Problem('validation_error', { fields: Object.fromEntries(fields) })
}

function fieldProblemOf(
  keyword: string,
  params: Record<string, unknown>,
  path: string
): FieldProblem {
  if (keyword === 'required') return { code: 'required' }
  if (keyword === 'additionalProperties') return { code: 'unknown' }
  if (keyword === 'type') return { code: path === '' ? 'object' : 'type' }
  if (keyword === 'minLength') return { code: 'blank' }
  if (keyword === 'maxLength') return { code: 'too_long', params: { max: params.limit as number } }
  if (keyword === 'format') return { code: 'characters' }
  if (params.pattern === typedCodePattern) return { code: 'totp_code' }
  return { code: 'invalid' }
}
