import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../src/base/package-root.js'
import { generatedFiles } from './generated.js'

// `npm run docs` writes what is generated; `npm run docs -- --check` only says whether that is current.
const check = process.argv.includes('--check')

for (const [name, content] of await generatedFiles()) {
  const path = join(packageRoot, name)
  if (!check) {
    writeFileSync(path, content)
  } else if (readFileSync(path, 'utf8') !== content) {
    process.stderr.write(`${name} is not current. Run: npm run docs\n`)
    process.exitCode = 1
  }
}
