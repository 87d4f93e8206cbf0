import type pg from 'pg'
import { type Config, ConfigError, readEnvironment } from '../../base/config/load.js'
import { connectDatabase } from '../../base/database/connect.js'
import { embeddedStatus } from '../../base/database/embedded.js'
import type { Log } from '../../deps.js'
import { openDepsAndPool } from '../../open-deps.js'
import { examineDataDir } from './data-dir.js'
import {
  connectClient,
  examineClock,
  examineDefaults,
  examineMigrations,
  examineRole,
  examineServer
} from './database.js'
import { type Finding, findingsOf } from './finding.js'
import { examineReach } from './reach.js'
import {
  examineAdmin,
  examineFactors,
  examineKeys,
  examineOutbox,
  examineRetention,
  examineRoles,
  examineWebhook
} from './rows.js'
import { examineSettings } from './settings.js'
import { examineRedis, examineSmtp, examineTemplates } from './smtp-redis-templates.js'
import { examineCookies, examinePasswords, examineProxy, examinePublicUrl } from './web.js'

const silent: Log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }

type Progress = (message: string) => void

/** Checks settings, database, mail and the other parts of an installation. Changes nothing. */
export async function examine(onProgress: Progress, env = readEnvironment()): Promise<Finding[]> {
  const { config, findings } = examineSettings(env)
  if (config === null) return findings
  const place = await attempt('data-dir', () => examineDataDir(config))
  if (place.length > 0) return [...findings, ...place]
  const [database, smtp, redis] = await Promise.all([
    attempt('database', () => examineDatabase(config, onProgress)),
    attempt('smtp', () => examineSmtp(config)),
    attempt('redis', () => examineRedis(config))
  ])
  return [
    ...findings,
    ...examinePublicUrl(config),
    ...examineCookies(config),
    ...examineProxy(config),
    ...(await attempt('templates', async () => examineTemplates(config))),
    ...examinePasswords(config),
    ...smtp,
    ...redis,
    ...database,
    ...unseen
  ]
}

/** What an operator has to look at: nobody sees it from here. */
const unseen: readonly Finding[] = [
  findingsOf('not-looked-at').ok(
    'Not looked at: backups and whether they can be restored, the clocks of other instances, SPF and DKIM records, and what the proxy in front does.'
  )
]

async function attempt(check: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  const { fail } = findingsOf(check)
  try {
    return await look()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(fail)
    // Prisma's messages have several lines.
    return [fail((error as Error).message.trim().replaceAll(/\s*\n\s*/g, ' '))]
  }
}

async function examineDatabase(config: Config, onProgress: Progress): Promise<Finding[]> {
  const { ok } = findingsOf('database')
  if (config.DATABASE_URL === null && (await embeddedStatus(config.DATA_DIR)).state === 'absent')
    return [ok('There is no embedded database in DATA_DIR yet; the first start creates one.')]
  const { url, close } = await connectDatabase(config, onProgress)
  try {
    const own = { ...config, DATABASE_URL: url }
    const { client, findings } = await connectClient(own)
    if (client === null) return findings
    return await examineOpen(client, own, config).finally(() => client.end())
  } finally {
    await close()
  }
}

async function examineOpen(client: pg.Client, config: Config, given: Config): Promise<Finding[]> {
  const clock = () => new Date()
  const migrations = await examineMigrations(client, config)
  const findings = [
    ...(await examineServer(client, config)),
    ...(await examineClock(client, clock)),
    ...migrations.findings
  ]
  if (!migrations.isCurrent) return findings
  findings.push(...(await examineDefaults(client)))
  const role = await examineRole(client, given)
  findings.push(...role)
  if (role.some(({ level }) => level === 'fail')) return findings
  return [...findings, ...(await attempt('keys', () => examineRows(config)))]
}

async function examineRows(config: Config): Promise<Finding[]> {
  const { deps, close } = openDepsAndPool({ ...config, DATABASE_POOL_SIZE: 2 }, silent)
  try {
    return [
      ...(await examineKeys(deps)),
      ...(await examineFactors(deps)),
      ...(await examineOutbox(deps)),
      ...(await examineWebhook(deps)),
      ...(await examineRoles(deps)),
      ...(await examineAdmin(deps)),
      ...(await examineRetention(deps)),
      ...(await examineReach(deps))
    ]
  } finally {
    await close()
  }
}
