import { type Config, ConfigError } from '../config/load.js'
import { languageChoices, languageNames, nameOfLanguage } from '../i18n/language-names.js'
import { type Languages, openLanguages } from '../i18n/languages.js'
import { type Asset, brandColours, collectAssets } from './assets.js'
import { readViews, type ViewFile } from './files.js'
import {
  fieldsOfMail,
  lifetimeHours,
  type MailContext,
  type MailName,
  mailFields,
  mailNames
} from './mails.js'
import { type PageName, type Pages, pageNames, pages } from './pages.js'
import { sampleMail, samplePages } from './samples.js'
import { compileTemplates, type Templates } from './templates.js'

/** A mail that is ready to send. */
export type RenderedMail = Readonly<Record<'subject' | 'text' | 'html', string>>

/** What a page knows of the request. */
export type Visit = {
  /** Where its last button leads. */
  readonly onward: string | null
  /** The key of its forms. */
  readonly formKey: string
  /** Path and query of a page that shows the same in another language, with `lang`; null without one. */
  readonly here: string | null
}

const noVisit: Visit = { onward: null, formKey: '', here: null }

/** Makes pages and mails from templates and from the texts of a language. */
export type Renderer = {
  page<Name extends PageName>(
    name: Name,
    locale: string,
    context: Pages[Name],
    visit?: Visit
  ): string
  mail(name: MailName, locale: string, context: MailContext): RenderedMail
  readonly assets: ReadonlyMap<string, Asset>
}

/**
 * Reads every template once.
 *
 * @throws {ConfigError} with the name of a template of `TEMPLATES_DIR` that cannot be used.
 */
export function createRenderer(config: Config): Renderer {
  const languages = openLanguages(config)
  const files = readViews(config.TEMPLATES_DIR)
  const assets = collectAssets(files, config)
  const templates = config.TEMPLATES_DIR === null ? ownTemplates(files) : compileTemplates(files)
  const renderer = rendererOf(config, templates, languages, assets)
  tryReplaced(renderer, files, languages.closest(config.DEFAULT_LOCALE))
  return renderer
}

let compiled: Templates | undefined

/** The templates of `views/`, which no setting changes: each is compiled once in a process. */
function ownTemplates(files: ReadonlyMap<string, ViewFile>): Templates {
  compiled ??= compileTemplates(files)
  return compiled
}

function rendererOf(
  config: Config,
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

    page(name, locale, context, { onward, formKey, here } = noVisit) {
      // The pages of development are always in English, like the log.
      const isEnglish = /^(dev-mailbox|home)\//.test(name)
      const shared = dataFor(isEnglish ? 'en' : locale)
      const { fields, form = [] } = pages[name]
      const picked = pick(fields, context)
      const errors = (picked.errors ?? {}) as Readonly<Record<string, readonly string[]>>
      const entries = Object.entries(errors)
      const data = {
        ...shared,
        onward,
        formKey,
        language: nameOfLanguage(shared.locale),
        languages: isEnglish || here === null ? [] : choicesOf(here),
        failed: entries.length > 0,
        focus: form.find(field => Object.hasOwn(errors, field)) ?? null,
        problems: entries.flatMap(([field, sentences]) => (form.includes(field) ? [] : sentences))
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

const choicesOf = (here: string) =>
  languageChoices().map(language => ({
    ...language,
    href: `${here}${here.includes('?') ? '&' : '?'}lang=${language.tag}`
  }))

/** A new object with only the listed fields. Missing fields are null (PAG-02). */
function pick(fields: readonly string[], context: object): Readonly<Record<string, unknown>> {
  const given = context as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    fields.map(field => [field, Object.hasOwn(given, field) ? (given[field] ?? null) : null])
  )
}

/** The value of `@site` in every template. */
function siteOf(config: Config, assets: ReadonlyMap<string, Asset>) {
  const { BASE_PATH, PUBLIC_URL, PASSWORD_RESET_REQUEST_URL: ownReset } = config
  const urlOf = (name: string) => `${BASE_PATH}/assets/${name}?v=${assets.get(name)?.version}`
  return {
    base: BASE_PATH,
    brand: config.BRAND_NAME,
    logo: config.BRAND_LOGO_URL,
    logoDark: config.BRAND_LOGO_DARK_URL,
    support: config.SUPPORT_URL,
    privacy: config.PRIVACY_URL,
    terms: config.TERMS_URL,
    /** Whether the pages for sign-in, sign-up and the account are there. */
    hosted: config.HOSTED_PAGES,
    app: config.APP_URL,
    home: config.APP_URL ?? (config.HOSTED_PAGES ? `${BASE_PATH}/` : null),
    signIn: config.HOSTED_PAGES ? `${BASE_PATH}/login/` : config.APP_URL,
    mails: !config.EMAIL_DISABLED,
    invites: config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION,
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
 * Renders every page and mail, in every language, if an operator replaced templates. An unknown field is an
 * error only when a template is rendered, and a mail without its link is no error even then.
 */
function tryReplaced(
  renderer: Renderer,
  files: ReadonlyMap<string, ViewFile>,
  byDefault: string
): void {
  const replaced = [...files].filter(([path, { replaced }]) => replaced && path.endsWith('.hbs'))
  if (replaced.length === 0) return
  const attempt = (what: string, locale: string, render: () => unknown) => {
    try {
      render()
    } catch (cause) {
      const where = locale === byDefault ? '' : ` in ${locale}`
      const names = replaced.map(([path]) => path).join(', ')
      const { message } = cause as Error
      throw new ConfigError([
        `With ${names} of TEMPLATES_DIR the ${what} cannot be used${where}: ${message}.`
      ])
    }
  }
  for (const locale of new Set([byDefault, ...languageNames])) {
    for (const name of pageNames)
      for (const context of samplePages[name])
        attempt(`page ${name}`, locale, () => renderer.page(name, locale, context))
    for (const name of mailNames)
      attempt(`mail ${name}`, locale, () =>
        examine(name, renderer.mail(name, locale, pick(fieldsOfMail[name], sampleMail)))
      )
  }
}

/** Checks that a mail has a subject and shows its link. */
function examine(name: MailName, mail: RenderedMail): void {
  if (mail.subject === '') throw new Error('its subject is empty')
  if (!fieldsOfMail[name].includes('link')) return
  const link = String(sampleMail.link)
  if (!mail.text.includes(link)) throw new Error('its text part does not show the link')
  if (!mail.html.includes(link)) throw new Error('its HTML part does not show the link')
}
