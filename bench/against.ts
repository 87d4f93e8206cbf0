import { cpuOf } from './cpu.js'
import { drive, type Load, wire } from './load.js'
import { figure, median, type Result } from './report.js'
import type { Effort } from './scenarios.js'

type Tokens = { readonly access: string; readonly refresh: string }
type Target = {
  readonly url: string
  readonly email: string
  readonly password: string
  /** Its processes on this machine, whose CPU is counted. */
  readonly pids: readonly number[]
}

/**
 * Drives any service that has the paths `login/`, `user/` and `refresh/` under a URL and takes the refresh token
 * in the body. One account signs in for each client. The service must not limit requests, nor take a refresh token
 * twice.
 */
export async function against(target: Target, effort: Effort): Promise<Result[]> {
  const { hostname, port, pathname, protocol } = new URL(target.url)
  if (protocol !== 'http:') throw new Error('The bench speaks plain HTTP only.')
  const base = pathname.replace(/\/$/, '')
  const load = (clients: number, request: Load['request'], onAnswer?: Load['onAnswer']): Load => ({
    host: hostname,
    port: Number(port || 80),
    clients,
    request,
    ...(onAnswer && { onAnswer })
  })
  const { email, password } = target
  const headers = { 'x-refresh-transport': 'body' }
  const login = wire('POST', `${base}/login/`, { body: { email, password }, headers })
  const tokens: Tokens[] = []
  await drive({
    ...load(
      4,
      () => login,
      (_, body) => tokens.push(JSON.parse(body))
    ),
    count: 64
  })
  const of = (client: number) => tokens[client] as Tokens
  const user = (client: number) => wire('GET', `${base}/user/`, { bearer: of(client).access })
  const refresh = (client: number) =>
    wire('POST', `${base}/refresh/`, { body: { refresh: of(client).refresh } })
  const keep = (client: number, body: string) => {
    tokens[client] = { ...of(client), ...JSON.parse(body) }
  }
  const loads: [name: string, Load][] = [
    ['GET /user/, 16 clients', load(16, user)],
    ['GET /user/, 64 clients', load(64, user)],
    ['POST /refresh/, 16 clients', load(16, refresh, keep)],
    ['POST /refresh/, 64 clients', load(64, refresh, keep)],
    ['POST /login/, 16 clients', load(16, () => login)]
  ]
  const results: Result[] = []
  for (const [name, each] of loads)
    results.push(...(await measure(name, each, target.pids, effort)))
  return results
}

async function measure(
  name: string,
  load: Load,
  pids: readonly number[],
  { rounds, seconds }: Effort
): Promise<Result[]> {
  const used = () => pids.map(cpuOf).reduce((sum, each) => sum + each, 0)
  const all = []
  for (let round = 0; round <= rounds; round++) {
    const before = used()
    const measured = await drive({ ...load, seconds })
    // The first one warms it up.
    if (round > 0) all.push({ ...measured, cpu: (used() - before) / measured.requests })
  }
  return [
    figure(`${name}: rate`, 'per s', median(all.map(it => it.perSecond))),
    figure(`${name}: p50`, 'ms', median(all.map(it => it.p50))),
    figure(`${name}: p99`, 'ms', median(all.map(it => it.p99))),
    ...(pids.length > 0
      ? [figure(`${name}: process`, 'CPU ms', median(all.map(it => it.cpu)))]
      : [])
  ]
}
