import { isUnavailable } from '../../base/database/failures.js'
import { Problem } from '../../base/errors/problem.js'
import { loadTexts } from '../../base/i18n/texts.js'
import { describeFailure } from '../../start-failure.js'

type Failure = Error & { readonly code?: string; readonly path?: string }

/** What a command says that could not do its work: a sentence where we know the reason. */
export function describe(error: unknown): string {
  if (error instanceof Problem) return describeProblem(error)
  const { code, message, path } = error as Failure
  // A missing file has the code of a missing socket, and a path.
  if (isUnavailable(error) && path === undefined)
    return `The database does not answer (${code ?? message}). postern doctor takes a closer look.`
  return describeFailure(error)
}

/** The sentences that the HTTP API would answer with. */
function describeProblem({ code, details }: Problem): string {
  if (code === 'no_active_account')
    return 'That account is disabled: postern user enable comes first.'
  const texts = loadTexts('en')
  const fields = Object.values(details.fields ?? {}).flat()
  if (fields.length === 0) return texts('errors', code, details.params)
  return fields.map(field => texts('fields', field.code, field.params)).join(' ')
}
