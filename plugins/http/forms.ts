import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { FieldErrors } from '../../src/base/views/pages.js'
import type { Sender } from '../../src/sender.js'
import { isForm } from './negotiate.js'
import { problemBody, problemOf } from './problem-body.js'

/**
 * For `preHandler`: answers 204 to `HEAD` and to a browser that only loads the URL in advance, so that such a
 * request has no effect (LNK-03).
 */
export async function answerPrefetch(
  { headers, method }: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply | undefined> {
  const purpose = `${headers.purpose ?? ''} ${headers['sec-purpose'] ?? ''} ${headers['x-moz'] ?? ''}`
  if (method !== 'HEAD' && !/prefetch|prerender/i.test(purpose)) return undefined
  return reply.code(204).send(null)
}

export type FormErrors = FieldErrors

type Show = (
  request: FastifyRequest,
  reply: FastifyReply,
  errors: FormErrors,
  status: number
) => FastifyReply | Promise<FastifyReply>

/** For `errorHandler`: shows a form again with its errors. A program gets the error body. */
export const showAgain =
  (show: Show) =>
  async (
    error: FastifyError,
    request: FastifyRequest,
    reply: FastifyReply
  ): Promise<FastifyReply> => {
    const problem = problemOf(error, request)
    const isUsers = problem.statusCode === 400 || problem.statusCode === 429
    // Without a body the request was refused before its form was read.
    if (!isForm(request) || !isUsers || request.body === undefined) throw error
    const { detail, errors } = problemBody(problem, request.language.texts)
    return show(request, reply, errors ?? { non_field_errors: [detail] }, problem.statusCode)
  }

/** Pages with a form that holds an address. */
export type EmailPage =
  | 'password-reset/request'
  | 'password-reset/sent'
  | 'registration/form'
  | 'registration/invitation-expired'
  | 'registration/verification-sent'

/** {@link showAgain} for a form that holds an address. */
export const showEmailAgain = (page: EmailPage) =>
  showAgain(({ body }, reply, errors, status) => {
    const { email } = body as { email?: unknown }
    const values = { email: typeof email === 'string' ? email.slice(0, 254) : '' }
    return reply.page(page, { errors, values }, status)
  })

/** The sender, for a session that a page opens: its refresh token travels by cookie. */
export const byCookie = ({ sender }: FastifyRequest): Sender => ({ ...sender, transport: 'cookie' })
