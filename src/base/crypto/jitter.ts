import { randomInt } from 'node:crypto'

const steps = 1000

/** A value within a quarter of the given one, so that what waits alike does not come back all at once. */
export const jittered = (value: number): number => value * (0.75 + randomInt(steps) / (2 * steps))
