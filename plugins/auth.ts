import type {
  FastifyError,
  FastifyRequest,
  onErrorAsyncHookHandler,
  onRequestAsyncHookHandler,
  preHandlerAsyncHookHandler,
  RouteOptions
} from 'fastify'
import fp from 'fastify-plugin'
import type { ProblemCode } from '../src/base/errors/catalogue.js'
import { Problem } from '../src/base/errors/problem.js'
import { authenticate, authenticateByCookie, type Principal } from '../src/sessions/authenticate.js'
import type { RefreshToken } from '../src/sessions/session.js'
import { adoptLegacyToken } from '../src/sign-in/adopt-legacy-token.js'
import type { FlowKind } from '../src/tokens/flow-cookie.js'
import { refreshCookie } from '../src/tokens/session-tokens.js'
import { isUnsafe } from './http/methods.js'
import { isForm, wantsPage } from './http/negotiate.js'

/**
 * What authenticates a request. A hook checks it before the handler runs. `none`: nothing; an
 * access token is ignored. `bearer`: an access token. `refresh`: a refresh token, by cookie or
 * body. `session`: an access token or a refresh token. `setup`: an access token or a setup
 * challenge, by body or cookie. `flow`: the cookie of `config.flow`. `seen`: an access token, or the
 * session cookie, which is read and not rotated. `page`: the session cookie, read likewise; a browser is
 * redirected to the sign-in page without one. `visitor`: the same, if there is one.
 */
export type AuthLevel =
  | 'none'
  | 'bearer'
  | 'refresh'
  | 'session'
  | 'setup'
  | 'flow'
  | 'seen'
  | 'page'
  | 'visitor'

declare module 'fastify' {
  interface FastifyContextConfig {
    auth?: AuthLevel
    /** The cookie that a `flow` route needs. */
    flow?: FlowKind
    /** Roles that may call a `bearer` route. The database decides, not the token (ADM-02). */
    roles?: readonly number[]
  }
  interface FastifyRequest {
    /** The signed-in person. @throws {Problem} `not_authenticated` without a valid access token. */
    readonly principal: Principal
    /** The access token's result on a route that reads one. Exactly one of the two fields is null. */
    bearer: { readonly principal: Principal | null; readonly problem: Problem | null } | null
    /** The valid refresh token: always set on a `refresh` route, sometimes on a `session` route. */
    refreshToken: RefreshToken | null
    /** Id of the row that the flow cookie names; empty on other routes. */
    flow: string
  }
}

