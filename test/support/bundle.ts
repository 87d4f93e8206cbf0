import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { rolldown } from 'rolldown'
import { atEnd, removeDataDirectory } from './at-end.js'

/** Bundles a module for browsers, smallest form, as an app's build does. */
export async function bundle(t: TestContext, source: string, folder?: string): Promise<string> {
  const place = folder ?? (await mkdtemp(join(tmpdir(), 'postern-bundle-')))
  if (folder === undefined) atEnd(t, () => removeDataDirectory(place))
  const input = join(place, 'entry.mjs')
  await writeFile(input, source)
  const build = await rolldown({
    input,
    platform: 'browser',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } }
  })
  const { output } = await build.generate({ format: 'esm', minify: true })
  await build.close()
  return output[0].code
}
