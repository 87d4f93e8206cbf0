import { isUnavailable } from '../../base/database/failures.js'
import { Problem } from '../../base/errors/problem.js'
import { loadTexts } from '../../base/i18n/texts.js'
import { connectionSentence, describeFailure } from '../../start-failure.js'

type Failure = Error & { readonly code?: string }

/** The message of a failed command: a sentence for a known reason. */
export function describe(error: unknown): string {
  if (error instanceof Problem) return describeProblem(error)
  const { code, message } = error as Failure
  if (isUnavailable(error) && connectionSentence(error) === undefined)
    return `The database does not answer (${code ?? message}). Find the cause with: postern doctor.`
  return describeFailure(error)
}

/** The sentences of the HTTP API for this problem. */
function describeProblem({ code, details }: Problem): string {
  if (code === 'no_active_account')
    return 'That account is disabled. Enable it first with: postern user enable.'
  const texts = loadTexts('en')
  const fields = Object.values(details.fields ?? {}).flat()
  if (fields.length === 0) return texts('errors', code, details.params)
  return fields.map(field => texts('fields', field.code, field.params)).join(' ')
}
