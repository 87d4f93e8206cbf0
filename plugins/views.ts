import view from '@fastify/view'
import type { FastifyReply, FastifyRequest } from 'fastify'
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
    const pageUrls = new Set<string>()
    fastify.addHook('onRoute', ({ method, url, config: { page } = {}, schema }) => {
      if (page && !schema?.hide && [method].flat().includes('GET')) pageUrls.add(url)
    })

    /** The page of a request without `lang`; for an answer that has no address of its own, the first page. */
    function hereOf({ method, url, routeOptions }: FastifyRequest): string | null {
      if (!pageUrls.has(routeOptions.url ?? ''))
        return config.HOSTED_PAGES ? `${config.BASE_PATH}/` : null
      const [path = '', query] = url.split('?')
      const fields = new URLSearchParams(method === 'GET' ? query : '')
      fields.delete('lang')
      // Two slashes would begin the name of another host.
      const own = path.replace(/^\/+/, '/')
      return fields.size === 0 ? own : `${own}?${fields}`
    }
    fastify.decorate('renderer', renderer)
    // Declared here because the engine would declare it with a hook on every request.
    fastify.decorateReply('locals', null)
    await fastify.register(view, { engine: { handlebars: Handlebars }, production: true })

    fastify.decorateReply('page', function <
      Name extends PageName
    >(this: FastifyReply, name: Name, context: Given<Name>, status = 200) {
      const { id, language, onward } = this.request
      const here = hereOf(this.request)
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
          { onward, formKey: newJti(), here }
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

/** Allows only our own files, nothing inline, and the brand's images (HTP-15, LNK-12, PAG-03). */
function policyOf(config: Config): string {
  const images = originsOf([
    config.BRAND_LOGO_URL,
    config.BRAND_LOGO_DARK_URL,
    config.BRAND_BACKGROUND
  ])
  // Browsers apply `form-action` also to the redirect after a form.
  const next = originsOf([
    config.EMAIL_VERIFIED_REDIRECT,
    config.PASSWORD_RESET_REDIRECT,
    config.MFA_COMPLETE_REDIRECT,
    config.APP_URL,
    ...config.RETURN_URLS
  ])
  return [
    "default-src 'none'",
    "style-src 'self'",
    `img-src 'self' data:${images}`,
    "script-src 'self'",
    `form-action 'self'${next}`,
    "frame-ancestors 'none'",
    "base-uri 'none'"
  ].join('; ')
}

/** The origins of web addresses, each once, as a policy lists them. */
function originsOf(addresses: readonly (string | null)[]): string {
  const origins = addresses.flatMap(address =>
    /^https?:/i.test(address ?? '') ? new URL(address as string).origin : []
  )
  return [...new Set(origins)].map(origin => ` ${origin}`).join('')
}
