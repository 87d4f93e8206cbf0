import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../src/base/errors/problem.js'
import { authenticate, type Principal } from '../src/sessions/authenticate.js'

/**
 * What authenticates a request:
 * `none` nothing, and whatever bearer is sent is ignored; `bearer` an access token;
 * `refresh` a refresh token by cookie or body; `session` either of the two; `setup` an access token or
 * a setup challenge in the body; `capability` a cookie that a mailed link or a sign-in left.
 */
export type AuthLevel = 'none' | 'bearer' | 'refresh' | 'session' | 'setup' | 'capability'

declare module 'fastify' {
  interface FastifyContextConfig {
    auth?: AuthLevel
    /** Numbers of the roles that may call a `bearer` route, as the database has them now (ADM-02). */
    roles?: readonly number[]
  }
  interface FastifyRequest {
    /** Who is asking. @throws {Problem} `not_authenticated` on a route that did not demand it. */
    readonly principal: Principal
    /** The same where a bearer is welcome but not demanded. */
    bearer: Principal | null
    /** Why there is none, where one is welcome. */
    bearerProblem: Problem | null
  }
}

/** Each route declares `config.auth`; one that forgets fails the boot, so nothing is open by omission. */
export default fp(
  async fastify => {
    const { deps, tokens } = fastify

    fastify.decorateRequest('bearer', null)
    fastify.decorateRequest('bearerProblem', null)
    fastify.decorateRequest('principal', {
      getter(this: FastifyRequest) {
        if (this.bearer === null) throw new Problem('not_authenticated')
        return this.bearer
      }
    })

    async function readBearer(request: FastifyRequest): Promise<Principal> {
      // Node keeps the first of several; which of them is meant, nobody can say (JWT-12).
      if (countOf(request.raw.rawHeaders, 'authorization') > 1)
        throw new Problem('bad_authorization_header')
      const token = bearerToken(request.headers.authorization)
      let bearer = tokens.readAccess(token)
      if (bearer === null && (await deps.keys.catchUp(token))) bearer = tokens.readAccess(token)
      if (bearer === null || bearer === 'expired') throw new Problem('token_not_valid')
      return authenticate(deps, bearer)
    }

    const demandBearer: onRequestAsyncHookHandler = async request => {
      request.bearer = await readBearer(request)
    }
    const welcomeBearer: onRequestAsyncHookHandler = async request => {
      try {
        request.bearer = await readBearer(request)
      } catch (error) {
        if (!(error instanceof Problem) || error.statusCode !== 401) throw error
        request.bearerProblem = error
      }
    }

    /** For authors of routes: only these roles get in. */
    const demandRole =
      (roles: readonly number[]): onRequestAsyncHookHandler =>
      async ({ principal }) => {
        if (!roles.includes(principal.user.role)) throw new Problem('permission_denied')
      }

    fastify.addHook('onRoute', route => {
      const level = route.config?.auth
      if (level === undefined)
        throw new Error(`${route.method} ${route.url} must declare config.auth.`)
      const hook = {
        bearer: demandBearer,
        session: welcomeBearer,
        setup: welcomeBearer,
        none: null,
        refresh: null,
        capability: null
      }[level]
      if (hook !== null) route.onRequest = [route.onRequest ?? [], hook].flat()
      const roles = route.config?.roles
      if (roles !== undefined) route.onRequest = [route.onRequest ?? [], demandRole(roles)].flat()
    })
  },
  { name: 'auth', fastify: '5.x', dependencies: ['deps', 'jwt', 'rate-limit'] }
)

const countOf = (rawHeaders: readonly string[], name: string) =>
  rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length

/** RFC 6750 §2.1, as strict as the reference: `Bearer`, one space, one token. Other schemes are none. */
function bearerToken(header: string | undefined): string {
  if (header === undefined || !/^Bearer( |$)/.test(header)) throw new Problem('not_authenticated')
  const token = /^Bearer ([^\s]+)$/.exec(header)?.[1]
  if (token === undefined) throw new Problem('bad_authorization_header')
  return token
}
