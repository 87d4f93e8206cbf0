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

/** A project that has nothing but the package, with what each of its programs needs beside it. */
async function newProject(t: TestContext, dependencies: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-project-'))
  atEnd(t, () => removeDataDirectory(folder))
  const installed = join(folder, 'node_modules/postern')
  await mkdir(installed, { recursive: true })
  for (const file of ['package.json', 'docs/openapi.json'])
    await cp(join(packageRoot, file), join(installed, file))
  await run(
    process.execPath,
    [tsc, '-p', 'tsconfig.kit.json', '--outDir', join(installed, 'dist')],
    {
      cwd: packageRoot
    }
  )
  for (const name of dependencies) {
    const link = join(folder, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(packageRoot, 'node_modules', name), link)
  }
  return folder
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

test('KIT-06 every export compiles in a strict project, and the client stays small', async t => {
  const dependencies = ['react', '@types/react', '@types/node', 'csstype', 'fastify', 'jose']
  const folder = await newProject(t, [...dependencies, 'fastify-plugin'])
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'program.ts'), program)
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess']
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler']
  ] as const)
    await run(
      process.execPath,
      [
        tsc,
        ...[
          ...strict,
          '--noEmit',
          '--resolveJsonModule',
          '--skipLibCheck',
          '--target',
          'es2022',
          '--types',
          ''
        ],
        ...['--lib', 'es2023,dom', '--module', module, '--moduleResolution', resolution],
        'program.ts'
      ],
      { cwd: folder }
    ).catch(({ stdout }) => assert.fail(`${resolution}:\n${stdout}`))

  const client = await bundle(t, "export * from 'postern/client'", folder)
  assert.ok(gzipSync(client).length <= 6 * 1024, `${gzipSync(client).length} bytes compressed`)
  assert.doesNotMatch(client, /\bfrom\s*["']|\bimport\s*["'(]|require\(/)
})
