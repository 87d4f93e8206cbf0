import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Problem } from '../../src/base/errors/problem.js'
import { closed } from '../schemas/fields.js'

const loopback = /^(127(\.\d+){3}|::1|::ffff:127(\.\d+){3}|localhost|\[::1\])$/
const proxied = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Only a client on this machine, without a proxy, may read these mails: they allow taking over any
 * account. The host name is checked against DNS rebinding: a foreign name can point to this
 * machine.
 */
const isFromHere = ({ socket, hostname, headers }: FastifyRequest) =>
  loopback.test(socket.remoteAddress ?? '') &&
  loopback.test(hostname) &&
  proxied.every(name => headers[name] === undefined)

const config = { auth: 'none', page: true } as const
const schema = { hide: true } as const
const Id = closed({ id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) })

/** The mails of a development machine. The routes exist only there, without an SMTP server. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { devMailbox, deps } = fastify
  if (devMailbox === null) return

  function mailOf(id: string) {
    const mail = devMailbox?.find(id) ?? null
    if (mail === null) throw new Problem('not_found')
    return mail
  }

  fastify.addHook('onRequest', async request => {
    if (!isFromHere(request)) throw new Problem('not_found')
  })

  fastify.get('/dev/mailbox/', { config, schema }, async (_request, reply) => {
    const mails = devMailbox
      .list()
      .map(({ id, subject, recipient, template, createdAt: when }) => ({
        id,
        subject,
        recipient,
        template,
        state: 'sent',
        when
      }))
    return reply.page('dev-mailbox/list', { mails })
  })

  fastify.get(
    '/dev/mailbox/:id/',
    { config, schema: { ...schema, params: Id } },
    async (request, reply) => {
      const { id, subject, recipient, createdAt: when, text } = mailOf(request.params.id)
      const links = text.match(/https?:\/\/[^\s<>"]+/g) ?? []
      const from = deps.config.DEFAULT_FROM_EMAIL
      return reply.page('dev-mailbox/mail', { id, subject, recipient, from, when, text, links })
    }
  )

  fastify.get(
    '/dev/mailbox/:id/html/',
    { config, schema: { ...schema, params: Id } },
    async (request, reply) => reply.mailHtml(mailOf(request.params.id).html)
  )
}

export default routes
