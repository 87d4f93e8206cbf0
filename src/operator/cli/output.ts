/** One line of a command's result. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** One line beside the result, so that a pipe gets only what was asked for. */
export const remark = (line: string): void => void process.stderr.write(`${line}\n`)

/** A whole result for programs, with the field names of the HTTP API. */
export const sayJson = (value: unknown): void => say(JSON.stringify(snakeCased(value), null, 2))

function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`),
      snakeCased(field)
    ])
  )
}

// Names and user agents are what strangers typed: in a terminal they must not move the cursor.
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu

/** A value as a person reads it. */
export function show(value: string | number | boolean | Date | null | undefined): string {
  if (value === null || value === undefined || value === '') return '-'
  if (value instanceof Date) return `${value.toISOString().slice(0, 19).replace('T', ' ')}Z`
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return String(value).replaceAll(unprintable, '\u{fffd}')
}

/** Rows under their headings, as wide as their widest cells. */
export function sayTable(headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  for (const row of all)
    say(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()
    )
}

/** Names and values, one a line. */
export function sayFields(fields: readonly (readonly [string, string])[]): void {
  const width = Math.max(...fields.map(([name]) => name.length))
  for (const [name, value] of fields) say(`${`${name}:`.padEnd(width + 2)}${value}`)
}
