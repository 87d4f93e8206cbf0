import Fastify from 'fastify'
import fp from 'fastify-plugin'
import cookies from '../../plugins/cookies.js'
import errors from '../../plugins/errors.js'
import language from '../../plugins/language.js'
import returnTo from '../../plugins/return-to.js'
import securityHeaders from '../../plugins/security-headers.js'
import views from '../../plugins/views.js'
import assets from '../../routes/assets.js'
import { loadConfig } from '../../src/base/config/load.js'
import { throttled } from '../../src/base/errors/problem.js'
import type { mailNames } from '../../src/base/views/mails.js'
import { type PageName, pageNames } from '../../src/base/views/pages.js'
import { sampleMail, samplePages } from '../../src/base/views/samples.js'
import type { Deps } from '../../src/deps.js'

const secretKey = 'kP3vXq8ZrT1mNcW7yBdH5sLfJ0aGuE2oRiYtQxVz4K6='

/** Every page in every state that there is a sample of: `/page/0/`, `/page/1/`, … */
export const states = pageNames.flatMap(name =>
  samplePages[name].map((context, index) => ({ name, context, label: `${name}-${index}` }))
)

/** Settings under which the foot of a page has all of its links. */
export const footer = {
  SUPPORT_URL: 'mailto:help@example.com',
  PRIVACY_URL: 'https://example.com/privacy',
  TERMS_URL: 'https://example.com/terms'
}

/** The pages and mails of the service with sample contents, and no database behind them. */
export async function previewApp(settings: Readonly<Record<string, string>> = {}) {
  const config = loadConfig({
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    SECRET_KEY: secretKey,
    ...settings
  })
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
  await app.register(
    fp(
      async fastify => {
        fastify.decorate('deps', { config } as Deps)
      },
      { name: 'deps' }
    )
  )
  await app.register(securityHeaders)
  await app.register(cookies)
  await app.register(language)
  await app.register(returnTo)
  app.decorateRequest('bearer', null)
  await app.register(views)
  await app.register(errors)
  await app.register(assets, { prefix: config.BASE_PATH })
  app.get<{ Params: { index: number } }>(
    '/page/:index',
    { config: { page: true } },
    (request, reply) => {
      const { name, context } = states[Number(request.params.index)] as (typeof states)[number]
      return reply.page(name as PageName, context as never)
    }
  )
  app.get<{ Params: { name: (typeof mailNames)[number] } }>('/mail/:name', (request, reply) => {
    const { html } = app.renderer.mail(request.params.name, request.language.use(), sampleMail)
    // As a mail program shows it; the policy of `mailHtml` would stop the check from running.
    reply.removeHeader('content-security-policy')
    return reply.type('text/html; charset=utf-8').send(html)
  })
  app.get('/refused', { config: { page: true } }, () => {
    throw throttled(30)
  })
  app.get('/dev/mailbox/:id/html', (request, reply) => {
    const { html } = app.renderer.mail('email-verification', request.language.use(), sampleMail)
    return reply.mailHtml(html)
  })
  return app
}
