import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import type { Config } from '../config/load.js'
import { standOut, textOn } from './colour.js'
import type { ViewFile } from './files.js'

/** A file that pages load. `version` is a digest of its content. */
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

/** The background colours of `postern.css`, from which the colours of a brand must differ. */
const surfaces = { light: '#ffffff', dark: '#1b1e25' }

/** Least contrast between a button and its background. The text of the button has 4.5:1. */
const leastEdge = 1.35

/** The colours of buttons and links: `BRAND_COLOR`, made lighter or darker if its contrast is too low (WCAG 2.2). */
export function brandColours(brand: string) {
  const of = (surface: string) => {
    const button = standOut(brand, surface, leastEdge)
    return { button, buttonText: textOn(button), link: standOut(brand, surface, 4.5) }
  }
  return { light: of(surfaces.light), dark: of(surfaces.dark) }
}

const variables = ({ button, buttonText, link }: ReturnType<typeof brandColours>['light']) =>
  `--button: ${button}; --button-text: ${buttonText}; --accent: ${link};`

type Brand = Pick<Config, 'BRAND_COLOR' | 'BRAND_BACKGROUND'>

function brandSheet({ BRAND_COLOR, BRAND_BACKGROUND: background }: Brand): string {
  const { light, dark } = brandColours(BRAND_COLOR)
  return `:root { ${variables(light)} }
@media (prefers-color-scheme: dark) { :root { ${variables(dark)} } }
${background === null ? '' : backgroundSheet(background)}`
}

/** Words beside the card stand on a surface of their own: an image can have any colour. */
const backgroundSheet = (background: string) => `${
  background.startsWith('#')
    ? `body { background: ${background}; }
@media (prefers-color-scheme: dark) { body { background: color-mix(in srgb, ${background} 30%, #0b0d11); } }`
    : `body { background: var(--ground) url("${cssUrl(background)}") center / cover fixed; }`
}
.brand { align-self: flex-start; }
.brand, .foot { padding: 0.5rem 0.75rem; border-radius: var(--radius); background: var(--surface); }
`

/** A URL as it stands in a text of CSS. */
export const cssUrl = (url: string) =>
  new URL(url).href.replaceAll('\\', '%5C').replaceAll('"', '%22')

/** The files that pages load, by name: those of `assets/`, and the stylesheet of the brand. */
export function collectAssets(
  files: ReadonlyMap<string, ViewFile>,
  brand: Brand
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
