import { InvalidArgumentError, Option } from 'commander'
import { isId } from '../find-account.js'

/** The values of the options that every command with a list has. */
export type PageOptions = {
  readonly before?: string
  readonly limit: number
  readonly json?: true
}

export const jsonOption = () => new Option('--json', 'print JSON instead of a table')

export const limitOption = () =>
  new Option('--limit <number>', 'at most this many, up to 1000').argParser(limit).default(50)

export const beforeOption = () =>
  new Option('--before <id>', 'the next page after the one that ended with this id').argParser(
    idArgument
  )

function limit(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= 1000) return number
  throw new InvalidArgumentError('It must be a number from 1 to 1000.')
}

/** Parses an id. Throws the error of which commander makes a sentence. */
export function idArgument(text: string): string {
  if (isId(text)) return text
  throw new InvalidArgumentError('It must be an id.')
}

const secondsIn = { m: 60, h: 3600, d: 86_400, w: 604_800 } as const

/** Parses a time, or a duration before now: `2026-11-24`, `2026-11-24T08:00:00Z`, `90m`, `24h`, `7d`. */
export function moment(text: string): (now: Date) => Date {
  const ago = /^(\d{1,6})([mhdw])$/.exec(text)
  if (ago !== null) {
    const seconds = Number(ago[1]) * secondsIn[ago[2] as 'm']
    return now => new Date(now.getTime() - seconds * 1000)
  }
  const then = new Date(text)
  const isMoment = /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(then.getTime())
  if (!isMoment)
    throw new InvalidArgumentError('It must be like 24h, 7d, 2026-11-24 or 2026-11-24T08:00:00Z.')
  return () => then
}
