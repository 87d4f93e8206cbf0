import { snakeCased } from '../../base/snake-case.js'

// An attacker may choose names, user agents and cells of a file. In a terminal they must not move the cursor.
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const replacement = '\u{fffd}'

/** One line of a command's result. */
export const say = (line: string): void => write(process.stdout, line)

/** A line on standard error, so that a pipe gets only the result. */
export const remark = (line: string): void => write(process.stderr, line)

const write = (to: NodeJS.WriteStream, text: string): void =>
  void to.write(`${text.replaceAll(unprintable, it => (it === '\n' ? it : replacement))}\n`)

/** A result as JSON, with field names like those of the HTTP API. */
export function sayJson(value: unknown): void {
  const text = JSON.stringify(snakeCased(value), null, 2)
  const escaped = (it: string) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`
  say(text.replaceAll(unprintable, it => (it === '\n' ? it : escaped(it))))
}

type Cell = string | number | boolean | Date | null | undefined

/** A value as readable text without control characters. */
export function show(value: Cell): string {
  if (value === null || value === undefined || value === '') return '-'
  if (value instanceof Date) return `${value.toISOString().slice(0, 19).replace('T', ' ')}Z`
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return String(value).replaceAll(unprintable, replacement)
}

/** The columns of a table: the heading, and the value for a row. */
type Columns<Row> = Readonly<Record<string, (row: Row) => Cell>>

export function sayTable<Row>(rows: readonly Row[], columns: Columns<Row>): void {
  const texts = Object.entries(columns).map(([heading, cellOf]) => {
    const column = [heading, ...rows.map(row => show(cellOf(row)))]
    const width = Math.max(...column.map(text => text.length))
    return column.map(text => text.padEnd(width))
  })
  for (let line = 0; line <= rows.length; line++)
    say(
      texts
        .map(column => column[line])
        .join('  ')
        .trimEnd()
    )
}

/** One page of a list: as JSON, or as a table and the option that shows the next page. */
export function sayPage<Row>(
  { results, next }: { readonly results: readonly Row[]; readonly next: string | null },
  json: true | undefined,
  columns: Columns<Row>
): void {
  if (json) sayJson({ results, next })
  else sayTable(results, columns)
  if (!json && next !== null) say(`More: --before ${next}`)
}

/** Names and values, one on each line. */
export function sayFields(fields: Readonly<Record<string, Cell>>): void {
  const width = Math.max(...Object.keys(fields).map(name => name.length))
  for (const [name, value] of Object.entries(fields))
    say(`${`${name}:`.padEnd(width + 2)}${show(value)}`)
}
