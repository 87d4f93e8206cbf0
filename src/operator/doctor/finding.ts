/** `warn`: it works, and something is not as it should be; `fail`: something does not work. */
export type Level = 'ok' | 'warn' | 'fail'

/** One thing that was looked at, in a sentence that a deployer can act on. */
export type Finding = { readonly check: string; readonly level: Level; readonly message: string }

/** The words of one check: what is good, what deserves a look, what is broken. */
export const findingsOf = (check: string) => ({
  ok: (message: string): Finding => ({ check, level: 'ok', message }),
  warn: (message: string): Finding => ({ check, level: 'warn', message }),
  fail: (message: string): Finding => ({ check, level: 'fail', message })
})

/** The findings that apply; `otherwise`, where none does. */
export function orElse(
  rules: readonly (readonly [applies: boolean, finding: Finding])[],
  otherwise: Finding
): Finding[] {
  const found = rules.filter(([applies]) => applies).map(([, finding]) => finding)
  return found.length > 0 ? found : [otherwise]
}

/** "1 person has", "3 people have". */
export const counted = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`
