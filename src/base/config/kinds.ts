import { readdirSync } from 'node:fs'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { AddressError, readAddress } from '../database/address.js'
import { languageFor, languageNames } from '../i18n/language-names.js'
import { builtIn, type NamedRole } from './roles.js'

/** How one setting is written. `parse` throws a {@link SettingError} with the end of a sentence "NAME …". */
export type Kind<T> = {
  readonly name: string
  parse(text: string): T
}

/** Describes what is wrong with a value, without the value: it may be a secret. */
export class SettingError extends Error {}

function fail(expectation: string): never {
  throw new SettingError(expectation)
}

/** A text in the form of a pattern. */
const matching = (name: string, pattern: RegExp, expectation: string): Kind<string> => ({
  name,
  parse: value => (pattern.test(value) ? value : fail(expectation))
})

export const text = matching('text', /^[^\r\n\0]*$/, 'must be one line')

/** `true` and `false` in any case, so that Django's `True` and `False` work too. */
export const bool: Kind<boolean> = {
  name: 'true or false',
  parse(value) {
    const lower = value.toLowerCase()
    if (lower === 'true') return true
    if (lower === 'false') return false
    return fail('must be true or false')
  }
}

/** A whole number within bounds. */
export const integer = (min: number, max: number): Kind<number> => ({
  name: `number, ${min} to ${max}`,
  parse(value) {
    const number = Number(value)
    const fits = /^\d+$/.test(value) && number >= min && number <= max
    return fits ? number : fail(`must be a whole number from ${min} to ${max}`)
  }
})

const secondsIn = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const
type Unit = keyof typeof secondsIn
const unitNames = { s: 'seconds', m: 'minutes', h: 'hours', d: 'days', w: 'weeks' } as const

/** A duration in seconds, written `45s`, `30m`, `14d`. A number without a unit counts in `bareUnit`. */
export function duration(bareUnit: Unit = 's', min = 1, max = 10 * 365 * 86_400): Kind<number> {
  return {
    name: bareUnit === 's' ? 'duration' : `duration; a bare number counts ${unitNames[bareUnit]}`,
    parse(value) {
      const match = /^(\d{1,9})([smhdw]?)$/.exec(value)
      if (match === null) return fail('must be a duration such as 30m or 14d')
      const seconds = Number(match[1]) * secondsIn[(match[2] || bareUnit) as Unit]
      const fits = seconds >= min && seconds <= max
      return fits ? seconds : fail(`must lie between ${min} and ${max} seconds`)
    }
  }
}

/** One word of a closed list, in any case. */
export const oneOf = <const T extends string>(...words: readonly T[]): Kind<T> => ({
  name: words.join(', '),
  parse: value =>
    words.find(word => word.toLowerCase() === value.toLowerCase()) ??
    fail(`must be one of ${words.join(', ')}`)
})

/** Comma-separated values of another kind. An empty text is an empty list; an empty item is an error. */
export const listOf = <T>(item: Kind<T>): Kind<readonly T[]> => ({
  name: `list of ${item.name}`,
  parse: value =>
    value.trim() === '' ? [] : value.split(',').map(entry => item.parse(entry.trim()))
})

/** A count in a period: `10/min`, `5/300s`, `20/15m`. */
export type Rate = { readonly count: number; readonly seconds: number }

const spelledUnits: Record<string, Unit> = {
  sec: 's',
  second: 's',
  min: 'm',
  minute: 'm',
  hour: 'h',
  day: 'd'
}

export const rate: Kind<Rate> = {
  name: 'count/period',
  parse(value) {
    const match = /^(\d{1,6})\/(\d{0,6})([a-z]+)$/.exec(value.replaceAll(' ', ''))
    const unit = match && (spelledUnits[match[3] as string] ?? (match[3] as Unit))
    const factor = unit && Object.hasOwn(secondsIn, unit) ? secondsIn[unit] : undefined
    if (match === null || factor === undefined) return fail('must be written like 10/min or 5/300s')
    const count = Number(match[1])
    const seconds = Number(match[2] || '1') * factor
    if (count < 1 || seconds < 1 || seconds > 7 * 86_400)
      return fail('must allow at least one, within at most a week')
    return { count, seconds }
  }
}

/** An absolute `http(s)` URL without query, fragment or credentials. */
export const returnUrl: Kind<string> = {
  name: 'URL',
  parse(value) {
    const url = URL.canParse(value)
      ? new URL(value)
      : fail('must list URLs such as https://app.example/')
    if (
      !/^https?:$/.test(url.protocol) ||
      url.search + url.hash + url.username + url.password !== ''
    )
      fail('must list http(s) URLs without query, fragment and credentials')
    return url.href
  }
}

