import { getPriority, platform, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { Reply } from './worker-pool.js'

/** Lowers the priority of this thread below the event loop. Only Linux has a priority for each thread. */
function lowerPriority(): void {
  if (platform() !== 'linux') return
  try {
    setPriority(0, Math.min(19, getPriority(0) + 10))
  } catch {
    // A sandbox may forbid it. The thread then keeps its priority.
  }
}

/** Runs a worker thread of a pool: answers each job with one reply. */
export function serveJobs<Job, Result>(handle: (job: Job) => Result | Promise<Result>): void {
  const port = parentPort
  if (port === null) throw new Error('This module is the entry of a worker thread.')
  lowerPriority()
  port.on('message', async (job: Job) => {
    let reply: Reply<Result>
    try {
      reply = { result: await handle(job) }
    } catch (error) {
      reply = { error: error as Error }
    }
    port.postMessage(reply)
  })
}
