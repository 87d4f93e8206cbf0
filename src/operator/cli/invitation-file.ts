import { parse } from 'csv-parse/sync'
import { Refusal } from '../refusal.js'
import { show } from './output.js'

/** One person in a file. `line` is the last line of the record. */
export type Row = {
  readonly line: number
  readonly email: string
  /** Name or number; empty for the default. */
  readonly role: string
  readonly firstName: string
  readonly lastName: string
}

/** A line that is not a valid record. */
export type BadRow = { readonly line: number; readonly problem: string }

const known = ['email', 'role', 'first_name', 'last_name']

type Parsed = { readonly record: Record<string, string>; readonly info: { readonly lines: number } }

/**
 * Reads a CSV text (RFC 4180): UTF-8 with or without a byte order mark, commas or semicolons, any line
 * ends. Invalid lines are returned in `bad`.
 *
 * @throws {Refusal} if the text is empty or its header has unknown columns.
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
        bad.push({ line: Number(error.lines), problem: problems[error.code] ?? 'cannot be read' })
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

/** Spreadsheets write semicolons in some languages. The header shows which separator is used. */
const separatorOf = (text: string) => (/^[^\r\n,]*;/.test(text) ? ';' : ',')

const problems: Partial<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_COLUMNS: 'has more or fewer fields than the header',
  CSV_QUOTE_NOT_CLOSED: 'has a quotation mark that is not closed',
  CSV_INVALID_CLOSING_QUOTE: 'has text after a closing quotation mark',
  INVALID_OPENING_QUOTE: 'has a quotation mark inside a field'
}

function checkedHeader(header: string[]): string[] {
  const names = header.map(name => name.trim().toLowerCase())
  const unknown = names.filter(name => !known.includes(name))
  const isGood =
    names.includes('email') && unknown.length === 0 && new Set(names).size === names.length
  if (isGood) return names
  throw new Refusal(
    `The first line must contain the columns: email, and optionally role, first_name, last_name.${
      unknown.length > 0 ? ` It has ${unknown.map(name => `"${show(name)}"`).join(', ')}.` : ''
    }`
  )
}
