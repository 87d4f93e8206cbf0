import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Problem } from '../src/base/errors/problem.js'

const forever = 'public, max-age=31536000, immutable'

/** Stylesheets, script and icons of the pages. Only files that were read at the start are served. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { assets } = fastify.renderer

  fastify.get(
    '/assets/:name',
    {
      config: { auth: 'none', servesUnprepared: true },
      schema: {
        hide: true,
        params: Type.Object({ name: Type.String({ maxLength: 64 }) }),
        querystring: Type.Object({ v: Type.Optional(Type.String({ maxLength: 64 })) })
      }
    },
    async (request, reply) => {
      const asset = assets.get(request.params.name)
      if (asset === undefined) throw new Problem('not_found')
      const etag = `"${asset.version}"`
      // The version is a digest of the content, so a cached copy never becomes wrong.
      const current = request.query.v === asset.version
      reply
        .header('cache-control', current ? forever : 'public, no-cache')
        .header('etag', etag)
        .header('cross-origin-resource-policy', 'same-origin')
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.type(asset.type).send(asset.content)
    }
  )
}

export default routes
