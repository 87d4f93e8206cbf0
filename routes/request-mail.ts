import type { FastifyInstance, FastifyReply } from 'fastify'
import { type EmailPage, showEmailAgain } from '../plugins/http/forms.js'
import { isForm } from '../plugins/http/negotiate.js'
import { sendLink } from '../src/mail/send-link.js'
import { Detail } from './schemas/answers.js'
import { EmailOnly } from './schemas/mail-codes.js'

type MailRequest = {
  readonly kind: Parameters<typeof sendLink>[1]['kind']
  readonly schema: { operationId: string; summary: string; description: string }
  /** Key and English text of the sentence in the answer. */
  readonly detail: readonly [key: string, example: string]
  /** The page with the form. */
  readonly form: EmailPage
  /** Answers a form once the mail is queued. */
  readonly showDone: (reply: FastifyReply, values: { email: string }) => FastifyReply
}

/** Adds a route that mails a link to an address. The answer is the same for every address (ENU-07). */
export function requestMail(
  fastify: FastifyInstance,
  url: string,
  { kind, schema, detail: [key, example], form, showDone }: MailRequest
): void {
  fastify.post<{ Body: { email: string } }>(
    url,
    {
      config: { auth: 'none', page: true, limit: 'password_reset' },
      errorHandler: showEmailAgain(form),
      schema: { ...schema, body: EmailOnly, response: { 200: Detail(example) } }
    },
    async (request, reply) => {
      const { email } = request.body
      const { network, locale } = request.sender
      await sendLink(fastify.deps, { kind, email, network, locale })
      if (isForm(request)) return showDone(reply, { email })
      return { detail: request.language.texts('details', key) }
    }
  )
}
