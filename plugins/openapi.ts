import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import { version } from '../src/base/version.js'
import { finishDocument, pageMark } from './http/openapi-document.js'

/** All that the documentation page needs: its own files, and the pictures and styles inside them. */
const pagePolicy = [
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
  "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'",
  "form-action 'none'; frame-ancestors 'none'"
].join('; ')

const tags = {
  Sessions: 'Signing in, staying signed in, signing out.',
  Account: 'A person’s own account.',
  'Second factor': 'Codes of an authenticator app, and recovery codes in its place.',
  Registration: 'Becoming a user.',
  'Password reset': 'A new password for somebody who reads the account’s mail.',
  Invitations: 'Asking people in.',
  Keys: 'What other services need to verify access tokens.',
  Health: 'For load balancers and monitoring.'
}

const cookie = (name: string, description: string) =>
  ({ type: 'apiKey', in: 'cookie', name, description }) as const

/** The OpenAPI document, generated from the schemas that validate, at `/docs/json`; a page over it at `/docs/`. */
export default fp(
  async fastify => {
    // The pages of the documentation are routes of other packages, which cannot declare our config.
    fastify.addHook('onRoute', route => {
      if (/^\/docs(\/|$)/.test(route.url))
        route.config = { ...route.config, auth: 'none', servesUnprepared: true }
    })
    await fastify.register(swagger, {
      transform: ({ schema, url, route }) => ({
        schema: route.config?.page === true ? { ...schema, [pageMark]: true } : schema,
        url
      }),
      transformObject: document =>
        finishDocument(
          'openapiObject' in document ? document.openapiObject : document.swaggerObject
        ),
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Postern',
          version,
          description:
            'Accounts, sessions and second factors of an application. Compatible with the API of django-jwt-allauth.',
          license: { name: 'MIT', identifier: 'MIT' }
        },
        servers: [{ url: fastify.deps.config.PUBLIC_URL }],
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
              'Left by an invitation; allows one first password.'
            ),
            passwordResetCookie: cookie(
              'password_reset_access_token',
              'Left by a reset link; allows one new password.'
            ),
            refreshCookie: cookie('refresh_token', 'The refresh token of a cookie session.')
          }
        }
      }
    })
    await fastify.register(swaggerUi, {
      routePrefix: '/docs',
      // Without it every look at the page tells a public validator where this service is.
      uiConfig: { deepLinking: true, validatorUrl: null },
      staticCSP: pagePolicy
    })
  },
  { name: 'openapi', fastify: '5.x', dependencies: ['deps', 'security-headers'] }
)
