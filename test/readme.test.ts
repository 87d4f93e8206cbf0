import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { packageRoot } from '../src/base/package-root.js'
import { startApp } from './support/app.js'
import { atEnd, removeDataDirectory } from './support/at-end.js'

const run = promisify(execFile)
const hasShell = await run('bash', ['-c', 'curl --version']).then(
  () => true,
  () => false
)

/** The shell blocks under one heading of the README. */
async function shellUnder(heading: string): Promise<string> {
  const readme = await readFile(join(packageRoot, 'README.md'), 'utf8')
  const section = readme.split(/^## /m).find(text => text.startsWith(`${heading}\n`)) ?? ''
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)]
  assert.ok(blocks.length > 0, `no shell block under "${heading}"`)
  return blocks.map(([, code]) => code).join('\n')
}

test('the quick start of the README works as it stands', { skip: !hasShell }, async t => {
  const { app } = await startApp(t, { PASSWORD_MIN_SCORE: '2' })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const folder = await mkdtemp(join(tmpdir(), 'postern-readme-'))
  atEnd(t, () => removeDataDirectory(folder))

  // A reader sees a refusal; here it has to stop the script.
  const strict = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@" && echo; }\n'
  const script = (await shellUnder('Quick start')).replaceAll('http://localhost:3000', url)
  const { stdout } = await run('bash', ['-c', strict + script], { cwd: folder })

  assert.match(stdout, /"email":"ada@example\.com",.*"first_name":"Ada"/)
  assert.match(stdout, /"revoked":2/)
  assert.match(stdout, /Successfully logged out\./)
})
