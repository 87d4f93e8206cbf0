import { getPriority, platform, setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { Reply } from './worker-pool.js'

/**
 * Linux counts niceness per thread, so that on a busy machine the event loop goes first; elsewhere
 * the call would slow the whole process. Where it is not allowed the work is merely less polite.
 */
function stepBack(): void {
  if (platform() !== 'linux') return
  try {
    setPriority(0, Math.min(19, getPriority(0) + 10))
  } catch {
    // A sandbox may forbid it.
  }
}

/** The life of a worker thread of a pool: one job in, one reply out. */
export function serveJobs<Job, Result>(handle: (job: Job) => Result): void {
  const port = parentPort
  if (port === null) throw new Error('This module is the entry of a worker thread.')
  stepBack()
  port.on('message', (job: Job) => {
    let reply: Reply<Result>
    try {
      reply = { result: handle(job) }
    } catch (error) {
      reply = { error: error as Error }
    }
    port.postMessage(reply)
  })
}
