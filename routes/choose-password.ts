import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type FormErrors, showAgain } from '../plugins/http/forms.js'
import { isForm } from '../plugins/http/negotiate.js'
import type { Link } from '../src/links/link.js'
import type { ChosenPassword } from '../src/passwords/set-by-link.js'
import type { Sender } from '../src/sender.js'
import type { SignIn } from '../src/sign-in/complete.js'
import { exampleToken, Page, Redirect, signInFields } from './schemas/answers.js'
import { closed, NewPassword, TransportHeader } from './schemas/fields.js'

type Words = { operationId: string; summary: string; description: string }

type Choice = {
  readonly flow: 'password_reset' | 'set_password'
  /** The page with the form. */
  readonly form: {
    readonly url: string
    readonly page: 'password-reset/new' | 'registration/set-password'
    readonly schema: Words
  }
  /** The route that the form and programs post to. */
  readonly post: { readonly url: string; readonly schema: Words }
  /** Key and English text of the sentence in the answer. */
  readonly detail: readonly [key: string, example: string]
  readonly read: (linkId: string) => Promise<Link | null>
  readonly set: (linkId: string, chosen: ChosenPassword, sender: Sender) => Promise<SignIn | null>
  readonly showInvalid: (reply: FastifyReply) => FastifyReply
  readonly showDone: (reply: FastifyReply) => FastifyReply
}

/** Adds the form for a password that a mailed link allows, and the route that sets the password. */
export function choosePassword(fastify: FastifyInstance, choice: Choice): void {
  const { flow, form, post, read, set, showInvalid, showDone } = choice
  const [key, example] = choice.detail
  const cookie = flow === 'password_reset' ? 'passwordResetCookie' : 'setPasswordCookie'

  async function showForm(
    request: FastifyRequest,
    reply: FastifyReply,
    errors?: FormErrors,
    status = 200
  ) {
    const id = request.readFlow(flow)
    const link = id ? await read(id) : null
    if (link === null) return showInvalid(reply)
    return reply.page(form.page, { errors, email: link.address }, status)
  }

  fastify.get(
    form.url,
    {
      config: { auth: 'none', page: true, problems: ['link_invalid'] },
      schema: { ...form.schema, security: [{ [cookie]: [] }, {}], response: { 200: Page } }
    },
    async (request, reply) => showForm(request, reply)
  )

  fastify.post<{ Body: { new_password1: string; new_password2: string } }>(
    post.url,
    {
      config: { auth: 'flow', flow, page: true, limit: 'password_reset', problems: ['busy'] },
      errorHandler: showAgain(showForm),
      schema: {
        ...post.schema,
        headers: TransportHeader,
        body: closed({ new_password1: NewPassword, new_password2: NewPassword }),
        response: {
          200: Type.Object(
            { ...signInFields, detail: Type.String() },
            {
              description: 'Set.',
              examples: [{ access: exampleToken, expires_in: 1800, detail: example }]
            }
          ),
          303: Redirect
        }
      }
    },
    async (request, reply) => {
      const { new_password1: first, new_password2: second } = request.body
      const chosen = { first, second, signsIn: !isForm(request) }
      const signIn = await set(request.flow, chosen, request.sender)
      reply.endFlow(flow)
      if (isForm(request) || signIn === null) return reply.redirectToMfa(signIn) ?? showDone(reply)
      return { ...reply.answerSignIn(signIn), detail: request.language.texts('details', key) }
    }
  )
}
