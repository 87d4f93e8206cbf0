import fp from 'fastify-plugin'
import { createWebhookWorker } from '../src/audit/webhooks/worker.js'

/** Posts queued events to `EVENTS_WEBHOOK_URL`, in the process that sends mails. */
export default fp(
  async fastify => {
    const { config } = fastify.deps
    if (config.EVENTS_WEBHOOK_URL === null || !config.MAIL_WORKER) return

    const worker = createWebhookWorker(fastify.deps)
    fastify.addHook('onReady', async () => worker.start())
    fastify.addHook('onClose', () => worker.stop())
  },
  { name: 'webhook-worker', fastify: '5.x', dependencies: ['deps', 'readiness'] }
)
