import { type Account, accountOf, type UserColumns, userColumns } from '../accounts/account.js'
import type { Database, Statement } from '../base/database/database.js'
import type { Transport } from '../sender.js'

/** How a person proved who they are (RFC 8176): password, one-time code, recovery code, mailed link. */
export type AuthenticationMethod = 'pwd' | 'otp' | 'rc' | 'email'

/** A session that was just created or rotated: all that its two tokens say. */
export type Session = {
  readonly user: Account
  readonly sessionId: string
  readonly jti: string
  readonly transport: Transport
  readonly createdAt: Date
  readonly authTime: Date
  readonly amr: readonly AuthenticationMethod[]
  readonly expiresAt: Date
}

/** A refresh token whose signature held, and how it came. The session decides whether it is still good. */
export type RefreshToken = {
  readonly sessionId: string
  readonly userId: string
  readonly jti: string
  /** The token's own `exp` has passed. */
  readonly expired: boolean
  readonly transport: Transport
}

export type SessionRow = UserColumns & Omit<Session, 'user'>

/** Selects a {@link SessionRow} from a session `s` and its account `u`. */
export const sessionColumns = `${userColumns},
  s."id" AS "sessionId", s."jti", s."transport"::text, s."createdAt", s."authTime", s."amr", s."expiresAt"`

export function sessionOf(row: SessionRow): Session {
  const { sessionId, jti, transport, createdAt, authTime, amr, expiresAt } = row
  return { user: accountOf(row), sessionId, jti, transport, createdAt, authTime, amr, expiresAt }
}

/** Runs a statement that yields at most one row. */
export async function firstRow<Row>(
  db: Database,
  statement: Statement,
  values: readonly unknown[]
): Promise<Row | null> {
  return (await db.run<Row>(statement, values))[0] ?? null
}
