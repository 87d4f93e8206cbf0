import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyContextConfig } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/base/config/load.js'
import { isLoopback } from '../src/base/config/loopback.js'
import { packageRoot } from '../src/base/package-root.js'
import { version } from '../src/base/version.js'
import { brandColours, cssUrl } from '../src/base/views/assets.js'
import { cookieMark, finishDocument, pageMark, serveDocument } from './http/openapi-document.js'

/** What the documentation page needs: its own files, inline styles, inline images and the logo. */
const policyOf = ({ BRAND_LOGO_URL: logo }: Config) =>
  [
    `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:${logo === null ? '' : ` ${new URL(logo).origin}`}`,
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'",
    "form-action 'none'; frame-ancestors 'none'"
  ].join('; ')

const tags = {
  Sessions: 'Signing in, staying signed in, signing out.',
  Account: 'The account of the signed-in person.',
  'Second factor': 'Codes from an authenticator app, and recovery codes.',
  Registration: 'Signing up, confirming the address, accepting an invitation.',
  'Password reset': 'Setting a new password by a link or a code in a mail.',
  Invitations: 'Inviting people, and managing invitations.',
  Pages: 'Pages of the account, for people. A session cookie signs them in.',
  Keys: 'What other services need to verify access tokens.',
  Proxies: 'For proxies that ask who sends a request.',
  Health: 'For load balancers and monitoring.'
}

const cookie = (name: string, description: string) =>
  ({ type: 'apiKey', in: 'cookie', name, description }) as const

declare module 'fastify' {
  interface FastifyContextConfig {
    /** An answer can set or drop a cookie, besides those that tokens and `auth` imply. */
    setsCookies?: true
  }
}

/** Guides for those who build on the service. They are served as they are in the package. */
const guides: Readonly<Record<string, string>> = {
  'client-guide': 'for clients',
  errors: 'error codes',
  mfa: 'the second factor',
  'roles-and-invitations': 'roles and invitations',
  pages: 'pages for people'
}

const guideUrl = (name: string) => `/docs/guides/${name}.md`

/** Our look for a page of another package: the logo and the colours of the brand. */
function styleOf({ BRAND_LOGO_URL, BRAND_COLOR }: Config, icon: Buffer | undefined): string {
  const { button, buttonText, link } = brandColours(BRAND_COLOR).light
  const own = `data:image/svg+xml;base64,${icon?.toString('base64')}`
  const logo = BRAND_LOGO_URL === null ? own : cssUrl(BRAND_LOGO_URL)
  // The page has our name, so another product's bar above it would mislead.
  return `.swagger-ui .topbar { display: none }
.swagger-ui .info::before { content: ""; display: block; height: 3rem; margin-bottom: 1rem;
  background: url("${logo}") left / contain no-repeat }
.swagger-ui .info a { color: ${link} }
.swagger-ui .btn.authorize { border-color: ${link}; color: ${link} }
.swagger-ui .btn.authorize svg { fill: ${link} }
.swagger-ui .btn.execute { border-color: ${button}; background: ${button}; color: ${buttonText} }`
}

/** Levels that drop a cookie when it can never work again. */
const dropsCookies: ReadonlySet<string> = new Set(['refresh', 'session', 'flow'])

/** The document of the repository: `npm run docs` builds it from the routes' schemas with everything on. */
const readDocument = (): object =>
  JSON.parse(readFileSync(join(packageRoot, 'docs', 'openapi.json'), 'utf8'))

/**
 * The OpenAPI document at `/docs/json`, and its page at `/docs/`. It is the same under all settings, so that a
 * client that was generated from it goes on when one changes. `fastify.swagger()` is built from the routes
 * that the settings leave.
 */
export default fp(
  async fastify => {
    // Another package adds these routes, so they cannot declare `config.auth` themselves.
    fastify.addHook('onRoute', route => {
      if (/^\/docs(\/|$)/.test(route.url))
        route.config = { ...route.config, auth: 'none', servesUnprepared: true }
    })
    let served: object | undefined
    await fastify.register(swagger, {
      transform: ({ schema, url, route: { config = {} } }) => {
        const { auth = '', page, setsCookies } = config as FastifyContextConfig
        const marks = {
          ...(page && { [pageMark]: true }),
          ...((setsCookies || dropsCookies.has(auth)) && { [cookieMark]: true })
        }
        return { schema: { ...schema, ...marks }, url }
      },
      transformObject: document =>
        finishDocument(
          'openapiObject' in document ? document.openapiObject : document.swaggerObject
        ),
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Postern',
          version,
          description: `Accounts, sessions and second factors for an application. Compatible with the API of django-jwt-allauth. Guides: ${Object.entries(
            guides
          )
            .map(([name, topic]) => `[${topic}](${guideUrl(name)})`)
            .join(', ')}.`,
          license: { name: 'MIT', identifier: 'MIT' }
        },
        servers: [{ url: 'http://localhost:3000' }],
        tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
        components: {
          securitySchemes: {
            bearer: {
              type: 'http',
              scheme: 'bearer',
              bearerFormat: 'JWT',
              description: 'An access token.'
            },
            setPasswordCookie: cookie(
              'set_password_access_token',
              'Set by the link of an invitation. Allows setting the first password once.'
            ),
            passwordResetCookie: cookie(
              'password_reset_access_token',
              'Set by a reset link, a reset code or an undone address change. Allows setting a new password once.'
            ),
            refreshCookie: cookie(
              'refresh_token',
              'The refresh token of a session with cookie transport.'
            )
          }
        }
      }
    })
    for (const name of Object.keys(guides)) {
      const text = readFileSync(join(packageRoot, 'docs', `${name}.md`))
      fastify.get(guideUrl(name), { schema: { hide: true } }, async (_request, reply) =>
        reply.type('text/plain; charset=utf-8').send(text)
      )
    }
    const { config } = fastify.deps
    const { production } = config
    const icon = fastify.renderer.assets.get('favicon.svg')?.content
    await fastify.register(swaggerUi, {
      routePrefix: '/docs',
      // By default the page sends the address of this service to a public validator.
      uiConfig: { deepLinking: true, validatorUrl: null },
      theme: {
        title: `${config.BRAND_NAME} API`,
        css: [{ filename: 'postern.css', content: styleOf(config, icon) }],
        ...(icon && {
          favicon: [
            {
              filename: 'favicon.svg',
              rel: 'icon',
              type: 'image/svg+xml',
              sizes: 'any',
              content: icon
            }
          ]
        })
      },
      staticCSP: policyOf(config),
      transformSpecificationClone: false,
      transformSpecification: (registered, { hostname, host, protocol }) => {
        const { PUBLIC_URL: url, BASE_PATH: basePath } = config
        served ??= serveDocument(readDocument(), { url, basePath, registered })
        // In development the page works under every name of this machine, so that its requests are not foreign.
        const isHere = !production && isLoopback(hostname) && host.endsWith(`:${new URL(url).port}`)
        if (!isHere) return served
        return { ...served, servers: [{ url: `${protocol}://${host}${basePath}` }] }
      }
    })
  },
  { name: 'openapi', fastify: '5.x', dependencies: ['deps', 'security-headers', 'views'] }
)
