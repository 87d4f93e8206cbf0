import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { refusal, verifyBearer } from './bearer.js'
import { type Claims, type Guard, TokenError, type Verifier } from './claims.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The claims of the access token. Null on a route with `config: { postern: false }`. */
    auth: Claims | null
  }
  interface FastifyContextConfig {
    /** `false`: the route is open to everybody. Guards: what it demands beyond a good token. */
    postern?: false | readonly Guard[]
  }
}

/** What the plugin is registered with. */
export type FastifyPosternOptions = {
  readonly verifier: Verifier
  /** What every route demands beyond a good token. */
  readonly guards?: readonly Guard[]
}

const postern: FastifyPluginAsync<FastifyPosternOptions> = async (
  fastify,
  { verifier, guards = [] }
) => {
  if (!fastify.hasRequestDecorator('auth')) fastify.decorateRequest('auth', null)
  fastify.addHook('onRequest', async (request, reply) => {
    const demanded = request.routeOptions.config.postern ?? []
    if (demanded === false) return
    try {
      const all = [...guards, ...demanded]
      request.auth = await verifyBearer(verifier, request.headers.authorization, all)
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      const { status, headers, body } = refusal(error)
      return reply.code(status).headers(headers).send(body)
    }
  })
}

/** Refuses requests without a good token on all routes that are added after it, in its scope. */
export const fastifyPostern = fp(postern, { name: 'postern', fastify: '5.x' })
