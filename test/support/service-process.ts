import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { isAbsolute } from 'node:path'
import type { TestContext } from 'node:test'
import { quick, secretKey } from './app.js'
import { atEnd } from './at-end.js'
import { entry } from './entry.js'
import type { Answer, Request, Service } from './people.js'
import { until } from './until.js'

/** The service as a process of its own, as an operator runs it. */
export type ServiceProcess = Service & {
  readonly origin: string
  readonly child: ChildProcess
  /** All that it wrote. */
  output(): string
  /** Sends a signal and waits until the process is gone; its exit code, null where it was killed. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

const defaults = { ...quick, PORT: '0', LOG_LEVEL: 'info' }

/** Starts the service, or another program with arguments, and waits until it says where it listens. */
export async function startProcess(
  t: TestContext,
  settings: Readonly<Record<string, string>>,
  [program, ...args]: readonly [string, ...string[]] = ['src/server.js']
): Promise<ServiceProcess> {
  const { PATH = '', HOME = '' } = process.env
  const secret = settings.DATABASE_URL === undefined ? {} : { SECRET_KEY: secretKey }
  const child = spawn(process.execPath, [isAbsolute(program) ? program : entry(program), ...args], {
    cwd: tmpdir(),
    env: { PATH, HOME, ...defaults, ...secret, ...settings },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const isRunning = () => child.exitCode === null && child.signalCode === null
  atEnd(t, async () => {
    if (isRunning()) child.kill('SIGKILL')
    await exited
  })
  let written = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => {
      written += text
    })
  const listening = /listens on (http:\/\/[^\s"]+)/
  await until('the service listens', () => {
    if (!isRunning()) throw new Error(`the service stopped:\n${written}`)
    return listening.test(written)
  }).catch(error => {
    throw new Error(`${error.message}; it wrote:\n${written}`)
  })
  const origin = listening.exec(written)?.[1] ?? ''
  return {
    origin,
    child,
    output: () => written,
    inject: request => send(origin, request),
    async end(signal) {
      if (isRunning()) child.kill(signal)
      return (await exited)[0]
    }
  }
}

/** The connection ended before there was an answer; what became of the request is not known. */
export class NoAnswer extends Error {}

/**
 * A request over a socket that answers as an injected one does.
 *
 * @throws {NoAnswer}
 */
export async function send(origin: string, request: Request): Promise<Answer> {
  const { method, url, payload, headers = {}, cookies = {} } = request
  const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`)
  const noAnswer = (cause: unknown) => {
    throw new NoAnswer(`no answer to ${method} ${url}`, { cause })
  }
  const response = await fetch(`${origin}${url}`, {
    method,
    redirect: 'manual',
    headers: {
      ...headers,
      ...(cookie.length === 0 ? {} : { cookie: cookie.join('; ') }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' })
    },
    ...(payload === undefined ? {} : { body: JSON.stringify(payload) })
  }).catch(noAnswer)
  const body = await response.text().catch(noAnswer)
  return {
    statusCode: response.status,
    headers: {
      ...Object.fromEntries(response.headers),
      'set-cookie': response.headers.getSetCookie()
    },
    body,
    json: () => JSON.parse(body)
  }
}
