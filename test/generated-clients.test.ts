import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { packageRoot } from '../src/base/package-root.js'
import { startApp } from './support/app.js'
import { listen } from './support/raw.js'

const run = promisify(execFile)
const folder = join(packageRoot, 'test', 'clients')
const document = join(packageRoot, 'docs', 'openapi.json')
const skip = existsSync(join(folder, 'node_modules'))
  ? false
  : 'the generators are not installed; run: npm ci --ignore-scripts --prefix test/clients'

/** A program of the folder's own packages; it fails with what the program says. */
async function tool(program: string, ...args: string[]): Promise<string> {
  const path = join(folder, 'node_modules', '.bin', program)
  const { stdout } = await run(path, args, { cwd: folder, timeout: 120_000 }).catch(error => {
    throw new Error(`${program}: ${error.stdout}${error.stderr}`)
  })
  return stdout
}

test('generated clients compile under strict TypeScript and live a whole life', {
  skip
}, async t => {
  await mkdir(join(folder, 'generated'), { recursive: true })
  await Promise.all([
    tool('openapi-typescript', document, '-o', 'generated/openapi-typescript.d.ts'),
    tool('swagger-typescript-api', 'generate', '-p', document, '-o', 'generated', '-n', 'api.ts')
  ])
  await tool('tsc', '-p', '.')
  const service = await startApp(t)
  const url = `http://127.0.0.1:${await listen(service)}`
  for (const name of ['openapi-typescript', 'swagger-typescript-api']) {
    const life = join(folder, 'generated', 'build', `${name}.life.js`)
    const { stdout } = await run(process.execPath, [life, url], { timeout: 60_000 })
    assert.equal(stdout, 'lived', name)
  }
})

test('the document is valid to a second validator that is not ours', { skip }, async () => {
  const entry = join(folder, 'node_modules', '@seriousme', 'openapi-schema-validator', 'index.js')
  const { Validator } = await import(pathToFileURL(entry).href)
  const { valid, errors } = await new Validator().validate(
    JSON.parse(await readFile(document, 'utf8'))
  )
  assert.ok(valid, JSON.stringify(errors))
})
