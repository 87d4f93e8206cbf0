import type { TextParams } from '../errors/problem.js'
import type { Texts } from '../i18n/texts.js'
import { onceForEach } from '../once-for-each.js'

type Options = {
  readonly hash: TextParams
  readonly data: { readonly locale: string; readonly texts: Texts }
}

const day = 24
const wordJoiner = '\u2060'

// To build a formatter takes longer than to fill a template.
const formatsOf = onceForEach(locale => {
  const inUnit = (unit: string) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' })
  return {
    seconds: inUnit('second'),
    minutes: inUnit('minute'),
    hours: inUnit('hour'),
    days: inUnit('day'),
    date: new Intl.DateTimeFormat(locale, {
      dateStyle: 'long',
      timeStyle: 'short',
      timeZone: 'UTC'
    })
  }
})

/** Functions for templates. They return plain text, which the engine escapes in HTML. */
export const helpers = {
  /** A sentence of the catalogue: `{{t 'pages.error.title' name=value}}`. */
  t(key: string, { hash, data }: Options): string {
    const dot = key.lastIndexOf('.')
    return data.texts(key.slice(0, dot), key.slice(dot + 1), hash)
  },

  /** A duration in words: minutes below one hour, days from 48 hours on. */
  duration(hours: number, { data }: Options): string {
    const formats = formatsOf(data.locale)
    const [amount, format] =
      hours < 1
        ? [hours * 60, formats.minutes]
        : hours >= 2 * day
          ? [hours / day, formats.days]
          : [hours, formats.hours]
    return format.format(Math.max(1, Math.floor(amount)))
  },

  /** A wait in words: seconds below one minute, else minutes, rounded up. */
  seconds(count: number, { data }: Options): string {
    const { seconds, minutes } = formatsOf(data.locale)
    return count < 60 ? seconds.format(Math.ceil(count)) : minutes.format(Math.ceil(count / 60))
  },

  /** A time, given as a date or as ISO 8601, in UTC: the time zone of the reader is not known. */
  date(when: string | Date | null, { data }: Options): string {
    if (when === null) throw new TypeError('the time is missing')
    return `${formatsOf(data.locale).date.format(new Date(when))}\u00a0UTC`
  },

  /** A code in groups of four characters: `ABCD-EFGH`. */
  grouped(code: string, separator: string): string {
    return code.match(/.{1,4}/g)?.join(separator) ?? ''
  },

  /** An http(s) URL, or an empty text: no other scheme becomes a link. */
  webUrl: (url: unknown) => (/^https?:\/\//.test(String(url)) ? String(url) : ''),

  /** An http(s) URL or an email address as a URL, or an empty text. */
  contactUrl: (url: unknown) => (/^(https?:\/\/|mailto:)/i.test(String(url)) ? String(url) : ''),

  /** A URL as people read it: an email address without its scheme. */
  contact: (url: string) => url.replace(/^mailto:/i, ''),

  /** The URL of an authenticator app's secret, or an empty text. */
  authenticatorUrl: (url: string) => (url.startsWith('otpauth://totp/') ? url : ''),

  /** Text that mail programs do not turn into a link: an attacker may have chosen it (PAG-06). */
  unlinked: (text: string) => text.replaceAll(/[.@]/g, `$&${wordJoiner}`),

  /** An SVG picture as a URL for an `img`, where its scripts do not run. */
  svgUrl: (svg: string) => `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`,

  /** Lines as the URL of a text file, for a download without a request. */
  textUrl: (...lines: unknown[]) =>
    `data:text/plain;charset=utf-8,${encodeURIComponent(`${lines.slice(0, -1).flat().join('\n')}\n`)}`,

  not: (one: unknown) => !one,
  eq: (one: unknown, other: unknown) => one === other,
  or: (one: unknown, other: unknown) => one || other,
  concat: (...parts: unknown[]) => parts.slice(0, -1).join('')
}
