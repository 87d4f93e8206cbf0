import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyHttpOptions, type FastifyReply, LogController } from 'fastify'
import type { Config } from './base/config/load.js'
import { newId } from './base/crypto/random.js'

const requestIdPattern = /^[\w.-]{1,64}$/

/**
 * Bounds on everything a client sends and on how long it may take (HTP-01, HTP-02), and a
 * log that never sees a header, body or URL.
 */
export function serverOptions(config: Config) {
  return {
    // Migrations, and waiting for the instance that runs them, take as long as they take.
    pluginTimeout: 0,
    bodyLimit: 16 * 1024,
    requestTimeout: 15_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 30_000,
    handlerTimeout: 30_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2000 },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    trustProxy: config.TRUST_PROXY.length > 0 ? [...config.TRUST_PROXY] : false,
    genReqId: requestId,
    clientErrorHandler: answerClientError,
    frameworkErrors: answerUnroutable,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    logController: new LogController({ disableRequestLogging: true }),
    logger: {
      level: config.LOG_LEVEL.toLowerCase(),
      serializers: { req: () => ({}), res: () => ({}), err: describeError }
    }
  } satisfies FastifyHttpOptions<Server>
}

/** A client's own request id only where it cannot forge a log line (HTP-20). */
function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && requestIdPattern.test(given) ? given : newId()
}

/** Name, code and stack: other properties of driver errors quote the values of a statement (LOG-02). */
function describeError(error: Error & { code?: string }): {
  type: string
  message: string
  stack: string
} {
  const message = error.code === undefined ? error.message : `${error.code}: ${error.message}`
  return { type: error.name, message, stack: error.stack ?? '' }
}

/**
 * Answers a path that no router can read, `/%zz` for instance: it names nothing, and is not repeated
 * (HTP-10). No hook has run or will run for it.
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

/** Answers what never became a request: broken or endless headers, two lengths, no time left (HTP-19). */
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
