/** `warn`: it works, but should be changed; `fail`: it does not work. */
export type Level = 'ok' | 'warn' | 'fail'

/** The result of one check: a sentence for the operator. */
export type Finding = { readonly check: string; readonly level: Level; readonly message: string }

/** Functions that make the findings of one check; `…If` return none unless the condition applies. */
export function findingsOf(check: string) {
  const make = (level: Level) => (message: string) => ({ check, level, message })
  const makeIf = (level: Level) => (applies: boolean, message: string) =>
    applies ? [{ check, level, message }] : []
  return {
    ok: make('ok'),
    warn: make('warn'),
    fail: make('fail'),
    warnIf: makeIf('warn'),
    failIf: makeIf('fail')
  }
}

/** The problems that apply, or `otherwise` if none does. */
export function problemsOr(otherwise: Finding, ...problems: readonly Finding[][]): Finding[] {
  const found = problems.flat()
  return found.length > 0 ? found : [otherwise]
}

/** "1 person has", "3 people have". */
export const counted = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`
