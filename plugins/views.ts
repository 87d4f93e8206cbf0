import view from '@fastify/view'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import Handlebars from 'handlebars'
import type { Config } from '../src/base/config/load.js'
import { newJti } from '../src/base/crypto/random.js'
import type { PageName, Pages } from '../src/base/views/pages.js'
import { createRenderer, type Renderer } from '../src/base/views/renderer.js'

/** What a route passes to a page. The plugin adds the request id of the error page. */
type Given<Name extends PageName> = Name extends 'error'
  ? Omit<Pages[Name], 'requestId'>
  : Pages[Name]

declare module 'fastify' {
  interface FastifyInstance {
    readonly renderer: Renderer
  }
  interface FastifyReply {
    /** Shows a page of `views/pages` in the language of the request (`views/README.md`). */
    page<Name extends PageName>(name: Name, context: Given<Name>, status?: number): FastifyReply
    /** Shows the HTML part of a mail, for a frame on the page of that mail. */
    mailHtml(html: string): FastifyReply
  }
}

/** Renders pages. A template with an error stops the start. */
export default fp(
  async fastify => {
    const { config } = fastify.deps
    const renderer = createRenderer(config)
    const policy = policyOf(config)
    fastify.decorate('renderer', renderer)
    // Declared here because the engine would declare it with a hook on every request.
    fastify.decorateReply('locals', null)
    await fastify.register(view, { engine: { handlebars: Handlebars }, production: true })

    fastify.decorateReply('page', function <
      Name extends PageName
    >(this: FastifyReply, name: Name, context: Given<Name>, status = 200) {
      const { id, language, onward } = this.request
      const frames = name === 'dev-mailbox/mail' ? "; frame-src 'self'" : ''
      this.code(status)
        .type('text/html; charset=utf-8')
        .header('content-security-policy', `${policy}${frames}`)
        .header('cross-origin-opener-policy', 'same-origin')
      // The templates are compiled at the start. The engine accepts a function in place of a file.
      const render = (fields: object) =>
        renderer.page(
          name,
          language.use(),
          { ...fields, requestId: id } as unknown as Pages[Name],
          { onward, formKey: newJti() }
        )
      return this.view(render as unknown as string, { ...context })
    })

    fastify.decorateReply('mailHtml', function (this: FastifyReply, html: string) {
      return this.type('text/html; charset=utf-8')
        .header('content-security-policy', mailPolicy)
        .header('x-frame-options', 'SAMEORIGIN')
        .send(html.replace('<head>', '<head>\n<base target="_blank">'))
    })
  },
  {
    name: 'views',
    fastify: '5.x',
    dependencies: ['deps', 'security-headers', 'language', 'return-to']
  }
)

/** Allows what a mail has: its styles, and the logo from wherever it is. */
const mailPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src http: https:; frame-ancestors 'self'; form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"

/** Allows only our own files, nothing inline, and the brand's logo (HTP-15, LNK-12, PAG-03). */
function policyOf(config: Config): string {
  const { BRAND_LOGO_URL } = config
  const logo = BRAND_LOGO_URL === null ? '' : ` ${new URL(BRAND_LOGO_URL).origin}`
  // Browsers apply `form-action` also to the redirect after a form.
  const targets = [
    config.EMAIL_VERIFIED_REDIRECT,
    config.PASSWORD_RESET_REDIRECT,
    config.MFA_COMPLETE_REDIRECT,
    config.APP_URL,
    ...config.RETURN_URLS
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
