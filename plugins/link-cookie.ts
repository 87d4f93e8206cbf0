import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { LinkPurpose } from '../src/links/link-url.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The token of the last link of this kind that the browser opened; the link itself decides. */
    keptLink(purpose: LinkPurpose): string | null
  }
  interface FastifyReply {
    keepLink(purpose: LinkPurpose, token: string): FastifyReply
  }
}

/** Long enough to read a page; whoever comes later opens the mail again. */
const maxAge = 3600
const nameOf = (purpose: LinkPurpose) => `${purpose}_token`

/**
 * The cookie that carries a link's token from the mail to the page with its button, so that no page
 * has it in its address (LNK-12). It holds the token's own 256 random bits: there is nothing to sign.
 */
export default fp(
  async fastify => {
    fastify.decorateRequest('keptLink', function (this: FastifyRequest, purpose: LinkPurpose) {
      return this.readCookie(nameOf(purpose))
    })
    fastify.decorateReply('keepLink', function (this: FastifyReply, purpose, token) {
      return this.putCookie(nameOf(purpose), token, { maxAge })
    })
  },
  { name: 'link-cookie', fastify: '5.x', dependencies: ['cookies'] }
)
