import type { FastifyReply } from 'fastify'
import type { SignIn } from '../src/sign-in/complete.js'

/** Answers a form that signs in: the page of the second factor, or the way back to the app. */
export function answerSignInForm(reply: FastifyReply, signIn: SignIn): FastifyReply {
  const redirected = reply.redirectToMfa(signIn)
  if (redirected !== null) return redirected
  reply.answerSignIn(signIn)
  return reply.redirectOnward() ?? reply.page('mfa/done', { signedIn: true })
}
