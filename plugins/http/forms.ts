import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { problemBody, problemOf } from './problem-body.js'

/** Whether a browser's form posted this rather than a program. */
export const isForm = (request: FastifyRequest): boolean =>
  /^application\/x-www-form-urlencoded/i.test(request.headers['content-type'] ?? '')

/** Whether a browser fetches this only in case somebody will want it; such a request has no effect (LNK-03). */
export function isPrefetch({ headers, method }: FastifyRequest): boolean {
  const purpose = `${headers.purpose ?? ''} ${headers['sec-purpose'] ?? ''} ${headers['x-moz'] ?? ''}`
  return method === 'HEAD' || /prefetch|prerender/i.test(purpose)
}

type FormErrors = Readonly<Record<string, readonly string[]>>

/**
 * Runs a route that forms and programs post to. What a form got wrong is shown in the form again;
 * programs get the error body. The route needs `attachValidation`, so that the schema's complaints
 * come this way too.
 */
export async function answerForm<Answer>(
  request: FastifyRequest,
  act: () => Promise<Answer>,
  show: (errors: FormErrors, status: number) => FastifyReply | Promise<FastifyReply>
): Promise<Answer | FastifyReply> {
  try {
    if (request.validationError) throw request.validationError
    return await act()
  } catch (error) {
    const problem = problemOf(error as FastifyError, request)
    const isTheirs = problem.statusCode === 400 || problem.statusCode === 429
    if (!isForm(request) || !isTheirs) throw error
    const { detail, errors } = problemBody(problem, request.language.texts)
    return show(errors ?? { non_field_errors: [detail] }, problem.statusCode)
  }
}

/** What was typed into the address field, to be shown again. */
export function typedEmail({ body }: FastifyRequest): { email: string } {
  const email = (body as { email?: unknown } | undefined)?.email
  return { email: typeof email === 'string' ? email.slice(0, 254) : '' }
}
