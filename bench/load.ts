import { connect, type Socket } from 'node:net'

/** One request of one client, as bytes on the wire. */
export type NextRequest = (client: number) => string

export type Load = {
  /** Loopback unless given. */
  readonly host?: string
  readonly port: number
  readonly clients: number
  /** How long, or how many requests in all. */
  readonly seconds?: number
  readonly count?: number
  readonly request: NextRequest
  /** Sees each answer before the client's next request is made. */
  readonly onAnswer?: (client: number, body: string) => void
}

export type Measured = {
  readonly requests: number
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

/**
 * Sends requests over kept connections, one at a time on each. A lean client of our own, because a
 * refresh needs the token of the answer before, and because load and service share the cores.
 *
 * @throws on any answer that is not 2xx: a service that refuses is fast, and a measurement of that
 *   is worth nothing.
 */
export async function drive({
  host = '127.0.0.1',
  port,
  clients,
  seconds,
  count,
  request,
  onAnswer
}: Load): Promise<Measured> {
  const latencies: number[] = []
  const began = performance.now()
  const ends = began + (seconds ?? Number.POSITIVE_INFINITY) * 1000
  let left = count ?? Number.POSITIVE_INFINITY
  const mayGoOn = () => performance.now() < ends && left-- > 0

  async function runClient(client: number) {
    const connection = await open(host, port)
    try {
      while (mayGoOn()) {
        const sent = performance.now()
        const text = request(client)
        const { status, body } = await connection.exchange(text)
        latencies.push(performance.now() - sent)
        if (status < 200 || status > 299) {
          throw new Error(`${text.split(' HTTP')[0]} answered ${status}: ${body.slice(0, 200)}`)
        }
        onAnswer?.(client, body)
      }
    } finally {
      connection.close()
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, client) => runClient(client)))
  const elapsed = (performance.now() - began) / 1000
  latencies.sort((a, b) => a - b)
  const at = (part: number) => latencies[Math.floor((latencies.length - 1) * part)] ?? 0
  return {
    requests: latencies.length,
    perSecond: latencies.length / elapsed,
    p50: at(0.5),
    p99: at(0.99)
  }
}

type Answer = { readonly status: number; readonly body: string }

async function open(host: string, port: number) {
  const socket: Socket = connect({ port, host, noDelay: true })
  let received = ''
  let settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    received += chunk
    const answer = wholeAnswer(received)
    if (answer === null) return
    received = ''
    settle?.resolve(answer)
  })
  const fail = (error: Error) => settle?.reject(error)
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return {
    exchange: (text: string) =>
      new Promise<Answer>((resolve, reject) => {
        settle = { resolve, reject }
        socket.write(text)
      }),
    close: () => socket.destroy()
  }
}

function wholeAnswer(received: string): Answer | null {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return null
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, end + 2))?.[1] ?? 0)
  const body = received.slice(end + 4)
  return body.length < length ? null : { status: Number(received.slice(9, 12)), body }
}

/** The bytes of a request. */
export function wire(
  method: string,
  path: string,
  {
    bearer,
    body,
    headers = {}
  }: { bearer?: string; body?: object; headers?: Record<string, string> } = {}
): string {
  const json = body === undefined ? '' : JSON.stringify(body)
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    'user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    ...(bearer === undefined ? [] : [`authorization: Bearer ${bearer}`]),
    ...(json === '' ? [] : ['content-type: application/json', `content-length: ${json.length}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  ]
  return `${lines.join('\r\n')}\r\n\r\n${json}`
}
