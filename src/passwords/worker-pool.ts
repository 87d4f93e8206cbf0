import { Worker } from 'node:worker_threads'
import { Problem } from '../base/errors/problem.js'

/** More work is waiting than is worth waiting for; answered at once, as 503 with `Retry-After`. */
export class HasherBusyError extends Problem {
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('busy', { params: { seconds: retryAfterSeconds }, retryAfter: retryAfterSeconds })
    this.name = 'HasherBusyError'
    this.retryAfterSeconds = retryAfterSeconds
  }
}

type Options = {
  /** Module of this folder that calls `serveJobs`, without its extension. */
  readonly module: string
  /** Most threads at a time. */
  readonly size: number
  /** Most jobs that wait; one more is refused at once. */
  readonly queueLimit: number
  /** What one job takes, to tell how long a full queue lasts. */
  readonly typicalMs: number
  /** Heap of one thread; what native code allocates is not in it. */
  readonly heapMb: number
  /** A thread without work for so long is ended and its memory given back; absent: it stays. */
  readonly idleMs?: number
}

type Task<Job, Result> = {
  readonly job: Job
  readonly resolve: (result: Result) => void
  readonly reject: (reason: unknown) => void
}

/** What a worker sends back for each job. */
export type Reply<Result> = { readonly result: Result } | { readonly error: Error }

/** Threads behind a bounded queue, first come, first served. A thread starts when a job needs it. */
export class WorkerPool<Job, Result> {
  readonly #options: Options
  /** A set, because it keeps the order and gives up a place in the middle at no cost. */
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
      const task = { job, resolve, reject }
      // Queued, it gives up its place; running, it is finished for nobody: a hash cannot be stopped.
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

  /** Refuses what waits and what runs, and ends the threads. */
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
    const waitMs = (this.#queue.size * this.#options.typicalMs) / this.#options.size
    return new HasherBusyError(Math.max(1, Math.ceil(waitMs / 1000)))
  }

  #dispatch(): void {
    for (const task of this.#queue) {
      const worker = this.#takeIdle() ?? this.#start()
      if (worker === undefined) return
      this.#queue.delete(task)
      this.#running.set(worker, task)
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
    // Left to itself V8 gives each thread a nursery of 48 MB before it looks for garbage.
    const resourceLimits = { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 4 }
    const worker = new Worker(new URL(`./${module}.js`, import.meta.url), { resourceLimits })
    this.#alive.add(worker)
    worker.on('message', (reply: Reply<Result>) => this.#settle(worker, reply))
    worker.on('error', error => this.#lose(worker, error))
    worker.on('exit', code =>
      this.#lose(worker, new Error(`Worker ${module} exited with ${code}.`))
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
    worker.unref() // a process with nothing else to do may end
    const retire = () => {
      this.#idle.delete(worker) // a thread that is ending must not be handed a job
      worker.terminate()
    }
    this.#idle.set(worker, idleMs === undefined ? undefined : setTimeout(retire, idleMs).unref())
  }

  /** Its job fails; the next job starts another thread. */
  #lose(worker: Worker, error: Error): void {
    clearTimeout(this.#idle.get(worker))
    this.#idle.delete(worker)
    this.#alive.delete(worker)
    this.#running.get(worker)?.reject(error)
    this.#running.delete(worker)
    if (!this.#closed) this.#dispatch()
  }
}
