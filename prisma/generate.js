// `prisma generate`, unless the client there was generated from this schema by this Prisma: every
// start would wait a second for the same files.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const read = url => readFileSync(new URL(url), 'utf8')
const here = path => new URL(path, import.meta.url)
const stamp = here('../src/base/database/client/.generated-from')

const digest = createHash('sha256')
  .update(read(here('schema.prisma')))
  .update(read(import.meta.resolve('prisma/package.json')))
  .digest('hex')

if (!existsSync(stamp) || read(stamp) !== digest) {
  const prisma = fileURLToPath(
    new URL('build/index.js', import.meta.resolve('prisma/package.json'))
  )
  execFileSync(process.execPath, [prisma, 'generate'], { cwd: here('..'), stdio: 'inherit' })
  writeFileSync(stamp, digest)
}
