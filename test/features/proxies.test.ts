import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { packageRoot } from '../../src/base/package-root.js'
import { startApp, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { bearer } from '../support/expect.js'
import { freePort } from '../support/free-port.js'
import { newMember } from '../support/people.js'
import { listen } from '../support/raw.js'
import { until } from '../support/until.js'

const has = (program: string, option: string): boolean => {
  try {
    execFileSync(program, [option], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const without = (program: string) => `${program} is not installed`

/** The service, a site that tells the headers it got, and what the documentation shows for a proxy. */
async function prepare(t: TestContext, language: string) {
  const port = await freePort()
  const service = await startApp(t, {
    BASE_PATH: '/id',
    TRUST_PROXY: '127.0.0.1',
    RETURN_URLS: `http://127.0.0.1:${port}/`
  })
  const postern = await listen(service)
  const site = createServer(({ url, headers }, response) => {
    const { 'x-auth-user-id': user, 'x-auth-email': email, 'x-auth-role': role } = headers
    response.end(JSON.stringify({ url, user, email, role }))
  })
  await once(site.listen(0, '127.0.0.1'), 'listening')
  atEnd(t, () => new Promise(done => site.close(done)))

  const folder = await mkdtemp(join(tmpdir(), `postern-${language}-`))
  atEnd(t, () => rm(folder, { recursive: true }))
  const page = await readFile(join(packageRoot, 'docs', 'clients', 'proxies.md'), 'utf8')
  const [, shown = ''] = page.split(`\`\`\`${language}\n`)
  const configuration = (shown.split('```')[0] ?? '')
    .replaceAll(/127\.0\.0\.1:3000|postern:3000/g, `127.0.0.1:${postern}`)
    .replaceAll(/127\.0\.0\.1:8000|site:8000/g, `127.0.0.1:${(site.address() as AddressInfo).port}`)
  return { service, port, folder, configuration }
}

async function serve(t: TestContext, port: number, program: string, args: readonly string[]) {
  const { PATH = '' } = process.env
  // Caddy keeps what it knows in the home directory.
  const env = { PATH, HOME: tmpdir() }
  const proxy = spawn(program, args, { stdio: 'ignore', env })
  atEnd(t, async () => {
    proxy.kill()
    if (proxy.exitCode === null) await once(proxy, 'exit')
  })
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: 'manual' })
  await until('the proxy serves', async () => {
    const answer = await get('/id/login/').catch(() => null)
    return answer?.status === 200
  })
  return get
}

const forged = { 'x-auth-user-id': 'root', 'x-auth-email': 'root@example.com' }

/** A signed-in person reaches the site, under their own name alone, until they sign out. */
async function assertProtected(
  service: TestApp,
  port: number,
  get: (path: string, headers?: Record<string, string>) => Promise<Response>
) {
  const { person, client } = await newMember({
    inject: request => service.inject({ ...request, url: `/id${request.url}` })
  })
  const cookie = { cookie: `refresh_token=${client.refreshToken}` }
  assert.equal((await get('/api/things', forged)).status, 401)
  assert.equal((await get('/api/things', bearer('a.b.c'))).status, 401)
  for (const proof of [cookie, bearer(client.access ?? '')]) {
    for (const path of ['/', '/api/things']) {
      const answer = await get(path, { ...forged, ...proof })
      assert.equal(answer.status, 200)
      const { user, ...seen } = (await answer.json()) as Record<string, string>
      assert.match(user ?? '', /^[0-9a-f-]{36}$/)
      assert.deepEqual(seen, { url: path, email: person.email, role: 'user' })
    }
  }
  const out = await fetch(`http://127.0.0.1:${port}/id/logout/`, {
    method: 'POST',
    headers: cookie
  })
  assert.equal(out.status, 200)
  assert.equal((await get('/api/things', cookie)).status, 401)
}

test('KIT-11 nginx protects a page and an API as the documentation has it', {
  skip: has('nginx', '-v') ? false : without('nginx')
}, async t => {
  const { service, port, folder, configuration } = await prepare(t, 'nginx')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${folder}/${name};`
  )
  const file = join(folder, 'nginx.conf')
  const site = configuration.replace('listen 8080', `listen 127.0.0.1:${port}`)
  await writeFile(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
     events {} http { access_log off; ${temporary.join(' ')} ${site} }`
  )
  const get = await serve(t, port, 'nginx', ['-p', folder, '-c', file])
  const page401 = await get('/', forged)
  assert.deepEqual(
    [page401.status, page401.headers.get('location')?.endsWith('/sign-in')],
    [302, true]
  )
  await assertProtected(service, port, get)
})

test('KIT-11 Caddy protects a page and an API as the documentation has it', {
  skip: has('caddy', 'version') ? false : without('caddy')
}, async t => {
  const { service, port, folder, configuration } = await prepare(t, 'caddy')
  const file = join(folder, 'Caddyfile')
  const site = configuration.replace('app.example.com', `http://127.0.0.1:${port}`)
  await writeFile(file, `{\n\tadmin off\n}\n${site}`)
  const args = ['run', '--adapter', 'caddyfile', '--config', file]
  const get = await serve(t, port, 'caddy', args)
  // `fetch` says that it is a program.
  const asked = request(`http://127.0.0.1:${port}/in?page=2`, { headers: { accept: 'text/html' } })
  const [{ statusCode, headers }] = await once(asked.end(), 'response')
  assert.equal(statusCode, 302)
  const { pathname, searchParams } = new URL(headers.location)
  assert.equal(pathname, '/id/login/')
  assert.equal(searchParams.get('return_to'), `http://127.0.0.1:${port}/in?page=2`)
  await assertProtected(service, port, get)
})