/** An `http(s)` origin without path, query or credentials. */
export const origin: Kind<string> = {
  name: 'origin',
  parse(value) {
    const url = URL.canParse(value)
      ? new URL(value)
      : fail('must be an origin such as https://app.example')
    const rest = url.pathname.slice(1) + url.search + url.hash + url.username + url.password
    if (!/^https?:$/.test(url.protocol) || rest !== '')
      fail('must be an http(s) origin without a path')
    return url.origin
  }
}

/** The origin of a browser app. Apps in a shell or an extension have schemes of their own. */
export const appOrigin: Kind<string> = {
  name: 'origin',
  parse(value) {
    if (value.includes('*')) fail('must list each origin by its name; there is no wildcard')
    if (/^https?:/i.test(value)) return origin.parse(value)
    // URL gives such a scheme no origin.
    const match = /^([a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(?::\d{1,5})?)\/?$/i.exec(value)
    return match?.[1]?.toLowerCase() ?? fail('must be an origin such as https://app.example')
  }
}

/** The name of a request header (RFC 9110 §5.1), in lower case. */
export const headerName: Kind<string> = {
  name: 'header name',
  parse: value =>
    /^[a-z0-9!#$%&'+.^_`|~-]+$/i.test(value)
      ? value.toLowerCase()
      : fail('must be a list of header names')
}

/** A path prefix, normalised to `/name` or the empty text. */
export const pathPrefix: Kind<string> = {
  name: 'path',
  parse(value) {
    const path = value.replace(/\/+$/, '')
    // Clients resolve `.` and `..` in a URL before they send it.
    if (path !== '' && !/^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)+$/.test(path))
      fail('must be a path such as /auth')
    return path
  }
}

/** An address or an address range. Numbers of hops and names are refused (BRF-05). */
export const cidr: Kind<string> = {
  name: 'CIDR range',
  parse(value) {
    const range = value.includes('/') ? value : value.includes(':') ? `${value}/128` : `${value}/32`
    try {
      // The parser reads 1 as 0.0.0.1, so a number of hops would be accepted as an address.
      if (isIP(range.slice(0, range.indexOf('/'))) === 0) throw new Error('no address')
      ipaddr.parseCIDR(range)
    } catch {
      fail('must be a list of addresses or CIDR ranges')
    }
    return range
  }
}

/** A folder that can be read. */
export const folder: Kind<string> = {
  name: 'folder',
  parse(value) {
    try {
      readdirSync(value)
    } catch (cause) {
      fail(`cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`)
    }
    return value
  }
}

/** A language tag for which a text catalogue exists, as the name of that catalogue. */
export const language: Kind<string> = {
  name: languageNames.join(', '),
  parse: value => languageFor(value) ?? fail(`must be one of ${languageNames.join(', ')}`)
}

/** The URL of a service, with its scheme checked. */
export function url(...protocols: readonly string[]): Kind<string> {
  return {
    name: 'URL',
    parse(value) {
      const scheme = URL.canParse(value) ? new URL(value).protocol.slice(0, -1) : ''
      return protocols.includes(scheme)
        ? value
        : fail(`must be a URL that starts with ${protocols.join(':// or ')}://`)
    }
  }
}

/** The URL of a PostgreSQL server, with its parameters checked. */
export const databaseUrl: Kind<string> = {
  name: 'URL',
  parse(value) {
    const known = url('postgresql', 'postgres').parse(value)
    try {
      readAddress(known)
    } catch (error) {
      fail(error instanceof AddressError ? error.message : 'cannot be read as a URL of PostgreSQL')
    }
    return known
  }
}

const placeholders =
  /change.?me|secret|password|example|placeholder|insert|your.?key|django-insecure|^(.)\1+$/i

/** Key material: at least 32 bytes, at least 10 different characters, no placeholder. */
export const secret: Kind<string> = {
  name: 'secret of at least 32 bytes',
  parse(value) {
    if (Buffer.byteLength(value) < 32) fail('must hold at least 32 bytes')
    if (placeholders.test(value) || new Set(value).size < 10) {
      fail('looks like a placeholder; generate one with: openssl rand -base64 48')
    }
    return value
  }
}

const verificationWords = oneOf('mandatory', 'optional', 'none')

/** Whether an address has to be verified. Django's `True` is `mandatory`, and `False` is `none`. */
export const verification: typeof verificationWords = {
  name: 'mandatory, optional or none',
  parse: value =>
    verificationWords.parse({ true: 'mandatory', false: 'none' }[value.toLowerCase()] ?? value)
}

/** `URL` and browsers also accept `https:host` and `https:///host`. */
const isWebUrl = (value: string): boolean =>
  /^https?:\/\/[^\s/\\]\S*$/i.test(value) && URL.canParse(value)

/** A complete http(s) URL. */
export const webUrl: Kind<string> = {
  name: 'URL',
  parse: value =>
    isWebUrl(value)
      ? value
      : fail('must be a URL that starts with https:// or http:// and names a host')
}

/** Where people get help: a web page or a mailbox. */
export const contact: Kind<string> = {
  name: 'URL or mailto:',
  parse: value =>
    /^mailto:[^\s<>@:/?]+@[^\s<>@:/?]+$/i.test(value) || isWebUrl(value)
      ? value
      : fail('must be a URL that starts with https:// or http://, or mailto: and an address')
}

/** What is behind a page: a colour, or the URL of an image. */
export const background: Kind<string> = {
  name: 'colour or URL',
  parse: value =>
    hexColour.test(value) || isWebUrl(value)
      ? value
      : fail('must be a colour such as #f3f4f6, or a URL that starts with https:// or http://')
}

/** A URL that this service calls. Credentials in it would be in logs of others; a fragment is not sent. */
export const endpoint: Kind<string> = {
  name: 'URL',
  parse(value) {
    const { username, password, hash } = new URL(webUrl.parse(value))
    return username + password + hash === ''
      ? value
      : fail('must be a URL without credentials and without a fragment')
  }
}

/** `name=value` pairs of HTTP headers, comma-separated; values may be percent-encoded. */
export const headers: Kind<Readonly<Record<string, string>>> = {
  name: 'list of name=value',
  parse(value) {
    const pairs = listOf(text)
      .parse(value)
      .map(entry => {
        const [, name, written = ''] = /^([\w-]{1,64})=([\x21-\x7e]{1,4096})$/.exec(entry) ?? []
        if (name === undefined) return fail('must be a list such as name=value,other=value')
        try {
          return [name, decodeURIComponent(written)] as const
        } catch {
          return fail('has a value whose percent-encoding is broken')
        }
      })
    return Object.fromEntries(pairs)
  }
}

/** The secret of a webhook as Standard Webhooks writes it. */
export const webhookSecret: Kind<string> = {
  name: 'whsec_ and base64',
  parse(value) {
    const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value) ?? []
    const key = Buffer.from(encoded, 'base64')
    if (key.length < 24 || key.length > 64 || new Set(key).size < 10)
      fail(
        'must be whsec_ and 24 to 64 random bytes in base64; generate one with: echo "whsec_$(openssl rand -base64 32)"'
      )
    return value
  }
}

