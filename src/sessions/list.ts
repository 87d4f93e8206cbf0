import Bowser from 'bowser'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import type { Transport } from '../sender.js'
import { type AuthenticationMethod, liveSession } from './session.js'

/** A session in a person's own list. Unknown names of browser, system and device are null. */
export type ListedSession = {
  readonly id: string
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly expiresAt: Date
  readonly transport: Transport
  readonly amr: readonly AuthenticationMethod[]
  readonly ip: string | null
  readonly browser: string | null
  readonly os: string | null
  readonly device: string | null
}

type Row = Omit<ListedSession, 'browser' | 'os' | 'device'> & { readonly userAgent: string | null }

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

/** Browser and system of a user agent in words; null when nothing is known. */
export function nameAgent(userAgent: string | null): string | null {
  const { browser, os } = deviceOf(userAgent)
  return [browser, os].filter(part => part !== null).join(' · ') || null
}

type Device = Pick<ListedSession, 'browser' | 'os' | 'device'>

const unknown: Device = { browser: null, os: null, device: null }

/** A name is long to take apart, and the same few come again and again. */
const known = new Map<string, Device>()
const mostKnown = 1000

function deviceOf(userAgent: string | null): Device {
  if (userAgent === null || userAgent === '') return unknown
  const device = known.get(userAgent) ?? describe(userAgent)
  if (known.size >= mostKnown) known.clear()
  known.set(userAgent, device)
  return device
}

function describe(userAgent: string): Device {
  const { browser, os, platform } = Bowser.parse(userAgent)
  const named = (...words: readonly (string | undefined)[]) =>
    words.filter(Boolean).join(' ') || null
  return {
    browser: named(browser.name, browser.version?.split('.')[0]),
    os: named(os.name, os.versionName ?? os.version),
    device: named(platform.vendor, platform.model) ?? named(platform.type)
  }
}
