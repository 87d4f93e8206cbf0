#!/usr/bin/env node
import { run } from './program.js'

// A closed pipe, for example by `head`, is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

// A failed command may leave connections open, which would keep the process running.
if (await run(process.argv.slice(2))) process.exit()
