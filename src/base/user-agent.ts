import Bowser from 'bowser'

/** A device as its user agent describes it. Unknown names are null. */
export type Device = {
  readonly browser: string | null
  readonly os: string | null
  readonly device: string | null
}

const unknown: Device = { browser: null, os: null, device: null }

/** A name is long to take apart, and the same few come again and again. */
const known = new Map<string, Device>()
const mostKnown = 1000

export function deviceOf(userAgent: string | null): Device {
  if (userAgent === null || userAgent === '') return unknown
  const device = known.get(userAgent) ?? describe(userAgent)
  if (known.size >= mostKnown) known.clear()
  known.set(userAgent, device)
  return device
}

/** Browser and system of a user agent in words; null when nothing is known. */
export function nameAgent(userAgent: string | null): string | null {
  const { browser, os } = deviceOf(userAgent)
  return joined(browser, os)
}

const browsers = new Set(Object.values(Bowser.BROWSER_MAP))
const systems = new Set(Object.values(Bowser.OS_MAP))

/**
 * As {@link nameAgent}, but only with names from the lists of the parser, and numbers. From other user agents
 * the parser returns their own words, which a stranger may have written (PAG-06).
 */
export function nameKnownAgent(userAgent: string | null): string | null {
  if (userAgent === null || userAgent === '') return null
  const { browser, os } = parse(userAgent)
  return joined(listed(browsers, ...browser), listed(systems, ...os))
}

function listed(list: ReadonlySet<string>, name = '', version = ''): string | null {
  if (!list.has(name)) return null
  return /^\d{1,3}(\.\d{1,3}){0,2}$/.test(version) ? `${name} ${version}` : name
}

const joined = (...parts: readonly (string | null)[]) =>
  parts.filter(part => part !== null).join(' · ') || null

function describe(userAgent: string): Device {
  const { browser, os, platform } = parse(userAgent)
  const named = (...words: readonly (string | undefined)[]) =>
    words.filter(Boolean).join(' ') || null
  return {
    browser: named(...browser),
    os: named(...os),
    device: named(platform.vendor, platform.model) ?? named(platform.type)
  }
}

/** Name and version of browser and system, and the platform, in the words of the parser. */
function parse(userAgent: string) {
  const { browser, os, platform } = Bowser.parse(userAgent)
  return {
    browser: [browser.name, browser.version?.split('.')[0]],
    os: [os.name, os.versionName ?? os.version],
    platform
  } as const
}
