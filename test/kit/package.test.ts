import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { packageRoot } from '../../src/base/package-root.js'
import { atEnd, removeDataDirectory } from '../support/at-end.js'
import { bundle } from '../support/bundle.js'

const run = promisify(execFile)
const tsc = join(packageRoot, 'node_modules/typescript/bin/tsc')

/** A project that has the package as npm packs it, with the kit as it is now, and nothing else. */
async function newProject(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-project-'))
  atEnd(t, () => removeDataDirectory(folder))
  const [packed, installed] = [join(folder, 'packed'), join(folder, 'node_modules/postern')]
  await mkdir(installed, { recursive: true })
  for (const file of ['package.json', 'docs/openapi.json'])
    await cp(join(packageRoot, file), join(packed, file))
  const outDir = join(packed, 'dist')
  await run(process.execPath, [tsc, '-p', 'tsconfig.kit.json', '--outDir', outDir], {
    cwd: packageRoot
  })
  const pack = ['pack', '--ignore-scripts', '--offline', '--silent']
  const { stdout } = await run('npm', pack, { cwd: packed })
  await run('tar', ['-xzf', join(packed, stdout.trim()), '--strip-components=1', '-C', installed])
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  return folder
}

/** What npm would install beside it: the packages named, with what each of them needs. */
async function link(folder: string, packages: readonly string[]): Promise<void> {
  for (const name of packages) {
    const path = join(folder, 'node_modules', name)
    await mkdir(dirname(path), { recursive: true })
    await symlink(join(packageRoot, 'node_modules', name), path)
  }
}

const program = `
  import { createClient, PosternError, type SignInResult } from 'postern/client'
  import { PosternProvider, usePostern } from 'postern/react'
  import { createVerifier, expressPostern, fastifyPostern, requireAal2, requireFresh, requireRole, TokenError } from 'postern/verify'
  import type { components, operations, paths } from 'postern/types'
  import openapi from 'postern/openapi.json' with { type: 'json' }

  export const document: string = openapi.openapi
  export const user: components['schemas']['User']['email'] = 'ada@example.com'
  export const body: operations['login']['requestBody']['content']['application/json'] =
    { email: user, password: 'x' }
  export type Login = paths['/login/']['post']
  // @ts-expect-error: there is no such field.
  export const wrong: components['schemas']['LoginRequest'] = { email: user, password: 'x', name: '' }
  export const client = createClient({ url: 'https://auth.example' })
  export const native = createClient({ url: 'https://auth.example', transport: 'body', storage: localStorage })
  // @ts-expect-error: body transport keeps its token somewhere.
  createClient({ url: 'https://auth.example', transport: 'body' })
  export function next(result: SignInResult): string {
    switch (result.status) {
      case 'signed-in': return '/'
      case 'mfa-required': return result.challengeId
      case 'mfa-setup-required': return result.setupChallengeId
      case 'verification-sent': return '/mail'
    }
  }
  export const failed = (error: unknown) => error instanceof PosternError && error.errors.password?.[0]
  export const parts = [PosternProvider, usePostern, fastifyPostern, TokenError]
  const verifier = createVerifier({ issuer: 'https://auth.example' })
  export const middleware = expressPostern(verifier, requireRole('staff'), requireFresh(60), requireAal2)
  export const name: Promise<string> = verifier.verify('x').then(({ sub }) => sub)
`

const running = `
  import * as client from 'postern/client'
  import * as react from 'postern/react'
  import * as verify from 'postern/verify'
  import * as types from 'postern/types'
  import openapi from 'postern/openapi.json' with { type: 'json' }
  console.log([client, react, verify, types].flatMap(Object.keys).sort().join(' '), openapi.openapi)
`

test('KIT-06 every export of the packed package compiles and runs in a strict project, and the client stays small', async t => {
  const folder = await newProject(t)
  const client = await bundle(t, "export * from 'postern/client'", folder)
  assert.ok(gzipSync(client).length <= 6 * 1024, `${gzipSync(client).length} bytes compressed`)
  assert.doesNotMatch(client, /\bfrom\s*["']|\bimport\s*["'(]|require\(/)
  await writeFile(join(folder, 'app.ts'), "export { createClient } from 'postern/client'")
  await compile(folder, 'app.ts')

  await link(folder, ['fastify', 'fastify-plugin', 'jose', 'react'])
  await link(folder, ['@types/node', '@types/react', 'csstype'])
  await writeFile(join(folder, 'program.ts'), program)
  await compile(folder, 'program.ts')
  await writeFile(join(folder, 'running.mjs'), running)
  const { stdout } = await run(process.execPath, ['running.mjs'], { cwd: folder })
  assert.equal(
    stdout.trim(),
    'PosternError PosternProvider TokenError createClient createVerifier expressPostern fastifyPostern requireAal2 requireFresh requireRole usePostern 3.1.0'
  )
})

/** Compiles a file by both ways to find modules; declarations of packages are checked too. */
async function compile(folder: string, file: string): Promise<void> {
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess']
  const target = ['--noEmit', '--resolveJsonModule', '--target', 'es2022', '--types', '']
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler']
  ] as const) {
    const modules = ['--module', module, '--moduleResolution', resolution]
    const args = [tsc, ...strict, ...target, '--lib', 'es2023,dom', ...modules, file]
    await run(process.execPath, args, { cwd: folder }).catch(({ stdout }) =>
      assert.fail(`${file}, ${resolution}:\n${stdout}`)
    )
  }
}
