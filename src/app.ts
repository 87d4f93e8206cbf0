import type { Writable } from 'node:stream'
import Fastify from 'fastify'
import auth from '../plugins/auth.js'
import bodies from '../plugins/bodies.js'
import compilers from '../plugins/compilers.js'
import cookies from '../plugins/cookies.js'
import cors from '../plugins/cors.js'
import deps from '../plugins/deps.js'
import errors from '../plugins/errors.js'
import flowCookies from '../plugins/flow-cookies.js'
import formOnce from '../plugins/form-once.js'
import jwt from '../plugins/jwt.js'
import language from '../plugins/language.js'
import mailWorker from '../plugins/mail-worker.js'
import maintenance from '../plugins/maintenance.js'
import metrics from '../plugins/metrics.js'
import missingRoutes from '../plugins/missing-routes.js'
import openapi from '../plugins/openapi.js'
import originCheck from '../plugins/origin-check.js'
import prisma from '../plugins/prisma.js'
import problemSchemas from '../plugins/problem-schemas.js'
import rateLimit from '../plugins/rate-limit.js'
import readiness from '../plugins/readiness.js'
import requestLog from '../plugins/request-log.js'
import requestMetrics from '../plugins/request-metrics.js'
import returnTo from '../plugins/return-to.js'
import securityHeaders from '../plugins/security-headers.js'
import sender from '../plugins/sender.js'
import shutdown from '../plugins/shutdown.js'
import signIn from '../plugins/sign-in.js'
import timeLimit from '../plugins/time-limit.js'
import traces from '../plugins/tracing.js'
import views from '../plugins/views.js'
import webhookWorker from '../plugins/webhook-worker.js'
import routes from '../routes/index.js'
import type { Config } from './base/config/load.js'
import { openTracing } from './base/tracing.js'
import type { Deps } from './deps.js'
import { serverOptions } from './server-options.js'

/** Replacements for tests: dependencies such as the clock, and the stream of the log. */
export type Overrides = Partial<Deps> & { readonly logStream?: Writable }

/**
 * The service as a Fastify instance that does not listen yet. Plugins rely on the order: hooks run in it.
 *
 * @param keepsHouse False where another process of the same instance rotates keys and removes rows.
 */
export async function buildApp(
  config: Config,
  { logStream, ...overrides }: Overrides = {},
  keepsHouse = true
) {
  const tracing = await openTracing(config)
  const options = serverOptions(config, tracing)
  const logger = {
    ...options.logger,
    ...(logStream === undefined ? {} : { stream: logStream })
  }
  const app = Fastify({ ...options, logger })
  await app.register(shutdown)
  await app.register(timeLimit)
  await app.register(bodies)
  await app.register(compilers)
  await app.register(traces, { tracing })
  await app.register(prisma, { config, tracing })
  await app.register(deps, { config, overrides, tracing })
  await app.register(readiness)
  await app.register(securityHeaders)
  await app.register(cors)
  await app.register(requestLog)
  await app.register(cookies)
  await app.register(language)
  await app.register(returnTo)
  await app.register(views)
  await app.register(errors)
  await app.register(jwt)
  await app.register(sender)
  await app.register(signIn)
  await app.register(flowCookies)
  await app.register(rateLimit)
  await app.register(formOnce)
  await app.register(metrics)
  await app.register(requestMetrics)
  await app.register(openapi)
  await app.register(problemSchemas)
  await app.register(auth)
  await app.register(originCheck)
  await app.register(maintenance, { keepsHouse })
  await app.register(mailWorker)
  await app.register(webhookWorker)
  await app.register(missingRoutes, { routes })
  return app
}
