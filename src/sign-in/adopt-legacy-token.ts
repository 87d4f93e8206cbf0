import { lockAccount } from '../accounts/lock.js'
import { digest } from '../base/crypto/digest.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import type { Sender, Transport } from '../sender.js'
import { createSession } from '../sessions/create.js'
import {
  findLegacySession,
  type LegacySession,
  lockOpenLegacySession,
  recordExchange
} from '../sessions/legacy.js'
import type { AuthenticationMethod, RefreshToken } from '../sessions/session.js'
import { type LegacyClaims, nameLegacyToken, verifyLegacyToken } from '../tokens/legacy-key.js'

type AdoptDeps = Pick<Deps, 'db' | 'config' | 'clock' | 'legacyKeys' | 'log'>

/**
 * Takes a refresh token of an earlier installation for one of ours. The first time it creates a session whose
 * newest refresh token is this one, so that it is used, repeated and stolen like every other.
 *
 * @returns null for a token that was not imported, has ended or expired, or is not valid.
 * @throws {Problem} `no_active_account`, `email_not_verified`; final.
 */
export async function adoptLegacyToken(
  deps: AdoptDeps,
  text: string,
  transport: Transport,
  sender: Sender
): Promise<RefreshToken | null> {
  const token = nameLegacyToken(text)
  if (token === null) return null
  // A second time when a parallel request was first.
  for (const _ of ['first', 'again']) {
    const found = await findLegacySession(deps.db, token.jti)
    if (found === null) return null
    const { userId, tokenDigest, sessionId } = found
    if (tokenDigest !== null) {
      // The key may be gone. The same text is the same token.
      if (tokenDigest !== digest(text) || sessionId === null) return null
      return tokenOf({ userId, sessionId }, token, transport, deps)
    }
    const claims = found.isOpen && found.key ? verifyLegacyToken(deps, token, found.key) : null
    if (claims === null || !belongs(claims, found)) return null
    const session = await exchange(deps, found, claims, {
      ...token,
      sender: { ...sender, transport }
    })
    if (session !== 'late') return session && tokenOf(session, token, transport, deps)
  }
  return null
}

const tokenOf = (
  { userId, sessionId }: { readonly userId: string; readonly sessionId: string },
  { jti, exp }: { readonly jti: string; readonly exp: number },
  transport: Transport,
  { clock }: Pick<Deps, 'clock'>
): RefreshToken => ({
  sessionId,
  userId,
  jti,
  parentJti: null,
  generation: null,
  expired: exp * 1000 <= clock().getTime(),
  transport
})

const belongs = ({ session, userId }: LegacyClaims, found: LegacySession): boolean =>
  session === found.session && (found.legacyId === null || found.legacyId === userId)

/** Null when the session may not be created; `late` when another request was first, or the session has ended. */
async function exchange(
  deps: AdoptDeps,
  { id, userId, factorSince }: LegacySession,
  { signedInAt }: LegacyClaims,
  { text, jti, sender }: { readonly text: string; readonly jti: string; readonly sender: Sender }
): Promise<{ userId: string; sessionId: string } | 'late' | null> {
  return deps.db.transaction(async tx => {
    const account = await lockAccount(tx, userId)
    if (account === null) return null
    if (!account.isActive) throw new Problem('no_active_account', { final: true })
    if (deps.config.EMAIL_VERIFICATION === 'mandatory' && account.emailVerifiedAt === null)
      throw new Problem('email_not_verified', { final: true })
    if (!(await lockOpenLegacySession(tx, id))) return 'late'
    const now = deps.clock()
    const authentication = {
      userId,
      credentialEpoch: account.credentialEpoch,
      amr: methodsOf(signedInAt, factorSince),
      authTime: signedInAt < now ? signedInAt : now,
      jti,
      via: 'session.opened' as const
    }
    const session = await createSession({ ...deps, db: tx }, authentication, sender)
    if (session === null) return null
    const { sessionId } = session
    await recordExchange(tx, { id, tokenDigest: digest(text), sessionId })
    return { userId, sessionId }
  })
}

/** A sign-in there passed the second factor, if the account had one by then. Tokens count whole seconds. */
function methodsOf(signedInAt: Date, factorSince: Date | null): AuthenticationMethod[] {
  const passed =
    factorSince !== null && signedInAt.getTime() >= Math.floor(factorSince.getTime() / 1000) * 1000
  return passed ? ['pwd', 'otp'] : ['pwd']
}
