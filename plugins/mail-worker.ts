import fp from 'fastify-plugin'
import { concurrency } from '../src/base/outbox/worker.js'
import { createDevMailbox, type DevMailbox, hasDevMailbox } from '../src/mail/dev-mailbox.js'
import { createMailRenderer } from '../src/mail/render.js'
import { createSmtpTransport } from '../src/mail/transport.js'
import { createMailWorker } from '../src/mail/worker.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Mails kept on a development machine; null when mails go out by SMTP or by another process. */
    readonly devMailbox: DevMailbox | null
  }
}

/** Sends queued mails: by SMTP, or into the development mailbox when no SMTP server is set. */
export default fp(
  async fastify => {
    const { deps } = fastify
    const { config, log } = deps
    const isOn = config.MAIL_WORKER && !config.EMAIL_DISABLED
    const devMailbox = isOn && config.EMAIL_HOST === null ? createDevMailbox(log) : null
    fastify.decorate('devMailbox', devMailbox !== null && hasDevMailbox(config) ? devMailbox : null)
    if (!isOn) return

    const transport = devMailbox ?? createSmtpTransport(config, { connections: concurrency })
    const render = createMailRenderer(config, fastify.renderer)
    const worker = createMailWorker(deps, { send: transport.send, render })
    fastify.addHook('onReady', async () => worker.start())
    fastify.addHook('onClose', async () => {
      await worker.stop()
      transport.close()
    })
  },
  {
    name: 'mail-worker',
    fastify: '5.x',
    dependencies: ['deps', 'readiness'],
    decorators: { fastify: ['renderer'] }
  }
)
