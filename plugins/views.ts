import view from '@fastify/view'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import Handlebars from 'handlebars'
import type { Config } from '../src/base/config/load.js'
import type { PageName, Pages } from '../src/base/views/pages.js'
import { createRenderer, type Renderer } from '../src/base/views/renderer.js'

/** What a route gives a page; the error page's request id is ours to give. */
type Given<Name extends PageName> = Name extends 'error'
  ? Omit<Pages[Name], 'requestId'>
  : Pages[Name]

declare module 'fastify' {
  interface FastifyInstance {
    readonly renderer: Renderer
  }
  interface FastifyReply {
    /** Shows a page of `views/pages` in the reader's language (`views/README.md`). */
    page<Name extends PageName>(name: Name, context: Given<Name>, status?: number): FastifyReply
    /** Shows the HTML part of a mail, for a frame on a page of ours. */
    mailHtml(html: string): FastifyReply
  }
}

/** Pages and the language they are in; a template that cannot be used stops the start. */
export default fp(
  async fastify => {
    const { config } = fastify.deps
    const renderer = createRenderer(config)
    const policy = policyOf(config)
    fastify.decorate('renderer', renderer)
    // Ours says so before the engine's own decorator would add a hook to every request.
    fastify.decorateReply('locals', null)
    await fastify.register(view, { engine: { handlebars: Handlebars }, production: true })

    fastify.decorateReply('page', function <
      Name extends PageName
    >(this: FastifyReply, name: Name, context: Given<Name>, status = 200) {
      const { id, language } = this.request
      const frames = name === 'dev-mailbox/mail' ? "; frame-src 'self'" : ''
      this.code(status)
        .type('text/html; charset=utf-8')
        .header('content-security-policy', `${policy}${frames}`)
        .header('cross-origin-opener-policy', 'same-origin')
      // Compiled at start and checked there, so that the engine finds a function and reads no file.
      const render = (fields: object) =>
        renderer.page(name, language.use(), { ...fields, requestId: id } as unknown as Pages[Name])
      return this.view(render as unknown as string, { ...context })
    })

    fastify.decorateReply('mailHtml', function (this: FastifyReply, html: string) {
      return this.type('text/html; charset=utf-8')
        .header('content-security-policy', mailPolicy)
        .header('x-frame-options', 'SAMEORIGIN')
        .send(html.replace('<head>', '<head>\n<base target="_blank">'))
    })
  },
  { name: 'views', fastify: '5.x', dependencies: ['deps', 'security-headers', 'language'] }
)

const mailPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"

/** Nothing inline and nothing from elsewhere but the brand's logo (HTP-15, LNK-12, PAG-03). */
function policyOf(config: Config): string {
  const { BRAND_LOGO_URL } = config
  const logo = BRAND_LOGO_URL === null ? '' : ` ${new URL(BRAND_LOGO_URL).origin}`
  // Browsers hold a form to this where it is redirected to, too.
  const targets = [
    config.EMAIL_VERIFIED_REDIRECT,
    config.PASSWORD_RESET_REDIRECT,
    config.MFA_COMPLETE_REDIRECT
  ].flatMap(target => (/^https?:/.test(target ?? '') ? new URL(target as string).origin : []))
  const next = [...new Set(targets)].map(origin => ` ${origin}`).join('')
  return [
    "default-src 'none'",
    "style-src 'self'",
    `img-src 'self' data:${logo}`,
    "script-src 'self'",
    `form-action 'self'${next}`,
    "frame-ancestors 'none'",
    "base-uri 'none'"
  ].join('; ')
}
