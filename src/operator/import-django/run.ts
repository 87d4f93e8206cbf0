import { readFile } from 'node:fs/promises'
import { sql } from '../../base/database/sql.js'
import type { Deps } from '../../deps.js'
import { parsePhc } from '../../passwords/phc.js'
import { readLegacyKey } from '../../tokens/legacy-key.js'
import { Refusal } from '../refusal.js'
import type { CodeShape } from './factor.js'
import {
  type Counts,
  type ImportDeps,
  importBatch,
  type Line,
  noCounts,
  type Run
} from './import.js'
import type { Choices } from './plan.js'
import { readDatabase } from './read-database.js'
import { openDump, readDump } from './read-dump.js'
import type { SourceRecord } from './record.js'
import { withStage } from './stage.js'

export type ImportOptions = {
  /** A file of `dumpdata`, `-`, or the URL of the old database. */
  readonly source: string
  readonly dryRun: boolean
  readonly usersTable: string | undefined
  readonly roles: ReadonlyMap<number, number>
  readonly codes: CodeShape
  /** The file of the key that verifies old refresh tokens; null without `--sessions`. */
  readonly sessionsKeyFile: string | null
}

/** How far a run is. `total` is null where it is not known. */
export type Progress = {
  readonly phase: 'read' | 'import'
  readonly done: number
  readonly total: number | null
  readonly unit: 'people' | 'bytes'
}

export type Result = {
  readonly counts: Counts
  /** What concerns the whole import. */
  readonly remarks: readonly string[]
}

const termDays = 30

/**
 * Imports the people of a Django installation. The source is read as a whole before the first account is
 * written, so a damaged one changes nothing. Lines of the report are handed on as they arise.
 *
 * @throws {Refusal} when the source or the key cannot be read, or has nobody.
 */
export async function importDjango(
  deps: ImportDeps & Pick<Deps, 'roles'>,
  options: ImportOptions,
  { onLine, onProgress }: { onLine: (line: Line) => void; onProgress: (progress: Progress) => void }
): Promise<Result> {
  const { dryRun, source, sessionsKeyFile } = options
  const key = sessionsKeyFile === null ? null : await readKeyFile(sessionsKeyFile)
  const choices = choicesOf(deps, options)
  const url = deps.config.DATABASE_URL as string
  const progress = { people: 0, bytes: 0 }
  const records = await openSource(options, progress, onProgress)
  const onRead = (people: number) => {
    progress.people += people
  }
  return withStage(url, records, { usersTable: options.usersTable, onRead }, async stage => {
    if (stage.people === 0) throw new Refusal(`There are no people in ${nameOf(source)}.`)
    const expiresAt = new Date(deps.clock().getTime() + termDays * 86_400_000)
    const sessionTerm = key && { key, expiresAt }
    const run: Run = { choices, dryRun, sessionTerm }
    const counts = noCounts()
    let nextAnalysis = 1000
    for await (const people of stage.read()) {
      const batch = await importBatch(deps, run, people)
      if (!dryRun && counts.people >= nextAnalysis) {
        nextAnalysis *= 4
        await analyzeAccounts(deps)
      }
      for (const line of batch.lines) onLine(line)
      for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += batch.counts[name]
      onProgress({ phase: 'import', done: counts.people, total: stage.people, unit: 'people' })
    }
    return { counts, remarks: remarksOf(deps, stage, counts) }
  })
}

/** The tables grow faster than autovacuum looks: with the plans for empty ones each batch would read them whole. */
const analyzeAccounts = ({ db }: Pick<Deps, 'db'>) =>
  db.run('analyze-accounts', sql`ANALYZE "User", "ImportedAccount", "Identity", "LegacySession"`)

/** A URL may hold a password. */
const isUrl = (source: string) => /^postgres(ql)?:\/\//.test(source)
const nameOf = (source: string) =>
  isUrl(source) ? 'the old database' : source === '-' ? 'standard input' : source

async function readKeyFile(path: string) {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new Refusal(`${path} cannot be read: ${error.message}`)
  })
  const key = readLegacyKey(text)
  if (key === null)
    throw new Refusal(
      `${path} is neither a public key in PEM (RSA of 2048 bits or more, P-256, P-384, P-521, Ed25519) nor a secret of 16 characters or more.`
    )
  return key
}

async function openSource(
  { source, usersTable, sessionsKeyFile }: ImportOptions,
  progress: { people: number; bytes: number },
  onProgress: (progress: Progress) => void
): Promise<AsyncIterable<SourceRecord>> {
  if (isUrl(source)) {
    let total: number | null = null
    const records = readDatabase(source, {
      usersTable,
      wantsSessions: sessionsKeyFile !== null,
      onTotal: people => {
        total = people
      }
    })
    return told(records, () =>
      onProgress({ phase: 'read', done: progress.people, total, unit: 'people' })
    )
  }
  const { stream, bytes } = await openDump(source)
  return readDump(stream, count => {
    progress.bytes += count
    onProgress({ phase: 'read', done: progress.bytes, total: bytes, unit: 'bytes' })
  })
}

async function* told<T>(items: AsyncIterable<T>, tell: () => void): AsyncGenerator<T> {
  for await (const item of items) {
    tell()
    yield item
  }
}

function choicesOf(deps: Pick<Deps, 'roles' | 'clock'>, options: ImportOptions): Choices {
  const { all } = deps.roles
  return {
    roles: options.roles,
    isRole: number => all.some(role => role.number === number),
    codes: options.codes,
    wantsSessions: options.sessionsKeyFile !== null,
    isOwnHash: hash => {
      const parsed = parsePhc(hash)
      // The pepper of another installation is not here.
      return parsed !== null && parsed.keyId === undefined
    },
    now: deps.clock()
  }
}

function remarksOf(
  { config }: Pick<Deps, 'config'>,
  stage: { readonly hasNumbers: boolean; readonly orphans: number },
  { secondFactors }: Counts
): string[] {
  const remarks: string[] = []
  if (!stage.hasNumbers)
    remarks.push(
      'The dump has no numbers: nobody gets a legacyId, and later runs match by address.'
    )
  if (stage.orphans > 0)
    remarks.push(
      `${stage.orphans} addresses, second factors or sessions belong to nobody in the source.`
    )
  if (secondFactors > 0 && config.JWT_ALLAUTH_MFA_TOTP_MODE === 'disabled')
    remarks.push(
      `${secondFactors} people have a second factor, and JWT_ALLAUTH_MFA_TOTP_MODE is disabled: a sign-in asks them for the password only.`
    )
  return remarks
}
