import net from 'node:net'
import type { TestApp } from './app.js'

const patienceMs = 30_000

/** The port of a service that now listens on loopback. */
export async function listen({ app }: TestApp): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as net.AddressInfo).port
}

export type Exchange = {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
  /** The other side ended the connection; false: it was still open after half a minute. */
  readonly closed: boolean
}

/** Sends bytes as they are, which no client would, and reads until the service hangs up. */
export function exchange(port: number, ...pieces: (string | Buffer)[]): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    let closed = true
    const timer = setTimeout(() => {
      closed = false
      socket.destroy()
    }, patienceMs)
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('error', error => {
      // A service that hangs up on what it will not read may do so while we still write.
      if (!/ECONNRESET|EPIPE/.test(String((error as NodeJS.ErrnoException).code))) reject(error)
    })
    socket.on('close', () => {
      clearTimeout(timer)
      resolve({ ...parse(Buffer.concat(chunks).toString('latin1')), closed })
    })
    for (const piece of pieces) socket.write(piece)
  })
}

function parse(text: string): Omit<Exchange, 'closed'> {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = lines.map(line => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers: Object.fromEntries(headers),
    body: rest.join('\r\n\r\n')
  }
}

/** A request as text; `Connection: close` unless the headers say otherwise. */
export function requestText(
  line: string,
  headers: readonly string[] = [],
  body: string | Buffer = ''
): Buffer {
  const length = body.length > 0 ? [`Content-Length: ${Buffer.byteLength(body)}`] : []
  const head = [`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...length, ...headers]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)])
}
