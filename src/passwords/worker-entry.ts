import { Worker, type WorkerOptions } from 'node:worker_threads'

/** A module of this folder, named without extension, as the entry of a thread. */
export function startWorker(module: string, options: WorkerOptions): Worker {
  const fromSource = import.meta.url.endsWith('.ts')
  const file = new URL(`./${module}${fromSource ? '.ts' : '.js'}`, import.meta.url)
  return new Worker(file, fromSource ? { ...options, execArgv: compileOnTheFly() } : options)
}

// Tests run the source through tsx, which by itself does not reach into worker threads.
function compileOnTheFly(): string[] {
  const api = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const script = `import { register } from ${api}; register()`
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`]
}
