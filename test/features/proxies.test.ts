import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { packageRoot } from '../../src/base/package-root.js'
import { startApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { bearer } from '../support/expect.js'
import { freePort } from '../support/free-port.js'
import { newMember } from '../support/people.js'
import { listen } from '../support/raw.js'
import { until } from '../support/until.js'

function hasNginx(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('nginx protects a page and an API as the documentation has it', {
  skip: hasNginx() ? false : 'nginx is not installed'
}, async t => {
  const service = await startApp(t, { BASE_PATH: '/id' })
  const postern = await listen(service)
  const site = createServer((request, response) => {
    const { 'x-auth-user-id': user, 'x-auth-email': email, 'x-auth-role': role } = request.headers
    response.end(JSON.stringify({ url: request.url, user, email, role }))
  })
  await once(site.listen(0, '127.0.0.1'), 'listening')
  atEnd(t, () => new Promise(done => site.close(done)))

  const folder = await mkdtemp(join(tmpdir(), 'postern-nginx-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  const page = await readFile(join(packageRoot, 'docs', 'clients', 'proxies.md'), 'utf8')
  const [, shown = ''] = /```nginx\n([\s\S]*?)```/.exec(page) ?? []
  const port = await freePort()
  const configuration = shown
    .replace('127.0.0.1:3000', `127.0.0.1:${postern}`)
    .replace('127.0.0.1:8000', `127.0.0.1:${(site.address() as AddressInfo).port}`)
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${folder}/${name};`
  )
  const file = join(folder, 'nginx.conf')
  await writeFile(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
     events {} http { access_log off; ${temporary.join(' ')} ${configuration} }`
  )
  const nginx = spawn('nginx', ['-p', folder, '-c', file], { stdio: 'ignore' })
  atEnd(t, async () => {
    nginx.kill()
    if (nginx.exitCode === null) await once(nginx, 'exit')
  })
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: 'manual' })
  await until('nginx serves', async () => (await get('/sign-in').catch(() => null))?.status === 200)

  const { person, client } = await newMember({
    inject: request => service.inject({ ...request, url: `/id${request.url}` })
  })
  const cookie = { cookie: `refresh_token=${client.refreshToken}` }
  const forged = { 'x-auth-user-id': 'root', 'x-auth-email': 'root@example.com' }

  const page401 = await get('/', forged)
  assert.deepEqual(
    [page401.status, page401.headers.get('location')?.endsWith('/sign-in')],
    [302, true]
  )
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
})
