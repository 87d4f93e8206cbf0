import { parse } from 'csv-parse/sync'
import { Refusal } from '../refusal.js'

/** One person of a file; `line` is where the record ends in it. */
export type Row = {
  readonly line: number
  readonly email: string
  /** By name or number; empty: the default. */
  readonly role: string
  readonly firstName: string
  readonly lastName: string
}

/** A line that cannot be read as a record. */
export type BadRow = { readonly line: number; readonly problem: string }

const known = ['email', 'role', 'first_name', 'last_name']

type Parsed = { readonly record: Record<string, string>; readonly info: { readonly lines: number } }

/**
 * Reads a CSV text (RFC 4180) as spreadsheets write it: UTF-8 with or without a mark, commas or
 * semicolons, any line ends. Lines that are no record are told, not fatal.
 *
 * @throws {Refusal} when there is no header that we know: then no line can be trusted.
 */
export function readInvitationFile(text: string): { rows: Row[]; bad: BadRow[] } {
  const bad: BadRow[] = []
  if (text.trim() === '') throw new Refusal('The file is empty.')
  const parsed = parse(text, {
    bom: true,
    columns: checkedHeader,
    delimiter: separatorOf(text),
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    trim: true,
    info: true,
    skip_records_with_error: true,
    on_skip: error => {
      if (error)
        bad.push({ line: Number(error.lines), problem: complaints[error.code] ?? 'cannot be read' })
    }
  }) as unknown as Parsed[]
  const rows = parsed.map(({ record, info }) => ({
    line: info.lines,
    email: record.email ?? '',
    role: record.role ?? '',
    firstName: record.first_name ?? '',
    lastName: record.last_name ?? ''
  }))
  return { rows, bad }
}

/** Spreadsheets of half the world write semicolons. The header, whose names we know, tells. */
const separatorOf = (text: string) => (/^[^\r\n,]*;/.test(text) ? ';' : ',')

const complaints: Partial<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_COLUMNS: 'has more or fewer fields than the header',
  CSV_QUOTE_NOT_CLOSED: 'has a quotation mark that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'has text behind a closing quotation mark',
  INVALID_OPENING_QUOTE: 'has a quotation mark within a field'
}

function checkedHeader(header: string[]): string[] {
  const names = header.map(name => name.trim().toLowerCase())
  const strange = names.filter(name => !known.includes(name))
  const isGood =
    names.includes('email') && strange.length === 0 && new Set(names).size === names.length
  if (isGood) return names
  throw new Refusal(
    `The first line must name the columns: email, and any of role, first_name, last_name.${
      strange.length > 0 ? ` It names ${strange.map(name => `"${name}"`).join(', ')}.` : ''
    }`
  )
}