/** Target of a redirect: an http(s) URL, or a path of this host. `//` would start the name of another host. */
export const target: Kind<string> = {
  name: 'URL or path',
  parse: value => (/^\/(?![/\\])[\x21-\x7e]*$/.test(value) ? value : webUrl.parse(value))
}

const hexColour = /^#[0-9a-f]{6}$/i

/** A CSS colour in six hexadecimal digits. */
export const colour = matching('colour', hexColour, 'must be a colour such as #3454d1')

/** `Name <address>` or an address alone, on one line. */
export const mailbox = matching(
  'mailbox',
  /^(?:[^<>\r\n\0]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/,
  'must be written like Name <name@example.com>'
)

/** `name:number` pairs, highest authority first. Names and numbers of built-in roles are refused. */
export const roleList: Kind<readonly NamedRole[]> = {
  name: 'list of name:number',
  parse(value) {
    const roles = listOf(text)
      .parse(value)
      .map(entry => {
        const match = /^([a-z][a-z0-9_-]{0,31}):(\d{1,6})$/.exec(entry)
        if (match === null) return fail('must be a list such as editor:300,author:200')
        return { name: match[1] as string, number: Number(match[2]) }
      })
    const names = [...roles.map(({ name }) => name), ...Object.keys(builtIn)]
    const numbers = [...roles.map(({ number }) => number), ...Object.values(builtIn)]
    const distinct = new Set(names).size + new Set<number>(numbers).size
    if (distinct < names.length + numbers.length)
      fail('names a role or a number twice, or a built-in role')
    return roles
  }
}
