import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { packageRoot } from '../../src/base/package-root.js'
import { atEnd, removeDataDirectory } from '../support/at-end.js'
import { entry } from '../support/entry.js'
import { freePort } from '../support/free-port.js'
import { startListening } from '../support/kit.js'
import { claimsOf, newMember } from '../support/people.js'
import { until } from '../support/until.js'

/** The first code of a chapter in a language. */
async function codeOf(page: string, chapter: string, language: string): Promise<string> {
  const text = await readFile(join(packageRoot, 'docs/clients', page), 'utf8')
  const [, rest = ''] = text.split(`\n## ${chapter}\n`)
  const [, code = ''] = (rest.split('\n## ')[0] ?? '').split(`\`\`\`${language}\n`)
  assert.ok(code, `${page} has no program under ${chapter}`)
  return code.split('```')[0] ?? ''
}

/** The program of a chapter, with the kit as it was compiled. */
async function programOf(t: TestContext, page: string, chapter: string): Promise<string> {
  const code = await codeOf(page, chapter, 'js')
  const compiled = (name: string) => pathToFileURL(entry(`src/kit/${name}/${name}.js`)).href
  const folder = await mkdtemp(join(tmpdir(), 'postern-docs-'))
  atEnd(t, () => removeDataDirectory(folder))
  await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'))
  const file = join(folder, 'program.mjs')
  await writeFile(
    file,
    code.replace(/postern\/(client|verify)/g, (_, name) => compiled(name))
  )
  return file
}

function start(t: TestContext, file: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  atEnd(t, () => child.kill('SIGKILL'))
  return child
}

/** A server of the documentation that listens, beside a service. */
async function startServer(t: TestContext, page: string, chapter: string) {
  const service = await startListening(t)
  const port = String(await freePort())
  start(t, await programOf(t, page, chapter), { POSTERN_URL: service.url, PORT: port })
  const origin = `http://localhost:${port}`
  await until('the program listens', () =>
    fetch(origin).then(
      () => true,
      () => false
    )
  )
  return { service, origin }
}

test('KIT-11 the command line of the documentation signs in once and goes on from its file', async t => {
  const service = await startListening(t)
  const { person } = await newMember(service)
  const file = await programOf(t, 'apps.md', 'A command line')
  const run = async (env: Record<string, string>) => {
    const state = { XDG_STATE_HOME: join(file, '..'), POSTERN_URL: service.url }
    const child = start(t, file, { ...state, ...env })
    const chunks: Buffer[] = []
    child.stdout.on('data', chunk => chunks.push(chunk))
    await once(child, 'close')
    return Buffer.concat(chunks).toString().trim()
  }
  assert.equal(await run({ EMAIL: person.email, PASSWORD: person.password }), person.email)
  assert.equal(await run({}), person.email)
})

test('KIT-11 the server-rendered page of the documentation knows who sent the cookie', async t => {
  const { service, origin } = await startServer(t, 'apps.md', 'Server-rendered pages')
  const { client } = await newMember(service)
  const get = async (cookie?: string) =>
    (await fetch(origin, cookie === undefined ? {} : { headers: { cookie } })).text()
  const cookie = Array.from(client.cookies, pair => pair.join('=')).join('; ')
  assert.match(await get(cookie), /Signed in as [0-9a-f-]{36}</)
  assert.match(await get(cookie), /Signed in/, 'the cookie is not used up')
  assert.match(await get(), /href="\/sign-in"/)
})

test('KIT-11 the Fastify service of the documentation lets in who has a token', async t => {
  const { service, origin } = await startServer(t, 'resource-servers.md', 'Node')
  const { client } = await newMember(service)
  const get = async (path: string, token?: string) =>
    (await fetch(origin + path, token === undefined ? {} : bearer(token))).status
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  assert.equal(await get('/orders'), 401)
  assert.equal(await get('/health'), 200)
  const token = client.access ?? ''
  assert.equal(await get('/orders', token), 200)
  assert.equal(await get('/reports', token), 403)
})

function withoutPyJwt(): string | false {
  try {
    execFileSync('python3', ['-c', 'import jwt, cryptography'], { stdio: 'ignore' })
    return false
  } catch {
    return 'there is no python3 with PyJWT and cryptography'
  }
}

test('KIT-11 the Python of the documentation takes an access token and nothing else', {
  skip: withoutPyJwt()
}, async t => {
  const service = await startListening(t)
  const { client } = await newMember(service)
  const code = await codeOf('resource-servers.md', 'Python', 'python')
  const verified = `${code.replaceAll('https://auth.example', service.url)}
import sys
for token in sys.argv[1:]:
    try:
        print(verify(token)["sub"])
    except jwt.PyJWTError:
        print("refused")
`
  const token = client.access ?? ''
  const [head, payload, signature] = token.split('.')
  const others = [client.refreshToken ?? '', `${head}.${payload}.A${signature?.slice(1)}x`, 'x']
  const { stdout } = await promisify(execFile)('python3', ['-c', verified, token, ...others])
  assert.deepEqual(stdout.trim().split('\n'), [
    claimsOf(token).sub,
    'refused',
    'refused',
    'refused'
  ])
})

test('KIT-10 Hasura and PostgREST find in a token what the documentation tells them to look for', async t => {
  const setting = await codeOf('resource-servers.md', 'Hasura', 'sh')
  const [, attributes = ''] = /^JWT_ALLAUTH_USER_ATTRIBUTES=(.*)$/m.exec(setting) ?? []
  const service = await startListening(t, { JWT_ALLAUTH_USER_ATTRIBUTES: attributes })
  const { client } = await newMember(service)
  const claims = claimsOf(client.access ?? '')
  assert.deepEqual(claims['https://hasura.io/jwt/claims'], {
    'x-hasura-user-id': claims.sub,
    'x-hasura-default-role': 'user',
    'x-hasura-allowed-roles': ['user', 'staff']
  })
  const { type, issuer, audience } = JSON.parse(
    (await codeOf('resource-servers.md', 'Hasura', 'json')).replaceAll(
      'https://auth.example',
      service.url
    )
  )
  const [head = ''] = (client.access ?? '').split('.')
  assert.equal(JSON.parse(Buffer.from(head, 'base64url').toString()).alg, type)
  assert.deepEqual([claims.iss, claims.aud], [issuer, audience])
  const ini = await codeOf('resource-servers.md', 'PostgREST', 'ini')
  const [, claim = ''] = /^jwt-role-claim-key = "\.(\w+)"$/m.exec(ini) ?? []
  assert.equal(claims[claim], 'user')
})
