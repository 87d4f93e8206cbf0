import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../src/base/package-root.js'

/** One line of the table: medians over the rounds, and the median of their ratios. */
export type Result = {
  readonly name: string
  readonly unit: string
  readonly floor: number | null
  readonly ours: number
  readonly ratio: number | null
  /** Lowest and highest ratio of a round. */
  readonly spread?: readonly [number, number]
  readonly target: string
  readonly ok: boolean
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? Number.NaN, sorted[middle] ?? Number.NaN]
  return (low + high) / 2
}

/** A number that has no floor and no target. */
export const figure = (name: string, unit: string, ours: number): Result => ({
  name,
  unit,
  floor: null,
  ours,
  ratio: null,
  target: '–',
  ok: true
})

/** A round measures floor and service one right after the other; only their ratio is comparable. */
export type Round = { readonly floor: number; readonly ours: number }

type Judged = {
  readonly name: string
  readonly unit: string
  readonly rounds: readonly Round[]
  /** `floor/ours` where both are costs and a share is wanted. */
  readonly share?: true
  /** Without a limit the ratio is shown and not judged. */
  readonly atLeast?: number
  readonly atMost?: number
  /** The most that ours may be, whatever the floor is. */
  readonly most?: number
}

/** Takes the median round by ratio, and judges it. */
export function judge({ name, unit, rounds, share, atLeast, atMost, most }: Judged): Result {
  const ratios = rounds.map(({ floor, ours }) => (share ? floor / ours : ours / floor))
  const ratio = median(ratios)
  const ours = median(rounds.map(round => round.ours))
  const floor = median(rounds.map(round => round.floor))
  const spread = [Math.min(...ratios), Math.max(...ratios)] as const
  const judged = { name, unit, floor, ours, ratio, spread }
  if (most !== undefined) return { ...judged, target: `≤ ${most} ${unit}`, ok: ours <= most }
  return {
    ...judged,
    target: atLeast !== undefined ? `≥ ${atLeast}` : atMost !== undefined ? `≤ ${atMost}` : '–',
    ok: ratio >= (atLeast ?? 0) && ratio <= (atMost ?? Number.POSITIVE_INFINITY)
  }
}

const shown = (value: number | null) =>
  value === null ? '–' : value >= 100 ? String(Math.round(value)) : value.toPrecision(3)

/** The results as a Markdown table. */
export function table(results: readonly Result[]): string {
  const rows = results.map(({ name, unit, floor, ours, ratio, spread, target, ok }) =>
    [
      name,
      unit,
      shown(floor),
      shown(ours),
      ratio?.toFixed(2) ?? '–',
      spread?.map(each => each.toFixed(2)).join('–') ?? '–',
      target,
      ok ? 'ok' : 'miss'
    ].join(' | ')
  )
  const head = 'Scenario | Unit | Floor | Ours | Ratio | Spread | Target | '
  return asMarkdown([head, '--- | --- | --- | --- | --- | --- | --- | ---', ...rows])
}

/** Keeps the figures with what they were measured on. Returns the path. */
export function save(results: readonly Result[], quick: boolean): string {
  const folder = join(packageRoot, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  const at = new Date().toISOString()
  const path = join(folder, `${at.replaceAll(':', '-')}.json`)
  const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version }
  writeFileSync(path, `${JSON.stringify({ at, quick, machine, results }, null, 2)}\n`)
  return path
}

/** Two kept results side by side. What only one of them has is left out. */
export function compare(before: string, after: string): string {
  const [a, b] = [before, after].map(
    path => (JSON.parse(readFileSync(path, 'utf8')) as { results: Result[] }).results
  ) as [Result[], Result[]]
  const rows = a.flatMap(one => {
    const other = b.find(({ name }) => name === one.name)
    if (other === undefined) return []
    const { name, unit, ours, ratio } = one
    const figures = [shown(ours), shown(other.ours), (other.ours / ours).toFixed(2)]
    return [[name, unit, ...figures, shown(ratio), shown(other.ratio)].join(' | ')]
  })
  const head = 'Scenario | Unit | Before | After | After / before | Ratio before | Ratio after'
  return asMarkdown([head, '--- | --- | --- | --- | --- | --- | ---', ...rows])
}

const asMarkdown = (rows: readonly string[]) => rows.map(row => `| ${row} |`).join('\n')
