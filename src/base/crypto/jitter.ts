import { randomInt } from 'node:crypto'

const steps = 1000

/** The value plus or minus up to a quarter, so that retries do not all happen at the same time. */
export const jittered = (value: number): number => value * (0.75 + randomInt(steps) / (2 * steps))
