import { Worker } from 'node:worker_threads'
import { Problem } from '../base/errors/problem.js'

/** The queue is full. The answer is 503 with `Retry-After`. */
export class HasherBusyError extends Problem {
  constructor(seconds: number) {
    super('busy', { params: { seconds }, retryAfter: seconds })
    this.name = 'HasherBusyError'
  }
}

type Options = {
  /** Module of this folder that calls `serveJobs`, without its extension. */
  readonly module: string
  /** Most threads at the same time. */
  readonly size: number
  /** Most jobs that wait; a further job is refused immediately. */
  readonly queueLimit: number
  /** Estimated time of one job, for `Retry-After`. */
  readonly typicalMs: () => number
  /** JavaScript heap of one thread, without the memory of native code. */
  readonly heapMb: number
  /** A thread ends after this time without a job; if absent, never. */
  readonly idleMs?: number
  /** Called with the seconds that a job waited for its thread. */
  readonly onWaited?: ((seconds: number) => void) | undefined
}

type Task<Job, Result> = {
  readonly job: Job
  readonly since: number
  readonly resolve: (result: Result) => void
  readonly reject: (reason: unknown) => void
}

/** The reply of a worker for each job. */
export type Reply<Result> = { readonly result: Result } | { readonly error: Error }

/** Threads with a bounded queue in order of arrival. A thread starts when a job needs it. */
export class WorkerPool<Job, Result> {
  readonly #options: Options
  /** A set keeps the order, and deletes from the middle in constant time. */
  readonly #queue = new Set<Task<Job, Result>>()
  readonly #alive = new Set<Worker>()
  readonly #running = new Map<Worker, Task<Job, Result>>()
  readonly #idle = new Map<Worker, NodeJS.Timeout | undefined>()
  #closed = false

  constructor(options: Options) {
    this.#options = options
  }

  /** Rejects with {@link HasherBusyError}, with the signal's reason, or with what the job threw. */
  async run(job: Job, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted()
    if (this.#closed || this.#isFull()) throw this.#busy()
    let abandon = () => {}
    const outcome = new Promise<Result>((resolve, reject) => {
      const task = { job, since: performance.now(), resolve, reject }
      // A waiting job leaves the queue. A running hash cannot be stopped; its result is ignored.
      abandon = () => {
        this.#queue.delete(task)
        reject(signal?.reason)
      }
      this.#queue.add(task)
    })
    signal?.addEventListener('abort', abandon)
    this.#dispatch()
    return outcome.finally(() => signal?.removeEventListener('abort', abandon))
  }

  /** How many jobs wait for a thread. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Rejects waiting and running jobs, and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true
    const unfinished = [...this.#queue, ...this.#running.values()]
    this.#queue.clear()
    for (const task of unfinished) task.reject(new HasherBusyError(1))
    await Promise.all(Array.from(this.#alive, worker => worker.terminate()))
  }

  #isFull(): boolean {
    const threadFree = this.#idle.size > 0 || this.#alive.size < this.#options.size
    return !threadFree && this.#queue.size >= this.#options.queueLimit
  }

  #busy(): HasherBusyError {
    const waitMs = (this.#queue.size * this.#options.typicalMs()) / this.#options.size
    return new HasherBusyError(Math.max(1, Math.ceil(waitMs / 1000)))
  }

  #dispatch(): void {
    for (const task of this.#queue) {
      const worker = this.#takeIdle() ?? this.#start()
      if (worker === undefined) return
      this.#queue.delete(task)
      this.#running.set(worker, task)
      this.#options.onWaited?.((performance.now() - task.since) / 1000)
      worker.postMessage(task.job)
    }
  }

  #takeIdle(): Worker | undefined {
    const [entry] = this.#idle
    if (entry === undefined) return undefined
    const [worker, retirement] = entry
    clearTimeout(retirement)
    this.#idle.delete(worker)
    worker.ref()
    return worker
  }

  #start(): Worker | undefined {
    const { module, size, heapMb } = this.#options
    if (this.#alive.size >= size) return undefined
    // By default V8 uses 48 MB for the young generation of each thread.
    const resourceLimits = { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 4 }
    const worker = new Worker(new URL(`./${module}.js`, import.meta.url), { resourceLimits })
    this.#alive.add(worker)
    worker.on('message', (reply: Reply<Result>) => this.#settle(worker, reply))
    worker.on('error', error => this.#remove(worker, error))
    worker.on('exit', code =>
      this.#remove(worker, new Error(`Worker ${module} exited with ${code}.`))
    )
    return worker
  }

  #settle(worker: Worker, reply: Reply<Result>): void {
    const task = this.#running.get(worker)
    this.#running.delete(worker)
    if ('error' in reply) task?.reject(reply.error)
    else task?.resolve(reply.result)
    this.#rest(worker)
    this.#dispatch()
  }

  #rest(worker: Worker): void {
    const { idleMs } = this.#options
    worker.unref() // an idle thread does not keep the process running
    const retire = () => {
      this.#idle.delete(worker) // an ending thread must not get a job
      worker.terminate()
    }
    this.#idle.set(worker, idleMs === undefined ? undefined : setTimeout(retire, idleMs).unref())
  }

  /** Rejects the job of a thread that ended. The next job starts another thread. */
  #remove(worker: Worker, error: Error): void {
    clearTimeout(this.#idle.get(worker))
    this.#idle.delete(worker)
    this.#alive.delete(worker)
    this.#running.get(worker)?.reject(error)
    this.#running.delete(worker)
    if (!this.#closed) this.#dispatch()
  }
}
