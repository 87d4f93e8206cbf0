import type { Deps } from '../deps.js'
import { type ChallengeKind, createChallenge, type NewChallenge } from '../mfa/challenges.js'
import { hasFactor } from '../mfa/policy.js'
import type { Sender } from '../sender.js'
import { type Authentication, createSession } from '../sessions/create.js'
import type { Session } from '../sessions/session.js'

/** The result of an authentication: a session, or a challenge for the second factor. */
export type SignIn =
  | { readonly kind: 'session'; readonly session: Session }
  | {
      readonly kind: ChallengeAnswer
      readonly challenge: NewChallenge
      /** How the person authenticated so far. */
      readonly amr: Authentication['amr']
    }

type ChallengeAnswer = 'mfa_required' | 'mfa_setup_required'

type CompleteDeps = Pick<Deps, 'db' | 'config'>

/**
 * Turns an authentication into a session, in every flow (MFA-10). `createSession` refuses one without a
 * required second factor; it then gets a challenge.
 *
 * @returns null when the account was disabled, removed or changed its credentials meanwhile.
 */
export async function completeSignIn(
  deps: CompleteDeps,
  authentication: Authentication,
  sender: Sender
): Promise<SignIn | null> {
  const kinds = challengeKinds(deps)
  // Tries twice, because a parallel request may remove the second factor between the two statements.
  for (const _ of ['first', 'again']) {
    const session = await createSession(deps, authentication, sender)
    if (session !== null) return { kind: 'session', session }
    if (kinds.length === 0 || hasFactor(authentication.amr)) return null
    const { challenge, kind } = await createChallenge(deps.db, authentication, kinds, sender)
    if (kind !== null) return { kind: answerTo[kind], challenge, amr: authentication.amr }
  }
  return null
}

/**
 * For a flow without a sign-in: a setup challenge, when a second factor is required and the account has
 * none; null otherwise.
 */
export async function requireSetup(
  deps: CompleteDeps,
  authentication: Authentication,
  sender: Sender
): Promise<SignIn | null> {
  if (deps.config.JWT_ALLAUTH_MFA_TOTP_MODE !== 'required') return null
  const { challenge, kind } = await createChallenge(deps.db, authentication, ['setup'], sender)
  return kind && { kind: answerTo[kind], challenge, amr: authentication.amr }
}

/**
 * {@link requireSetup} for a flow that must not reveal whether an account exists: returns a challenge in any
 * case. Without an account it is a decoy, which fails like an expired challenge.
 */
export async function requireSetupWithDecoy(
  deps: CompleteDeps,
  authentication: Authentication,
  sender: Sender
): Promise<SignIn | null> {
  if (deps.config.JWT_ALLAUTH_MFA_TOTP_MODE !== 'required') return null
  const { challenge } = await createChallenge(deps.db, authentication, ['setup'], sender)
  return { kind: answerTo.setup, challenge, amr: authentication.amr }
}

/** Counts a sign-in that was answered: by its last method, and whether it needs a second factor. */
export function countSignIn({ signIns, challenges }: Deps['metrics'], signIn: SignIn): void {
  const isComplete = signIn.kind === 'session'
  const method = (isComplete ? signIn.session : signIn).amr.at(-1) ?? ''
  signIns.inc({ method, outcome: isComplete ? 'success' : signIn.kind })
  if (!isComplete)
    challenges.inc({ event: signIn.kind === 'mfa_required' ? 'opened' : 'setup_opened' })
  else if (hasFactor(signIn.session.amr)) challenges.inc({ event: 'passed' })
}

function challengeKinds({ config }: CompleteDeps): readonly ChallengeKind[] {
  return { disabled: [], optional: ['login'] as const, required: ['login', 'setup'] as const }[
    config.JWT_ALLAUTH_MFA_TOTP_MODE
  ]
}

const answerTo = { login: 'mfa_required', setup: 'mfa_setup_required' } as const
