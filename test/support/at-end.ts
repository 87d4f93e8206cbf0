import { rm } from 'node:fs/promises'
import type { TestContext } from 'node:test'

type Ending = Pick<TestContext, 'after'>

const cleanups = new WeakMap<Ending, (() => unknown)[]>()

/** Like `t.after`, but what was made last is the first to go, as it stands on what was made before. */
export function atEnd(t: Ending, cleanup: () => unknown): void {
  const stack = cleanups.get(t) ?? []
  if (stack.length === 0) {
    cleanups.set(t, stack)
    t.after(() => unwind(stack))
  }
  stack.push(cleanup)
}

/** One that fails must not keep the others from being done. */
async function unwind(stack: (() => unknown)[]): Promise<void> {
  const cleanup = stack.pop()
  if (cleanup === undefined) return
  try {
    await cleanup()
  } finally {
    await unwind(stack)
  }
}

/** The server of a service that was killed takes a moment to write its last files into its directory. */
export const removeDataDirectory = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
