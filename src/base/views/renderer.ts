import { type Config, ConfigError } from '../config/load.js'
import { type Languages, openLanguages } from '../i18n/languages.js'
import { type Asset, brandColours, collectAssets } from './assets.js'
import { readViews, type ViewFile } from './files.js'
import {
  lifetimeHours,
  type MailContext,
  type MailName,
  mailFields,
  mailGets,
  mailNames
} from './mails.js'
import { type PageName, type Pages, pageNames, pages } from './pages.js'
import { sampleMail, samplePages } from './samples.js'
import { compileTemplates, type Templates } from './templates.js'

/** A mail ready to be sent. */
export type RenderedMail = {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Everything that a person sees, made from templates and the texts of their language. */
export type Renderer = {
  page<Name extends PageName>(name: Name, locale: string, context: Pages[Name]): string
  mail(name: MailName, locale: string, context: MailContext): RenderedMail
  readonly assets: ReadonlyMap<string, Asset>
}

type Settings = Pick<
  Config,
  | 'ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS'
  | 'BASE_PATH'
  | 'BRAND_COLOR'
  | 'BRAND_LOGO_URL'
  | 'BRAND_NAME'
  | 'DEFAULT_LOCALE'
  | 'PASSWORD_MIN_LENGTH'
  | 'PASSWORD_RESET_REQUEST_URL'
  | 'PASSWORD_RESET_TIMEOUT'
  | 'PUBLIC_URL'
  | 'TEMPLATES_DIR'
>

/**
 * Reads and compiles every template, once.
 *
 * @throws {ConfigError} naming the template of `TEMPLATES_DIR` that cannot be used.
 */
export function createRenderer(config: Settings): Renderer {
  const languages = openLanguages(config)
  const files = readViews(config.TEMPLATES_DIR)
  const assets = collectAssets(files, config.BRAND_COLOR)
  const renderer = rendererOf(config, compileTemplates(files), languages, assets)
  tryReplaced(renderer, files, languages.closest(config.DEFAULT_LOCALE))
  return renderer
}

function rendererOf(
  config: Settings,
  { html, text }: Templates,
  languages: Languages,
  assets: ReadonlyMap<string, Asset>
): Renderer {
  const site = siteOf(config, assets)
  const dataFor = (tag: string) => {
    const locale = languages.closest(tag)
    return { site, locale, texts: languages.texts(locale) }
  }
  return {
    assets,

    page(name, locale, context) {
      const { fields, form = [] } = pages[name]
      const picked = pick(fields, context)
      const errors = (picked.errors ?? {}) as Readonly<Record<string, readonly string[]>>
      const told = Object.entries(errors)
      const data = {
        // The mailbox is a tool for developers; like the log it speaks English.
        ...dataFor(name.startsWith('dev-mailbox/') ? 'en' : locale),
        failed: told.length > 0,
        focus: form.find(field => Object.hasOwn(errors, field)) ?? null,
        problems: told.flatMap(([field, sentences]) => (form.includes(field) ? [] : sentences))
      }
      return html(`pages/${name}`, { ...picked, values: picked.values ?? {}, errors }, data)
    },

    mail(name, locale, context) {
      const expiresInHours = context.expiresInHours ?? lifetimeHours(name, config)
      const fields = pick(mailFields, { ...context, expiresInHours })
      const data = dataFor(locale)
      const part = (render: Templates['html'], kind: string) =>
        render(`mails/${name}/${kind}`, fields, data)
      return {
        subject: part(text, 'subject').replaceAll(/\s+/g, ' ').trim(),
        text: part(text, 'text').trimEnd().concat('\n'),
        html: part(html, 'html')
      }
    }
  }
}

/** A fresh object with the listed fields and no other; what is not given is null (PAG-02). */
function pick(fields: readonly string[], context: object): Readonly<Record<string, unknown>> {
  const given = context as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    fields.map(field => [field, Object.hasOwn(given, field) ? (given[field] ?? null) : null])
  )
}

/** What every template sees as `@site`. */
function siteOf(config: Settings, assets: ReadonlyMap<string, Asset>) {
  const { BASE_PATH, PUBLIC_URL, PASSWORD_RESET_REQUEST_URL: ownReset } = config
  const urlOf = (name: string) => `${BASE_PATH}/assets/${name}?v=${assets.get(name)?.version}`
  return {
    base: BASE_PATH,
    brand: config.BRAND_NAME,
    logo: config.BRAND_LOGO_URL,
    resetUrl: new URL(ownReset ?? `${BASE_PATH}/password/reset/`, PUBLIC_URL).href,
    passwordMinLength: config.PASSWORD_MIN_LENGTH,
    colours: brandColours(config.BRAND_COLOR),
    assets: {
      brand: urlOf('brand.css'),
      favicon: urlOf('favicon.svg'),
      icons: urlOf('icons.svg'),
      script: urlOf('postern.js'),
      stylesheet: urlOf('postern.css')
    }
  }
}

/**
 * A template that asks for what there is not fails only when it is rendered, and one that leaves out
 * what a mail is for not even then: so both are looked for now.
 */
function tryReplaced(
  renderer: Renderer,
  files: ReadonlyMap<string, ViewFile>,
  locale: string
): void {
  const replaced = [...files].filter(([path, { replaced }]) => replaced && path.endsWith('.hbs'))
  if (replaced.length === 0) return
  const attempt = (what: string, render: () => unknown) => {
    try {
      render()
    } catch (cause) {
      const names = replaced.map(([path]) => path).join(', ')
      const { message } = cause as Error
      throw new ConfigError([
        `With ${names} of TEMPLATES_DIR the ${what} cannot be used: ${message}.`
      ])
    }
  }
  for (const name of pageNames)
    for (const context of samplePages[name])
      attempt(`page ${name}`, () => renderer.page(name, locale, context))
  for (const name of mailNames)
    attempt(`mail ${name}`, () =>
      examine(name, renderer.mail(name, locale, pick(mailGets[name], sampleMail)))
    )
}

/** What a mail of the sample has to hold to be of use, whatever its templates look like. */
function examine(name: MailName, mail: RenderedMail): void {
  if (mail.subject === '') throw new Error('its subject is empty')
  if (!mailGets[name].includes('link')) return
  const link = String(sampleMail.link)
  if (!mail.text.includes(link)) throw new Error('its text part does not show the link')
  if (!mail.html.includes(link)) throw new Error('its HTML part does not show the link')
}
