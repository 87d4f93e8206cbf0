import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyHttpOptions, type FastifyReply, LogController } from 'fastify'
import type { Config } from './base/config/load.js'
import { newId } from './base/crypto/random.js'
import type { Tracing } from './base/tracing.js'

const requestIdPattern = /^[\w.-]{1,64}$/

/** Limits on the size and duration of requests (HTP-01, HTP-02), and a log without headers, bodies and URLs. */
export function serverOptions(config: Config, tracing: Tracing | null = null) {
  return {
    // No limit: migrations, and waiting for another instance that runs them, may take long.
    pluginTimeout: 0,
    bodyLimit: 16 * 1024,
    requestTimeout: 15_000,
    connectionTimeout: 60_000,
    // Longer than the proxies keep an idle connection (nginx 60 s, Traefik 90 s, Caddy 120 s): whoever
    // closes first must be the one who sends, or a request meets a closed connection and is a 502.
    keepAliveTimeout: 125_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2000 },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: requestId,
    clientErrorHandler: answerClientError,
    frameworkErrors: answerUnroutable,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    logController: new LogController({ disableRequestLogging: true }),
    logger: {
      level: config.LOG_LEVEL.toLowerCase(),
      serializers: { req: () => ({}), res: () => ({}), err: describeError },
      ...(tracing === null ? {} : { mixin: tracing.ids })
    }
  } satisfies FastifyHttpOptions<Server>
}

/** The request id of the client if it cannot forge a log line, else a new one (HTP-20). */
function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && requestIdPattern.test(given) ? given : newId()
}

/** Only name, code and stack: other properties of driver errors contain values of the statement (LOG-02). */
function describeError(error: Error & { code?: string }) {
  const message = error.code === undefined ? error.message : `${error.code}: ${error.message}`
  return { type: error.name, message, stack: error.stack ?? '' }
}

/**
 * Answers a path that the router cannot decode, such as `/%zz`, without repeating it (HTP-10). No hook
 * runs for such a request.
 */
function answerUnroutable(
  _error: Error,
  _request: unknown,
  { raw }: { raw: FastifyReply['raw'] }
): void {
  raw.writeHead(404, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff'
  })
  raw.end(JSON.stringify({ detail: 'Not found.', code: 'not_found' }))
}

const clientErrors: Record<string, [status: string, code: string, detail: string]> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'header_too_large',
    'The request headers are too large.'
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    'request_timeout',
    'The request took too long to arrive.'
  ]
}

/** Answers input that is no valid request: broken or too long headers, two lengths, a timeout (HTP-19). */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const fallback = [
    '400 Bad Request',
    'malformed_request',
    'The request could not be read.'
  ] as const
  const [status, code, detail] = clientErrors[error.code ?? ''] ?? fallback
  const body = JSON.stringify({ detail, code })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}