/** Checks what each route declares as `config.auth`. A route without it stops the start. */
export default fp(
  async fastify => {
    const { deps, tokens } = fastify

    fastify.decorateRequest('bearer', null)
    fastify.decorateRequest('refreshToken', null)
    fastify.decorateRequest('flow', '')
    fastify.decorateRequest('principal', {
      getter(this: FastifyRequest) {
        const principal = this.bearer?.principal ?? null
        if (principal === null) throw new Problem('not_authenticated')
        return principal
      }
    })

    async function readBearer(request: FastifyRequest): Promise<Principal> {
      // Node keeps the first header, but a proxy may read the last: two headers are refused (JWT-12).
      if (countOf(request.raw.rawHeaders, 'authorization') > 1)
        throw new Problem('bad_authorization_header')
      const token = bearerToken(request.headers.authorization)
      let bearer = tokens.readAccess(token)
      if (bearer === null && (await deps.keys.catchUp(token))) bearer = tokens.readAccess(token)
      if (bearer === null || bearer === 'expired') throw new Problem('token_not_valid')
      return authenticate(deps, bearer)
    }

    async function readSessionCookie(request: FastifyRequest): Promise<Principal> {
      const text = request.readCookie(refreshCookie)
      if (text === null) throw new Problem('not_authenticated')
      const token = tokens.readRefresh(text, 'cookie')
      if (token === null) throw new Problem('token_not_valid')
      return authenticateByCookie(deps, token)
    }
    const readSeen = (request: FastifyRequest) =>
      /^Bearer( |$)/.test(request.headers.authorization ?? '')
        ? readBearer(request)
        : readSessionCookie(request)

    type Read = (request: FastifyRequest) => Promise<Principal>
    const required =
      (read: Read): onRequestAsyncHookHandler =>
      async request => {
        request.bearer = { principal: await read(request), problem: null }
      }
    const accepted =
      (read: Read): onRequestAsyncHookHandler =>
      async request => {
        try {
          request.bearer = { principal: await read(request), problem: null }
        } catch (error) {
          if (!(error instanceof Problem) || error.statusCode !== 401) throw error
          request.bearer = { principal: null, problem: error }
        }
      }
    const requireRole =
      (roles: readonly number[]): onRequestAsyncHookHandler =>
      async ({ principal }) => {
        if (!roles.includes(principal.user.role)) throw new Problem('permission_denied')
      }

    /** The refresh token of a request. One of an earlier installation becomes ours with its first use. */
    async function readRefresh(request: FastifyRequest) {
      const sent = request.readRefreshToken()
      if (sent === null || sent.token !== null) return sent
      const { text, transport } = sent
      return { ...sent, token: await adoptLegacyToken(deps, text, transport, request.sender) }
    }

    const requireRefreshToken: preHandlerAsyncHookHandler = async (request, reply) => {
      const sent = await readRefresh(request)
      if (sent === null) throw new Problem('refresh_missing')
      request.refreshToken = sent.token
      if (sent.token !== null) return
      if (sent.transport === 'cookie') reply.clearRefreshCookie()
      throw new Problem('token_not_valid')
    }
    const dropDeadRefreshToken: onErrorAsyncHookHandler = async (request, reply, error) => {
      if (isFinal(error) && request.readRefreshToken()?.transport === 'cookie')
        reply.clearRefreshCookie()
    }
    const requireSession: preHandlerAsyncHookHandler = async request => {
      const sent = await readRefresh(request).catch(error => {
        // Such a token proves nothing, and the bearer may.
        if (isFinal(error)) return request.readRefreshToken()
        throw error
      })
      request.refreshToken = sent?.token ?? null
      if (request.bearer?.principal || request.refreshToken !== null) return
      throw (sent === null && request.bearer?.problem) || new Problem('token_not_valid')
    }
    const requireSetup: preHandlerAsyncHookHandler = async request => {
      const { setup_challenge_id } = request.body as { setup_challenge_id?: string }
      if (setup_challenge_id !== undefined || request.bearer?.principal) return
      if (!request.readFlow('mfa'))
        throw request.bearer?.problem ?? new Problem('not_authenticated')
    }

    const { BASE_PATH, PUBLIC_URL } = deps.config
    /**
     * For `errorHandler`: a browser without a live session goes to the sign-in page, and comes back from there.
     * A wrong field is found before the session is read, and only its owner sees the form again.
     */
    const signInFirst =
      (next: RouteOptions['errorHandler']): NonNullable<RouteOptions['errorHandler']> =>
      async (found, request, reply) => {
        const isBefore = request.bearer === null && found.validation !== undefined
        const error = isBefore ? await refusalOf(request, found) : found
        const isSignedOut = error instanceof Problem && signedOut.includes(error.code)
        if (isSignedOut && wantsPage(request)) {
          const back = isUnsafe(request.method) ? `${BASE_PATH}/account/` : request.url
          const query = new URLSearchParams({ return_to: `${PUBLIC_URL}${back}` })
          return reply.redirect(`${BASE_PATH}/login/?${query}`, 303)
        }
        if (next === undefined) throw error
        return next.call(fastify, error, request, reply)
      }
    /** Reads the session cookie. The problem with it comes before the error that was found. */
    const refusalOf = async (request: FastifyRequest, found: FastifyError) => {
      try {
        request.bearer = { principal: await readSessionCookie(request), problem: null }
        return found
      } catch (error) {
        return error as FastifyError
      }
    }

    /**
     * A form is checked after its body is read: the same form sent again gets the answer of the first, which
     * may have ended the flow.
     */
    const requireFlow =
      (kind: FlowKind, ofForm: boolean): onRequestAsyncHookHandler =>
      async (request, reply) => {
        if (isForm(request) !== ofForm) return
        const rowId = request.readFlow(kind)
        if (rowId === null) reply.endFlow(kind)
        if (typeof rowId !== 'string') throw new Problem(flowProblems[kind][rowId === null ? 1 : 0])
        request.flow = rowId
      }
    const dropDeadFlow =
      (kind: FlowKind): onErrorAsyncHookHandler =>
      async (_request, reply, error) => {
        if (isFinal(error)) reply.endFlow(kind)
      }

    fastify.addHook('onRoute', route => {
      const { auth: level, flow, roles } = route.config ?? {}
      const of = `${route.method} ${route.url}`
      if (level === undefined) throw new Error(`${of} must declare config.auth.`)
      if ((level === 'flow') !== (flow !== undefined))
        throw new Error(`${of} must declare config.flow with auth 'flow', and with no other.`)
      const hooks = {
        none: {},
        bearer: { onRequest: required(readBearer) },
        session: { onRequest: accepted(readBearer), preHandler: requireSession },
        setup: { onRequest: accepted(readBearer), preHandler: requireSetup },
        seen: { onRequest: required(readSeen) },
        refresh: { preHandler: requireRefreshToken, onError: dropDeadRefreshToken },
        page: { preHandler: required(readSessionCookie) },
        visitor: { preHandler: accepted(readSessionCookie) },
        flow: flow && {
          onRequest: requireFlow(flow, false),
          preHandler: requireFlow(flow, true),
          onError: dropDeadFlow(flow)
        }
      }[level]
      for (const [name, hook] of Object.entries(hooks ?? {}))
        Object.assign(route, { [name]: [route[name as 'onRequest'] ?? [], hook].flat() })
      if (level === 'page') route.errorHandler = signInFirst(route.errorHandler)
      if (roles !== undefined) route.onRequest = [route.onRequest ?? [], requireRole(roles)].flat()
    })
  },
  {
    name: 'auth',
    fastify: '5.x',
    dependencies: ['deps', 'jwt', 'cookies', 'sender', 'sign-in', 'flow-cookies', 'rate-limit']
  }
)

