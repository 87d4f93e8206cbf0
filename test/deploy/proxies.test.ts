// The proxies of docs/deploy, each before a service, where its program is installed: one origin for an
// app and, below /auth, for the service.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { packageRoot } from '../../src/base/package-root.js'
import { startApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { freePort } from '../support/free-port.js'
import {
  type Answer,
  newClient,
  newPerson,
  type Request,
  refreshCookie,
  type Service
} from '../support/people.js'
import { until } from '../support/until.js'

const host = 'app.example.com'
const read = (name: string) => readFile(join(packageRoot, 'docs/deploy', name), 'utf8')

const find = (program: string) =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
    .map(folder => join(folder, program))
    .find(existsSync)

/** Replaces what a deployer replaces, and fails if it is not there. */
function replace(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((done, [from, to]) => {
    assert.ok(done.includes(from), `the file has ${from}`)
    return done.replaceAll(from, to)
  }, text)
}

type Place = { readonly dir: string; readonly port: number; readonly service: string }
type Proxy = {
  readonly program: string
  /** Writes its files and returns its arguments. */
  prepare(at: Place): Promise<string[]>
}

const proxies: Proxy[] = [
  {
    program: 'nginx',
    async prepare({ dir, port, service }) {
      const included = join(dir, 'proxy.conf')
      await writeFile(included, await read('nginx-proxy.conf'))
      const site = replace(await read('nginx.conf'), [
        ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
        ['127.0.0.1:3000', service],
        [`/etc/ssl/${host}.pem`, join(dir, 'site.crt')],
        [`/etc/ssl/${host}.key`, join(dir, 'site.key')],
        ['/etc/nginx/postern-proxy.conf', included]
      ])
      const file = join(dir, 'nginx.conf')
      await writeFile(
        file,
        `daemon off; pid ${dir}/pid; error_log stderr; events {} http { access_log off;\n${site}\n}`
      )
      return ['-c', file, '-p', dir]
    }
  },
  {
    program: 'haproxy',
    async prepare({ dir, port, service }) {
      const file = join(dir, 'haproxy.cfg')
      const text = replace(await read('haproxy.cfg'), [
        ['bind :443', `bind 127.0.0.1:${port}`],
        ['127.0.0.1:3000', service],
        [`/etc/haproxy/${host}.pem`, join(dir, 'site.pem')]
      ])
      await writeFile(file, text)
      return ['-db', '-f', file]
    }
  },
  {
    program: 'caddy',
    async prepare({ dir, port, service }) {
      const file = join(dir, 'Caddyfile')
      const text = replace(await read('Caddyfile'), [
        [
          `${host} {`,
          `https://${host}:${port} {\n\ttls ${join(dir, 'site.crt')} ${join(dir, 'site.key')}`
        ],
        ['127.0.0.1:3000', service]
      ])
      await writeFile(file, `{\n\tadmin off\n\tauto_https off\n}\n${text}`)
      return ['run', '--adapter', 'caddyfile', '--config', file]
    }
  }
]

async function certificate(dir: string) {
  const [crt, key] = [join(dir, 'site.crt'), join(dir, 'site.key')]
  const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const subject = ['-subj', `/CN=${host}`]
  execFileSync('openssl', ['req', '-x509', ...how, ...subject, '-keyout', key, '-out', crt], {
    stdio: 'ignore'
  })
  await writeFile(
    join(dir, 'site.pem'),
    (await readFile(crt, 'utf8')) + (await readFile(key, 'utf8'))
  )
}

/** A client on another address of this machine than the proxy, so that their addresses can be told apart. */
const throughProxy = (port: number): Service => ({
  inject: ({ method, url, payload, headers = {}, cookies = {} }: Request) =>
    new Promise<Answer>((resolve, reject) => {
      const cookie = Object.entries(cookies).map(pair => pair.join('='))
      const sent = request({
        host: '127.0.0.1',
        localAddress: '127.0.0.2',
        port,
        method,
        path: url,
        servername: host,
        rejectUnauthorized: false,
        headers: {
          host,
          ...headers,
          ...(cookie.length > 0 && { cookie: cookie.join('; ') }),
          ...(payload !== undefined && { 'content-type': 'application/json' })
        }
      })
      sent.on('error', reject)
      sent.on('response', response => {
        let body = ''
        response.setEncoding('utf8').on('data', text => {
          body += text
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            statusCode: response.statusCode ?? 0,
            headers: response.headers as Answer['headers'],
            body,
            json: () => JSON.parse(body)
          })
        )
      })
      sent.end(payload === undefined ? undefined : JSON.stringify(payload))
    })
})

async function start(t: TestContext, program: string, args: string[], dir: string) {
  const child: ChildProcess = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: dir },
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const exited = once(child, 'exit')
  let told = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    told += text
  })
  atEnd(t, async () => {
    child.kill()
    await exited
  })
  return () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${told}`)
  }
}

for (const { program, prepare } of proxies) {
  const path = find(program)
  const skip = path === undefined ? `${program} is not installed` : process.platform !== 'linux'
  test(`OPS-22 ${program} as in docs/deploy, before a service below /auth`, { skip }, async t => {
    const { app } = await startApp(t, {
      BASE_PATH: '/auth',
      PUBLIC_URL: `https://${host}`,
      TRUST_PROXY: '127.0.0.1'
    })
    const service = (await app.listen({ host: '127.0.0.1', port: 0 })).replace('http://', '')
    const dir = await mkdtemp(join(tmpdir(), 'postern-proxy-'))
    await chmod(dir, 0o755)
    atEnd(t, () => rm(dir, { recursive: true, force: true }))
    await certificate(dir)
    const port = await freePort()
    const check = await start(t, path as string, await prepare({ dir, port, service }), dir)
    const site = throughProxy(port)
    const get = (url: string) => site.inject({ method: 'GET', url })
    await until('the proxy reaches the service', async () => {
      check()
      return get('/.well-known/jwks.json').then(
        ({ statusCode }) => statusCode === 200,
        () => false
      )
    })

    const forged = { 'x-forwarded-for': '203.0.113.9' }
    const client = newClient(site, { headers: { ...forged, origin: `https://${host}` } })
    const { email, password } = newPerson()
    const body = { email, password1: password, password2: password }
    const joined = await client.send('POST', '/auth/registration/', body)
    assert.equal(joined.statusCode, 201, joined.body)
    assert.ok(client.cookies.has(refreshCookie))
    assert.equal((await client.send('POST', '/auth/refresh/', {})).statusCode, 200)
    const { results } = (await client.send('GET', '/auth/sessions/')).json()
    assert.equal(results[0].ip, '127.0.0.2', 'the client, not the proxy and not what it claims')
    assert.equal((await get('/.well-known/change-password')).statusCode, 302)
    assert.doesNotMatch((await get('/health/ready')).body, /"status"/, 'the rest is the app’s')
  })
}
