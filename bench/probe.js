// Loaded into a measured process: tells on request what it used, and counts its statements.
import { readFileSync } from 'node:fs'

/** CPU of the main thread; null where the system does not count threads: only Linux does. */
function mainMicros() {
  try {
    const counts = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')
    return Number(counts[0]) / 1000
  } catch {
    return null
  }
}

const counts = {}
/** The last call of each named statement. */
const last = {}
if (process.env.BENCH_COUNT_STATEMENTS === 'true') {
  const { default: pg } = await import('pg')
  const query = pg.Client.prototype.query
  pg.Client.prototype.query = function (config, ...rest) {
    const name = config?.name ?? String(config?.text ?? config).slice(0, 60)
    counts[name] = (counts[name] ?? 0) + 1
    if (config?.name) last[name] = { text: config.text, values: config.values }
    return query.call(this, config, ...rest)
  }
}

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  const [cpuMicros, rss] = [user + system, process.memoryUsage.rss()]
  process.send({ cpuMicros, mainMicros: mainMicros(), rss, counts, last })
})
// Nobody is left to measure for.
process.on('disconnect', () => process.exit())
process.channel?.unref()
