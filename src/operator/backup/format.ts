import { createHash } from 'node:crypto'
import type { Lock } from '../../base/crypto/sealed-stream.js'

/** The first line of a file. The second is the {@link Header}, and then the content begins. */
export const magic = 'postern-backup 1'

/** What can be known without the passphrase. */
export type Header = {
  readonly createdAt: string
  /** The version of the service, and the migrations of the database, oldest first. */
  readonly version: string
  readonly migrations: readonly string[]
  /** The `SECRET_KEY` that opens what is sealed in the content. */
  readonly keyId: string
  readonly lock: Lock | null
}

/**
 * A line of the content, as JSON: a table begins, one of its rows (each value as PostgreSQL writes it as
 * text), or the end with the SHA-256 of the header and all lines before.
 */
export type Line =
  | { readonly table: string; readonly columns: readonly string[] }
  | readonly (string | null)[]
  | { readonly end: Totals; readonly sha256: string }

/** Rows by table. */
export type Totals = Readonly<Record<string, number>>

export const newChecksum = (header: string) => createHash('sha256').update(header)
