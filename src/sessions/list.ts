import Bowser from 'bowser'
import type { Deps } from '../deps.js'
import type { Transport } from '../sender.js'
import type { AuthenticationMethod } from './session.js'

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

/** The live sessions of an account, most recently used first. */
export async function listSessions(
  { db, config, clock }: Pick<Deps, 'db' | 'config' | 'clock'>,
  { userId }: { userId: string }
): Promise<ListedSession[]> {
  const rows = await db.prisma.session.findMany({
    where: { userId, expiresAt: { gt: clock() } },
    orderBy: [{ lastUsedAt: 'desc' }, { id: 'desc' }],
    take: config.MAX_SESSIONS_PER_USER
  })
  return rows.map(({ userAgent, ...row }) => ({
    id: row.id,
    createdAt: row.createdAt,
    lastUsedAt: row.lastUsedAt,
    expiresAt: row.expiresAt,
    transport: row.transport,
    amr: row.amr as AuthenticationMethod[],
    ip: row.ip,
    ...describeAgent(userAgent)
  }))
}

/** Browser and system of a user agent in words; null when nothing is known. */
export function nameAgent(userAgent: string | null): string | null {
  const { browser, os } = describeAgent(userAgent)
  return [browser, os].filter(part => part !== null).join(' · ') || null
}

function describeAgent(userAgent: string | null): Pick<ListedSession, 'browser' | 'os' | 'device'> {
  if (userAgent === null || userAgent === '') return { browser: null, os: null, device: null }
  const { browser, os, platform } = Bowser.parse(userAgent)
  const named = (...words: readonly (string | undefined)[]) =>
    words.filter(Boolean).join(' ') || null
  return {
    browser: named(browser.name, browser.version?.split('.')[0]),
    os: named(os.name, os.versionName ?? os.version),
    device: named(platform.vendor, platform.model) ?? named(platform.type)
  }
}
