import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { ConfigError } from '../config/load.js'
import { packageRoot } from '../package-root.js'

/** A template or an asset. `replaced`: it comes from `TEMPLATES_DIR`. */
export type ViewFile = { readonly content: Buffer; readonly replaced: boolean }

const replaceable = /^(?:layouts|partials|pages|mails)\/.+\.hbs$|^assets\/[^/]+$/

/**
 * The files of `views/` by their path. Files of `TEMPLATES_DIR` replace those with the same path.
 *
 * @throws {ConfigError} if the folder cannot be read, or holds a file that replaces no template:
 *   its name is misspelt.
 */
export function readViews(templatesDir: string | null): ReadonlyMap<string, ViewFile> {
  const views = new Map<string, ViewFile>()
  for (const [path, content] of filesUnder(join(packageRoot, 'views')))
    if (replaceable.test(path)) views.set(path, { content, replaced: false })
  if (templatesDir === null) return views
  for (const [path, content] of filesOf(templatesDir)) {
    if (!views.has(path))
      throw new ConfigError([`TEMPLATES_DIR holds ${path}, which replaces no template.`])
    views.set(path, { content, replaced: true })
  }
  return views
}

function filesOf(templatesDir: string): ReadonlyMap<string, Buffer> {
  try {
    return filesUnder(templatesDir)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new ConfigError([`TEMPLATES_DIR cannot be read (${code ?? 'unknown error'}).`])
  }
}

function filesUnder(folder: string): ReadonlyMap<string, Buffer> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return new Map(
    entries
      .filter(entry => !entry.name.startsWith('.') && !entry.isDirectory())
      .map(({ name, parentPath }) => {
        const file = join(parentPath, name)
        return [relative(folder, file).split(sep).join('/'), readFileSync(file)] as const
      })
  )
}
