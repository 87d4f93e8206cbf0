import { sql } from '../base/database/sql.js'
import { type Device, deviceOf } from '../base/user-agent.js'
import type { Deps } from '../deps.js'
import type { Transport } from '../sender.js'
import { type AuthenticationMethod, liveSession } from './session.js'

/** A session in a person's own list. Unknown names of browser, system and device are null. */
export type ListedSession = Device & {
  readonly id: string
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly expiresAt: Date
  readonly transport: Transport
  readonly amr: readonly AuthenticationMethod[]
  readonly ip: string | null
}

type Row = Omit<ListedSession, keyof Device> & { readonly userAgent: string | null }

/** The live sessions of an account, most recently used first. */
export async function listSessions(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  { userId }: { userId: string }
): Promise<ListedSession[]> {
  const statement = sql`
    SELECT s."id", s."createdAt", s."lastUsedAt", s."expiresAt", s."transport"::text, s."amr", s."ip", s."userAgent"
    FROM "Session" s WHERE s."userId" = ${userId}::uuid AND ${liveSession}
    ORDER BY s."lastUsedAt" DESC, s."id" DESC LIMIT ${config.MAX_SESSIONS_PER_USER}::int4`
  const rows = await db.run<Row>('list-sessions', statement)
  return rows.map(({ userAgent, ...row }) => ({ ...row, ...deviceOf(userAgent) }))
}
