import type { FastifyInstance, FastifyReply } from 'fastify'
import { type FormErrors, showAgain, typedEmail } from '../plugins/http/forms.js'
import { limitedTo } from '../plugins/http/limited-to.js'
import { isForm } from '../plugins/http/negotiate.js'
import { sendLink } from '../src/mail/send-link.js'
import { Detail } from './schemas/answers.js'
import { EmailOnly } from './schemas/mail-codes.js'

type MailRequest = {
  readonly kind: Parameters<typeof sendLink>[1]['kind']
  readonly schema: { operationId: string; tags: string[]; summary: string; description: string }
  /** Key of the sentence that says what was done, and what it says in English. */
  readonly detail: readonly [key: string, example: string]
  /** The page that says so, or the one with the form again where there are errors. */
  readonly show: (
    reply: FastifyReply,
    email: string,
    wrong?: { errors: FormErrors; status: number }
  ) => FastifyReply
}

/** A route that mails a link to an address. The answer is the same for every address (ENU-07). */
export function requestMail(
  fastify: FastifyInstance,
  url: string,
  { kind, schema, detail: [key, example], show }: MailRequest
): void {
  const { deps } = fastify
  fastify.post<{ Body: { email: string } }>(
    url,
    {
      config: {
        auth: 'none',
        page: true,
        rateLimit: limitedTo('password_reset', deps.config.RATE_LIMIT_PASSWORD_RESET)
      },
      errorHandler: showAgain((request, reply, errors, status) =>
        show(reply, typedEmail(request).email, { errors, status })
      ),
      schema: { ...schema, security: [], body: EmailOnly, response: { 200: Detail(example) } }
    },
    async (request, reply) => {
      const { email } = request.body
      const { network, locale } = request.sender
      await sendLink(deps, { kind, email, network, locale })
      if (isForm(request)) return show(reply, email)
      return { detail: request.language.texts('details', key) }
    }
  )
}
