#!/usr/bin/env node
import { run } from './program.js'

// A reader that has seen enough, `head` for instance, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

// What a failed start opened half-way would keep the process alive.
if (await run(process.argv.slice(2))) process.exit()
