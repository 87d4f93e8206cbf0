// A process that opens the embedded database in its first argument and holds it, as the service
// does: says what happened in one line of JSON, stops on SIGTERM, and on SIGINT after a last query.
import pg from 'pg'
import { openEmbedded } from '../../src/base/database/embedded.js'

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

try {
  const server = await openEmbedded({ dataDir: process.argv[2] ?? '', onProgress: () => undefined })
  process.once('SIGTERM', () => server.close())
  process.once('SIGINT', async () => {
    const client = new pg.Client(server.url)
    await client.connect()
    say((await client.query("SELECT 'answered after Ctrl-C' AS last")).rows[0])
    await client.end()
    await server.close()
  })
  say({ url: server.url })
} catch (error) {
  say({ error: error instanceof Error ? error.message : String(error) })
}
