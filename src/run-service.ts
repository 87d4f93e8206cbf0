import cluster from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { buildApp } from './app.js'
import { type Config, loadConfig } from './base/config/load.js'
import { openEmbedded } from './base/database/embedded.js'
import { version } from './base/version.js'
import { hasDevMailbox } from './mail/dev-mailbox.js'
import { runWorkers, serveAsWorker } from './run-workers.js'
import { tellTerminal } from './start-process.js'
import { stopGracefully } from './stop-gracefully.js'

/** Starts the service, in as many processes as `WORKERS` says. It runs until a signal ends it. */
export async function runService(): Promise<void> {
  const config = loadConfig()
  if (cluster.isWorker) return serveAsWorker(config)
  await requireFreePort(config)
  if (config.WORKERS === 1) return serve(config)
  const origin = await runWorkers(config)
  if (origin !== null) announce(config, origin)
}

async function serve(given: Config): Promise<void> {
  const progress: string[] = []
  const onProgress = (message: string) => {
    progress.push(message)
    tellTerminal(message)
  }
  const embedded =
    given.DATABASE_URL === null ? await openEmbedded({ dataDir: given.DATA_DIR, onProgress }) : null
  const config: Config = { ...given, DATABASE_URL: embedded?.url ?? given.DATABASE_URL }
  let app: Awaited<ReturnType<typeof buildApp>> | undefined
  try {
    app = await buildApp(config)
    for (const message of progress) app.log.info(message)
    for (const warning of config.warnings) app.log.warn(warning)
    stopGracefully(app, config.DRAIN_DELAY, async () => {
      await app?.close()
      await embedded?.close()
    })
    await app.listen({
      host: config.HOST,
      port: config.PORT,
      listenTextResolver: address => `Postern ${version} listens on ${address}`
    })
    announce(config, app.listeningOrigin)
  } catch (error) {
    // The app closes first: its connections would fail if the embedded server stopped before them.
    await app?.close()
    await embedded?.close()
    throw error
  }
}

/** Fails now if another process has the port, and not only after a database was created for nothing. */
async function requireFreePort({ HOST, PORT }: Config): Promise<void> {
  const probe = createServer().listen(PORT, HOST)
  await once(probe, 'listening')
  probe.close()
  await once(probe, 'close')
}

function announce(config: Config, listening: string) {
  const at = config.PUBLIC_URL
  tellTerminal(`\nPostern ${version} listens on ${listening}\n`)
  if (config.HOSTED_PAGES) tellTerminal(`  Pages  ${at}${config.BASE_PATH}/`)
  else tellTerminal(`  API    ${at}${config.BASE_PATH}/`)
  tellTerminal(`  Docs   ${at}/docs/`)
  if (hasDevMailbox(config) && config.MAIL_WORKER)
    tellTerminal(`  Mails  ${at}${config.BASE_PATH}/dev/mailbox/`)
  tellTerminal('')
}
