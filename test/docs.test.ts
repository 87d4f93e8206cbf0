import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { generatedFiles, writtenDefault } from '../docs/generated.js'
import type { Setting } from '../src/config/settings.js'
import { settings } from '../src/config/settings.js'
import { packageRoot } from '../src/package-root.js'

for (const [name, content] of generatedFiles()) {
  test(`${name} says what the code says`, async () => {
    const written = await readFile(join(packageRoot, name), 'utf8')
    assert.equal(written, content, `${name} is not current. Run: npm run docs`)
  })
}

test('every default that is documented is one that the setting reads back as its default', () => {
  for (const [name, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const written = writtenDefault(setting)
    if (written === null || written === '') continue
    assert.deepEqual(setting.kind.parse(written), setting.default, name)
  }
})