/** The problem without a cookie, and the problem with a dead one. */
const flowProblems: Readonly<Record<FlowKind, readonly [ProblemCode, ProblemCode]>> = {
  password_reset: ['not_authenticated', 'capability_invalid'],
  set_password: ['not_authenticated', 'capability_invalid'],
  email_verification: ['link_invalid', 'link_invalid'],
  email_change: ['link_invalid', 'link_invalid'],
  email_change_undo: ['link_invalid', 'link_invalid'],
  account_deletion_undo: ['link_invalid', 'link_invalid'],
  mfa: ['challenge_invalid', 'challenge_invalid'],
  recovery_codes: ['link_invalid', 'link_invalid']
}

const signedOut: readonly ProblemCode[] = [
  'not_authenticated',
  'token_not_valid',
  'no_active_account'
]

const isFinal = (error: Error) => error instanceof Problem && error.details.final === true

const countOf = (rawHeaders: readonly string[], name: string) =>
  rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length

/** Reads RFC 6750 §2.1 strictly: `Bearer`, one space, one token. Another scheme counts as no token. */
function bearerToken(header: string | undefined): string {
  if (header === undefined || !/^Bearer( |$)/.test(header)) throw new Problem('not_authenticated')
  const token = /^Bearer ([^\s]+)$/.exec(header)?.[1]
  if (token === undefined) throw new Problem('bad_authorization_header')
  return token
}
