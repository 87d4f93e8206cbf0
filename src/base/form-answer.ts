import { setTimeout as wait } from 'node:timers/promises'
import type { Deps } from '../deps.js'
import { keyedDigest } from './crypto/digest.js'
import { seal, unseal } from './crypto/seal.js'
import type { Database } from './database/database.js'
import { inBatches, oneBatch } from './database/in-batches.js'
import { sql } from './database/sql.js'
import { Problem } from './errors/problem.js'

type FormDeps = Pick<Deps, 'db' | 'formKeys'>

/** The answer of a form, as it went out. */
export type FormAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string
}

/** A form that was sent: its key is random and was made for one page that was shown. */
export type SentForm = {
  readonly key: string
  readonly url: string
  readonly fields: Readonly<Record<string, unknown>>
}

const pollMs = 100
const mostPolls = 100

/**
 * Lets the first request of a form run: null for it, which then calls {@link keepAnswer} or
 * {@link releaseForm}. The same form sent again waits for the first and gets its answer (PAG-05). A form
 * whose fields were corrected is another one.
 *
 * @throws {Problem} `busy` when the first takes too long.
 */
export async function takeForm({ db, formKeys }: FormDeps, id: string): Promise<FormAnswer | null> {
  for (let poll = 0; poll < mostPolls; poll++) {
    const [taken] = await db.run(
      'take-form',
      sql`
      INSERT INTO "FormAnswer" AS f ("id", "createdAt", "expiresAt")
      VALUES (${id}::text, now(), now() + interval '1 minute')
      ON CONFLICT ("id") DO UPDATE SET "sealedAnswer" = NULL, "createdAt" = now(), "expiresAt" = now() + interval '1 minute'
        WHERE f."expiresAt" < now()
      RETURNING 1`
    )
    if (taken !== undefined) return null
    const [row] = await db.run<{ sealedAnswer: Uint8Array | null }>(
      'read-form-answer',
      sql`SELECT "sealedAnswer" FROM "FormAnswer" WHERE "id" = ${id}::text AND "expiresAt" > now()`
    )
    const sealed = row?.sealedAnswer ?? null
    if (sealed !== null)
      return JSON.parse(unseal(formKeys, sealed, id).toString('utf8')) as FormAnswer
    await wait(pollMs)
  }
  throw new Problem('busy', { params: { seconds: 1 }, retryAfter: 1 })
}

/** The id of a form's row. The table contains neither its key nor its fields, which may hold a password. */
export function formId(
  { formKeys }: Pick<Deps, 'formKeys'>,
  { key, url, fields }: SentForm
): string {
  const entries = Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1))
  return keyedDigest(formKeys.current, JSON.stringify([key, url, entries]))
}

/** Keeps the answer of a form for ten minutes, sealed: it may contain the tokens of a session. */
export async function keepAnswer(
  { db, formKeys }: FormDeps,
  id: string,
  answer: FormAnswer
): Promise<void> {
  const sealed = seal(formKeys, Buffer.from(JSON.stringify(answer)), id)
  await db.run(
    'keep-form-answer',
    sql`
    UPDATE "FormAnswer" SET "sealedAnswer" = ${sealed}::bytea, "expiresAt" = now() + interval '10 minutes'
    WHERE "id" = ${id}::text`
  )
}

/** Lets a form be sent again: it was refused, so it has changed nothing. */
export async function releaseForm({ db }: Pick<Deps, 'db'>, id: string): Promise<void> {
  await db.run('release-form', sql`DELETE FROM "FormAnswer" WHERE "id" = ${id}::text`)
}

const purgeExpired = sql`
DELETE FROM "FormAnswer" WHERE "id" IN (
  SELECT "id" FROM "FormAnswer" WHERE "expiresAt" < now() ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes expired answers of forms; returns how many. */
export const purgeFormAnswers = (db: Database): Promise<number> =>
  inBatches(db, 'purge-form-answers', purgeExpired)
