import type { Deps } from '../deps.js'
import { type ChallengeKind, createChallenge, type NewChallenge } from '../mfa/challenges.js'
import { hasFactor } from '../mfa/policy.js'
import type { Sender } from '../sender.js'
import { type Authentication, createSession } from '../sessions/create.js'
import type { Session } from '../sessions/session.js'

/** How a person's proof was answered: with a session, or with what is still asked for. */
export type SignIn =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: ChallengeAnswer; readonly challenge: NewChallenge }

type ChallengeAnswer = 'mfa_required' | 'mfa_setup_required'

type CompleteDeps = Pick<Deps, 'db' | 'config'>

/**
 * The gate between a proof and a session, the same for every flow (design rule 1, MFA-10). The mint
 * itself refuses a proof without a factor that is asked for; this says what to do about it.
 *
 * @returns null when the account was disabled, removed or changed its credentials meanwhile.
 */
export async function completeSignIn(
  deps: CompleteDeps,
  proof: Authentication,
  sender: Sender
): Promise<SignIn | null> {
  const kinds = kindsAskedFor(deps)
  // Twice, for a factor that was given up between the refusal and the challenge.
  for (const _ of ['first', 'again']) {
    const session = await createSession(deps, proof, sender)
    if (session !== null) return { kind: 'session', session }
    if (kinds.length === 0 || hasFactor(proof.amr)) return null
    const { challenge, kind } = await createChallenge(deps.db, proof, kinds, sender)
    if (kind !== null) return { kind: answerTo[kind], challenge }
  }
  return null
}

/**
 * For a flow that signs nobody in: the way to a first factor, where one is required and there is
 * none; null for everybody else.
 */
export async function requireSetup(
  deps: CompleteDeps,
  proof: Authentication,
  sender: Sender
): Promise<SignIn | null> {
  if (deps.config.JWT_ALLAUTH_MFA_TOTP_MODE !== 'required') return null
  const { challenge, kind } = await createChallenge(deps.db, proof, ['setup'], sender)
  return kind && { kind: answerTo[kind], challenge }
}

/**
 * The same where nothing may tell whether there is an account: a challenge in any case, which fails
 * like an expired one for an account that is not there (contract A.3.21).
 */
export async function requireSetupWithDecoy(
  deps: CompleteDeps,
  proof: Authentication,
  sender: Sender
): Promise<SignIn | null> {
  if (deps.config.JWT_ALLAUTH_MFA_TOTP_MODE !== 'required') return null
  const { challenge } = await createChallenge(deps.db, proof, ['setup'], sender)
  return { kind: answerTo.setup, challenge }
}

function kindsAskedFor({ config }: CompleteDeps): readonly ChallengeKind[] {
  return { disabled: [], optional: ['login'] as const, required: ['login', 'setup'] as const }[
    config.JWT_ALLAUTH_MFA_TOTP_MODE
  ]
}

const answerTo = { login: 'mfa_required', setup: 'mfa_setup_required' } as const
