import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { atEnd } from './at-end.js'
import { until } from './until.js'

export const webhookSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3b7nqkXvYsE='

/** A message as it came in. */
export type Delivery = {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** What it was answered with. */
  readonly status: number
  readonly at: number
}

/** How a message is answered: a status, or none at all. */
type Answer = number | 'hang'

/** A receiver of webhooks that checks every signature by the library of the standard. */
export async function openEndpoint(t: TestContext) {
  const deliveries: Delivery[] = []
  let answerTo: (delivery: Omit<Delivery, 'status'>) => Answer = () => 204
  let more: Readonly<Record<string, string>> = {}
  let open = 0
  let mostOpen = 0

  const server = createServer(async (request, response) => {
    mostOpen = Math.max(mostOpen, ++open)
    response.on('close', () => open--)
    const body = await bodyOf(request)
    const headers = request.headers as Record<string, string>
    const { type, timestamp, data } = JSON.parse(body)
    const id = headers['webhook-id'] ?? ''
    const delivery = { id, type, timestamp, data, body, headers, at: Date.now() }
    const answer = answerTo(delivery)
    deliveries.push({ ...delivery, status: answer === 'hang' ? 0 : answer })
    if (answer !== 'hang') response.writeHead(answer, more).end('an answer that nobody reads')
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${port}/hooks/open-sesame`
  return {
    url,
    settings: { EVENTS_WEBHOOK_URL: url, EVENTS_WEBHOOK_SECRET: webhookSecret },
    deliveries,
    /** Messages that were taken, of one type or of all. */
    taken: (type?: string) =>
      deliveries.filter(
        one => one.status < 300 && one.status > 0 && (type ?? one.type) === one.type
      ),
    answer(next: typeof answerTo, headers: Readonly<Record<string, string>> = {}) {
      answerTo = next
      more = headers
    },
    /** The most requests that were open at one time. */
    mostOpen: () => mostOpen,
    until: (what: string, holds: () => boolean) => until(what, holds)
  }
}

export type Endpoint = Awaited<ReturnType<typeof openEndpoint>>

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}

/** Asserts that one of the signatures is made with this secret. */
export function assertSigned({ id, headers, body }: Delivery, secret = webhookSecret): void {
  const sentAt = new Date(Number(headers['webhook-timestamp']) * 1000)
  const expected = new Webhook(secret).sign(id, sentAt, body)
  assert.ok(headers['webhook-signature']?.split(' ').includes(expected))
}
