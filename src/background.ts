import Fastify from 'fastify'
import deps from '../plugins/deps.js'
import mailWorker from '../plugins/mail-worker.js'
import maintenance from '../plugins/maintenance.js'
import metrics from '../plugins/metrics.js'
import prisma from '../plugins/prisma.js'
import readiness from '../plugins/readiness.js'
import traces from '../plugins/tracing.js'
import webhookWorker from '../plugins/webhook-worker.js'
import type { Config } from './base/config/load.js'
import { openTracing } from './base/tracing.js'
import { createRenderer } from './base/views/renderer.js'
import { serverOptions } from './server-options.js'

/** What the service does without a request, as a Fastify instance that never listens. */
export async function buildBackground(config: Config) {
  const tracing = await openTracing(config)
  const app = Fastify({ logger: serverOptions(config, tracing).logger })
  await app.register(traces, { tracing })
  await app.register(prisma, { config, tracing })
  await app.register(deps, { config, overrides: {}, tracing })
  await app.register(readiness)
  await app.register(metrics)
  app.decorate('renderer', createRenderer(config))
  await app.register(maintenance, { keepsHouse: true })
  await app.register(mailWorker)
  await app.register(webhookWorker)
  for (const warning of config.warnings) app.log.warn(warning)
  return app
}
