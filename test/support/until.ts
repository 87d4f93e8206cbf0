import { setTimeout as pause } from 'node:timers/promises'

const deadlineMs = 120_000

/** Looks again and again until something holds, and fails where it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const limit = Date.now() + deadlineMs
  while (!(await holds())) {
    if (Date.now() > limit) throw new Error(`never happened: ${what}`)
    await pause(10)
  }
}

/** Does something a number of times, a few at once; each lane knows its own number. */
export async function inLanes(
  times: number,
  lanes: number,
  work: (round: number, lane: number) => Promise<void>
): Promise<void> {
  let next = 0
  async function run(lane: number) {
    while (next < times) await work(next++, lane)
  }
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)))
}

/** Starts the same thing many times at once. */
export const atOnce = <T>(times: number, start: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, index) => start(index)))

/** How often a race is run: a share of them at every change, and many times that with `RACES=10`. */
export const races = (few: number): number => few * Number(process.env.RACES ?? 1)
