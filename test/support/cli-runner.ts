// The commands of `postern`, one after another in this process: starting one anew for each costs
// seconds. Nothing of one is left for the next but what modules keep by design.
import { run } from '../../src/operator/cli/program.js'

type Order = { readonly args: readonly string[]; readonly env: Record<string, string> }

const streams = { out: process.stdout, err: process.stderr }

process.on('message', async ({ args, env }: Order) => {
  process.env = { ...env }
  process.exitCode = undefined
  const told = { out: '', err: '' }
  const writes = Object.entries(streams).map(([name, stream]) => {
    const { write } = stream
    stream.write = (chunk: unknown) => {
      told[name as 'out'] += String(chunk)
      return true
    }
    return () => {
      stream.write = write
    }
  })
  await run(args)
  for (const restore of writes) restore()
  const code = process.exitCode ?? 0
  process.exitCode = undefined
  process.send?.({ code, ...told })
})
