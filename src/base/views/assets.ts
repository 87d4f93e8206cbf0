import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { standOut, textOn } from './colour.js'
import type { ViewFile } from './files.js'

/** A file that pages load, and the digest that names its version. */
export type Asset = {
  readonly content: Buffer
  readonly type: string
  readonly version: string
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2'
}

/** The surfaces that the colours of a brand have to stand out from; those of `postern.css`. */
const surfaces = { light: '#ffffff', dark: '#1b1e25' }

/** What a button needs to be seen as one; its text, which reads 4.5:1, says that it is one. */
const leastEdge = 1.35

/**
 * The colours that follow from `BRAND_COLOR`: as it is wherever it serves, else as much lighter or
 * darker as it takes to be read (WCAG 2.2).
 */
export function brandColours(brand: string) {
  const of = (surface: string) => {
    const button = standOut(brand, surface, leastEdge)
    return { button, buttonText: textOn(button), link: standOut(brand, surface, 4.5) }
  }
  return { light: of(surfaces.light), dark: of(surfaces.dark) }
}

const variables = ({ button, buttonText, link }: ReturnType<typeof brandColours>['light']) =>
  `--button: ${button}; --button-text: ${buttonText}; --accent: ${link};`

function brandSheet(brand: string): string {
  const { light, dark } = brandColours(brand)
  return `:root { ${variables(light)} }
@media (prefers-color-scheme: dark) { :root { ${variables(dark)} } }
`
}

/** What pages load, by file name: the files of `assets/`, and the stylesheet with the brand's colours. */
export function collectAssets(
  files: ReadonlyMap<string, ViewFile>,
  brand: string
): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>()
  for (const [path, { content }] of files) {
    const name = path.replace(/^assets\//, '')
    if (name !== path) assets.set(name, asset(name, content))
  }
  return assets.set('brand.css', asset('brand.css', Buffer.from(brandSheet(brand))))
}

function asset(name: string, content: Buffer): Asset {
  return {
    content,
    type: types[extname(name)] ?? 'application/octet-stream',
    version: createHash('sha256').update(content).digest('base64url').slice(0, 16)
  }
}
