import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import Handlebars from 'handlebars'
import { type Config, loadConfig } from '../../src/base/config/load.js'
import { languageNames } from '../../src/base/i18n/language-names.js'
import { packageRoot } from '../../src/base/package-root.js'
import { brandColours } from '../../src/base/views/assets.js'
import { contrast } from '../../src/base/views/colour.js'
import { readViews } from '../../src/base/views/files.js'
import {
  fieldsOfMail,
  type MailContext,
  mailFields,
  mailNames
} from '../../src/base/views/mails.js'
import { pageNames, pages } from '../../src/base/views/pages.js'
import { createRenderer } from '../../src/base/views/renderer.js'
import { sampleMail, samplePages } from '../../src/base/views/samples.js'
import { check } from '../../src/base/views/templates.js'
import { atEnd } from '../support/at-end.js'
import { footer, previewApp, states } from '../support/preview.js'

const settings = {
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  SECRET_KEY: 'kP3vXq8ZrT1mNcW7yBdH5sLfJ0aGuE2oRiYtQxVz4K6='
}
const configWith = (more: Record<string, string> = {}): Config =>
  loadConfig({ ...settings, ...more })
const renderer = createRenderer(configWith())

/** What somebody hostile would type; each has to come out as text. */
const hostile = [
  '<script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  "'><img src=x onerror=alert(1)>",
  '{{7*7}}{{{constructor.constructor}}}',
  '{{> layouts/page}}{{#with this}}',
  '" autofocus onfocus="alert(1)',
  'javascript:alert(1)',
  '</textarea></style></title><a href=https://evil.example>here</a>'
]

/** The same context with `value` for every text in it. */
function poisoned(context: unknown, value: string): unknown {
  if (typeof context === 'string') return value
  if (Array.isArray(context)) return context.map(item => poisoned(item, value))
  if (context === null || typeof context !== 'object' || context instanceof Date) return context
  return Object.fromEntries(
    Object.entries(context).map(([name, inner]) => [name, poisoned(inner, value)])
  )
}

/** Tags, and in them names of attributes: what a browser would act on. */
const markupOf = (html: string) =>
  [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replaceAll(/="[^"]*"/g, '=""'))

/** Addresses that a browser would open or load. */
const addressesOf = (html: string) =>
  [...html.matchAll(/(?:href|src|action|formaction)="([^"]*)"/g)].map(([, url]) => url as string)

for (const name of pageNames) {
  test(`PAG-01 no value becomes markup on the page ${name}`, () => {
    for (const context of samplePages[name]) {
      const plain = markupOf(renderer.page(name, 'en', poisoned(context, 'x') as never))
      for (const value of hostile) {
        const html = renderer.page(name, 'en', poisoned(context, value) as never)
        assert.deepEqual(markupOf(html), plain, value)
        assert.ok(!html.includes('49') || !value.includes('7*7'), 'a value was run as a template')
        for (const url of addressesOf(html))
          assert.match(url, /^(\/|https?:|data:(image\/svg\+xml;base64|text\/plain)|otpauth:|$)/)
      }
    }
  })
}

for (const name of mailNames) {
  test(`PAG-01 PAG-06 no value becomes markup or a link in the mail ${name}`, () => {
    const mailWith = (value: string) =>
      renderer.mail(name, 'en', {
        ...(poisoned(sampleMail, value) as MailContext),
        when: '2026-01-01T00:00:00Z',
        erasedAt: '2026-01-15T00:00:00Z'
      })
    const plain = mailWith('x')
    for (const value of hostile) {
      const mail = mailWith(value)
      assert.deepEqual(markupOf(mail.html), markupOf(plain.html), value)
      for (const url of addressesOf(mail.html))
        assert.match(url, /^(http:\/\/localhost:3000\/.*|)$/)
      assert.doesNotMatch(mail.subject, /[\r\n]/)
      assert.equal(mail.subject, plain.subject)
    }
  })
}

test('PAG-06 a masked address holds nothing that a mail program links', () => {
  const context = { ...sampleMail, newAddressMasked: 'v•••@evil.example' }
  for (const name of ['email-change-requested', 'email-changed'] as const) {
    const { html, text } = renderer.mail(name, 'en', context)
    for (const part of [html, text]) {
      assert.match(part, /v•••@\u2060evil\.\u2060example/)
      assert.doesNotMatch(part, /evil\.example/)
    }
  }
})

test('PAG-01 the text part of a mail is text: nothing in it is written as HTML', () => {
  const { text, subject } = createRenderer(configWith({ BRAND_NAME: "Ada's & Co" })).mail(
    'password-reset',
    'en',
    sampleMail
  )
  assert.match(subject, /Ada's & Co/)
  assert.match(text, /K7M3-XQ9T/)
  assert.doesNotMatch(text, /&#|&amp;|<|\{\{/)
})

test('PAG-02 fields that no page lists reach no template', () => {
  const stray = {
    layout: 'x',
    settings: { views: '/etc' },
    cache: false,
    partials: { 'layouts/page': 'owned' },
    _locals: {},
    helpers: { t: () => 'owned' },
    data: { site: { brand: 'owned' } },
    brand: 'owned',
    title: 'owned',
    // Names that layouts and partials look up, and would find.
    icon: 'owned',
    wide: true,
    hint: 'owned',
    look: 'owned'
  }
  for (const name of pageNames) {
    for (const context of samplePages[name]) {
      const html = renderer.page(name, 'en', { ...stray, ...(context as object) } as never)
      assert.equal(html, renderer.page(name, 'en', context as never))
    }
  }
  for (const name of mailNames) {
    const mail = renderer.mail(name, 'en', { ...stray, ...sampleMail })
    assert.deepEqual(mail, renderer.mail(name, 'en', sampleMail))
  }
})

test('PAG-02 what an object inherits reaches no template', () => {
  const inherited = Object.create({ maskedEmail: 'owned' }) as { maskedEmail: string }
  assert.doesNotMatch(renderer.page('registration/verify', 'en', inherited), /owned/)
})

for (const language of languageNames) {
  test(`every page and mail has all its texts in ${language}`, () => {
    for (const name of pageNames) {
      for (const context of samplePages[name]) {
        const html = renderer.page(name, language, context as never)
        assert.match(
          html,
          new RegExp(`<html lang="${/^(dev-|home)/.test(name) ? 'en' : language}">`)
        )
        assert.doesNotMatch(html, /\{\w*\}|undefined|\[object|NaN|null/)
      }
    }
    for (const name of mailNames) {
      const { subject, text, html } = renderer.mail(name, language, sampleMail)
      assert.notEqual(subject, '')
      for (const part of [subject, text, html.replace(/<style>.*<\/style>/s, '')])
        assert.doesNotMatch(part, /\{\w*\}|undefined|\[object|NaN|null/)
    }
  })
}

/** Mails that only tell something. A sign-up for an account that waits for its deletion leads nowhere, either. */
const withoutLink: readonly string[] = [
  'account-deleted',
  'account-exists',
  'recovery-codes-low',
  'test'
]

test('PAG-06 a mail carries its link in both parts, absolute, and loads nothing', () => {
  const config = configWith({ PUBLIC_URL: 'https://auth.example.com', BASE_PATH: '/auth' })
  const { mail } = createRenderer(config)
  for (const name of mailNames) {
    const { text, html } = mail(name, 'en', sampleMail)
    assert.doesNotMatch(html, /<img|<link|@import|url\(|<script|\bsrc=/)
    for (const url of addressesOf(html)) {
      assert.match(url, /^https:\/\/auth\.example\.com\/(auth\/)?password\/reset\//)
      assert.ok(text.includes(url), `${name}: the text part lacks ${url}`)
    }
    assert.equal(addressesOf(html).length, withoutLink.includes(name) ? 0 : 2, name)
  }
})

/** What Word shows, which renders mails in Outlook: it reads the conditional comments. */
const inOutlook = (html: string) =>
  html
    .replaceAll(/<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->/gs, '')
    .replaceAll(/<!--\[if mso\]>(.*?)<!\[endif\]-->/gs, '$1')

test('EML-16 a mail keeps its width and its button in Outlook, and all its tables close', () => {
  for (const name of mailNames) {
    const { html } = renderer.mail(name, 'en', sampleMail)
    for (const shown of [html, inOutlook(html)])
      for (const tag of ['table', 'tr', 'td'])
        assert.equal(
          shown.match(new RegExp(`<${tag}[ >]`, 'g'))?.length,
          shown.match(new RegExp(`</${tag}>`, 'g'))?.length,
          `${name}: ${tag}`
        )
    // Word knows no max-width: the card stands in a table of fixed width.
    assert.match(inOutlook(html), /<table [^>]*width="520"[^>]*>.*class="m-card /s)
    assert.doesNotMatch(html.replaceAll(/<!--.*?-->/gs, ''), /width="520"/)
    // Word knows no padding of a link: the cell has it.
    for (const [button] of html.matchAll(/<td class="m-button".*?<\/td>/gs))
      assert.match(button, /^<td [^>]*bgcolor="#3454d1"[^>]*mso-padding-alt:13px 26px;/)
    assert.equal(/class="m-button"/.test(html), !withoutLink.includes(name), name)
  }
})

const preheaderOf = (html: string) =>
  /<div style="display:none;[^"]*mso-hide:all;">([^&]+)&#847;/.exec(html)?.[1] ?? ''

test('EML-16 every mail has a preheader of its own, in every language', () => {
  const all = new Set<string>()
  for (const locale of languageNames)
    for (const name of mailNames) {
      const { html, text } = renderer.mail(name, locale, sampleMail)
      const preheader = preheaderOf(html)
      assert.ok(preheader.length > 8, `${name} ${locale}`)
      assert.ok(!all.has(preheader) && !text.includes(preheader), `${name} ${locale}: ${preheader}`)
      all.add(preheader)
    }
})

test('EML-16 PAG-06 a mail shows the logo of the brand, for light and dark, and loads nothing else', () => {
  const logos = {
    BRAND_LOGO_URL: 'https://cdn.example.com/logo.png',
    BRAND_LOGO_DARK_URL: 'https://cdn.example.com/dark.png'
  }
  const { BRAND_LOGO_URL, BRAND_LOGO_DARK_URL } = logos
  const config = configWith({ BRAND_LOGO_URL, BRAND_NAME: 'Ada & Co' })
  const images = (html: string) => [...html.matchAll(/<img [^>]*src="([^"]*)" alt="([^"]*)"/g)]
  const shown = (html: string) => images(html).map(([, src, alt]) => [src, alt])
  for (const name of mailNames) {
    const { html } = createRenderer(config).mail(name, 'en', sampleMail)
    assert.deepEqual(shown(html), [[BRAND_LOGO_URL, 'Ada &amp; Co']], name)
    assert.doesNotMatch(html, /m-logo-dark/)
    assert.match(html.replaceAll(/<img [^>]*>/g, ''), /Ada &amp; Co/)
  }
  const { html } = createRenderer({ ...config, ...logos }).mail('invitation', 'en', sampleMail)
  assert.deepEqual(shown(html), [
    [BRAND_LOGO_URL, 'Ada &amp; Co'],
    [BRAND_LOGO_DARK_URL, 'Ada &amp; Co']
  ])
  assert.match(html, /prefers-color-scheme: dark.*\.m-logo-dark \{ display: block !important/s)
  assert.deepEqual(shown(inOutlook(html)), [[BRAND_LOGO_URL, 'Ada &amp; Co']])
})

/** Mails about an event of an account. */
const notices = mailNames.filter(name => fieldsOfMail[name].includes('device'))

test('EML-15 a mail about an event says when, on which device and from which network, in every language', () => {
  assert.equal(notices.length, 12)
  const { mail } = renderer
  for (const locale of languageNames)
    for (const name of notices) {
      const { text, html } = mail(name, locale, sampleMail)
      for (const part of [text, html])
        for (const value of [/2026.*UTC|UTC.*2026/, /Firefox 140 · Linux/, /192\.0\.2\.7/])
          assert.match(part, value, `${name} ${locale}`)
    }
})

test('EML-15 what is unknown is left out of a mail, with no empty line', () => {
  const labels = { when: 'Time: ', device: 'Device: ', network: 'Network: ' } as const
  const { times, ...sample } = sampleMail
  for (const unknown of [['device'], ['network'], ['when', 'network'], Object.keys(labels)]) {
    const known = Object.entries(sample).filter(([field]) => !unknown.includes(field))
    for (const name of notices) {
      const { text, html } = renderer.mail(name, 'en', Object.fromEntries(known))
      assert.doesNotMatch(text, /\n\n\n/, name)
      assert.doesNotMatch(html, /<p[^>]*>\s*<\/p>|<br>\s*<br>/, name)
      for (const part of [text, html])
        for (const [field, label] of Object.entries(labels))
          assert.equal(part.includes(label), !unknown.includes(field), `${name} ${field}`)
    }
  }
})

test('EML-15 a mail about an event says where to turn, when that is set', () => {
  for (const [url, shown] of [
    ['https://help.example.com/account', 'https://help.example.com/account'],
    ['mailto:help@example.com', 'help@example.com']
  ] as const) {
    const { mail } = createRenderer(configWith({ SUPPORT_URL: url }))
    for (const locale of languageNames)
      for (const name of notices) {
        const { text, html } = mail(name, locale, sampleMail)
        assert.ok(text.includes(`\n${shown}\n`), `${name} ${locale}`)
        assert.ok(html.includes(`href="${url}"`), `${name} ${locale}`)
      }
  }
  for (const url of ['javascript:alert(1)', 'mailto:a@b.example?bcc=c@d.example', 'help.example'])
    assert.throws(() => configWith({ SUPPORT_URL: url }), /SUPPORT_URL/)
})

test('EML-14 an invitation names its inviter, or the brand alone, in every language', () => {
  for (const locale of languageNames) {
    const invitation = (inviter: string | null) =>
      renderer.mail('invitation', locale, { ...sampleMail, inviter })
    const [byPerson, byBrand] = [invitation('grace@example.com'), invitation(null)]
    for (const part of ['text', 'html'] as const) {
      // A mail program finds no address in it.
      const shown = 'grace@\u2060example\\.\u2060com'
      assert.match(byPerson[part], new RegExp(`${shown}.*Postern|Postern.*${shown}`))
      assert.doesNotMatch(byBrand[part], /@example|@\u2060|null/)
    }
  }
})

test('the mails that may not go without their link are those that show one', () => {
  const showing = mailNames.filter(name => {
    const { text } = renderer.mail(name, 'en', sampleMail)
    return text.includes(String(sampleMail.link))
  })
  assert.deepEqual(
    mailNames.filter(name => fieldsOfMail[name].includes('link')),
    showing
  )
})

test('UND-08 mails about a password and a removed factor lead to a reset, in every language', () => {
  const { mail } = createRenderer(
    configWith({ PUBLIC_URL: 'https://auth.example', BASE_PATH: '/a' })
  )
  const url = 'https://auth.example/a/password/reset/'
  for (const locale of languageNames)
    for (const name of [
      'password-changed',
      'mfa-disabled',
      'changes-undone',
      'mfa-enabled'
    ] as const) {
      const { text, html } = mail(name, locale, { ...sampleMail, link: null })
      assert.ok(text.includes(`\n${url}\n`), `${name} ${locale}`)
      assert.ok(html.includes(`href="${url}"`), `${name} ${locale}`)
    }
})

test('UND-01 a notice without an undo link says where the link is', () => {
  for (const locale of languageNames) {
    const { text, html } = renderer.mail('email-changed', locale, { ...sampleMail, link: null })
    assert.doesNotMatch(text, /https?:/)
    assert.doesNotMatch(html, /href=/)
    const withLink = renderer.mail('email-changed', locale, sampleMail)
    assert.ok(withLink.text.includes(String(sampleMail.link)))
  }
})

test('a mail says how long its link works, from the settings where nothing else is said', () => {
  const { mail } = createRenderer(configWith({ PASSWORD_RESET_TIMEOUT: '30m' }))
  const { link = null, code = null } = sampleMail
  assert.match(mail('password-reset', 'en', { link, code }).text, /Valid for: 30 minutes/)
  assert.match(mail('password-reset', 'en', { link, expiresInHours: 1 }).text, /: 1 hour\n/)
  assert.match(mail('email-verification', 'de', { link, code }).text, /Gültigkeit: 3 Tage/)
  assert.match(mail('email-changed', 'pl', { ...sampleMail }).text, /Ważność: 3 dni/)
  assert.match(mail('password-reset', 'ru', { link, expiresInHours: 5 }).text, /: 5 часов/)
})

test('ENU-10 the mail about a taken address fits a sign-up and a change of address alike', () => {
  const { text, html } = renderer.mail('account-exists', 'en', {})
  for (const part of [text, html]) {
    assert.match(part, /tried to use this address for another account/)
    assert.doesNotMatch(part, /sign(ed)? up|registered/)
  }
})

const buttons: Readonly<Record<string, RegExp>> = {
  en: /button/i,
  cs: /tlačítk/i,
  de: /Schaltfläche/i,
  es: /botón/i,
  fr: /bouton/i,
  ko: /버튼/,
  pl: /przycisk/i,
  'pt-BR': /botão/i,
  ru: /кнопк/i,
  tr: /düğme/i,
  'zh-Hans': /按钮/,
  'zh-Hant': /按鈕/
}

for (const language of languageNames) {
  test(`the text part of a mail speaks of no button in ${language}: it has none`, () => {
    const button = buttons[language] ?? assert.fail(`what is a button called in ${language}?`)
    assert.match(renderer.mail('invitation', language, sampleMail).html, button)
    for (const name of mailNames)
      assert.doesNotMatch(renderer.mail(name, language, sampleMail).text, button, name)
  })
}

test('a mail without a code speaks of none', () => {
  const { text, html } = renderer.mail('password-reset', 'en', { link: 'https://a.example/x/' })
  for (const part of [text, html]) assert.doesNotMatch(part, /this code/)
})

test('PAG-01 our own templates compile, escape every value and include only what there is', () => {
  const files = readViews(null)
  const names = [...files.keys()].filter(path => path.endsWith('.hbs'))
  const byName = new Map([...files].map(([path, file]) => [path.replace(/\.hbs$/, ''), file]))
  assert.ok(names.length > 60)
  for (const name of names) {
    const source = (files.get(name)?.content ?? '').toString()
    check(Handlebars.create(), name.replace(/\.hbs$/, ''), source, byName)
    assert.doesNotMatch(source, /\{\{\{|\{\{&|<script(?! src=)|\son\w+=/, name)
    if (/^(layouts\/page|pages|partials\/(?!mail-))/.test(name))
      assert.doesNotMatch(source, /\sstyle=|<style/, name)
    for (const [attribute] of source.matchAll(/\s[\w-]+=\{\{/g))
      assert.match(attribute, / (?!)/, `${name}: an attribute without quotes`)
  }
})

test('every page lists its fields, and every mail folder is a mail', () => {
  const files = [...readViews(null).keys()]
  const templates = (folder: string) =>
    new Set(
      files.filter(path => path.startsWith(`${folder}/`)).map(path => path.slice(folder.length + 1))
    )
  assert.deepEqual([...templates('pages')].sort(), pageNames.map(name => `${name}.hbs`).sort())
  const parts = mailNames.flatMap(name =>
    ['html', 'subject', 'text'].map(part => `${name}/${part}.hbs`)
  )
  assert.deepEqual([...templates('mails')].sort(), parts.sort())
  for (const name of pageNames) {
    const given = new Set(samplePages[name].flatMap(context => Object.keys(context)))
    assert.deepEqual(
      [...given].filter(field => !(pages[name].fields as readonly string[]).includes(field)),
      []
    )
  }
  assert.deepEqual(
    Object.keys(sampleMail).filter(field => !(mailFields as readonly string[]).includes(field)),
    []
  )
})

/** A TEMPLATES_DIR with these files. */
async function templatesDir(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-templates-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}
const startWith = async (t: TestContext, files: Readonly<Record<string, string>>) =>
  createRenderer(configWith({ TEMPLATES_DIR: await templatesDir(t, files) }))

test('TEMPLATES_DIR replaces pages, mails, partials and assets by name', async t => {
  const own = await startWith(t, {
    'pages/password-reset/complete.hbs':
      "{{#> layouts/page title='Done & dusted'}}<p>Ours, {{@site.brand}}</p>{{/layouts/page}}",
    'mails/password-reset/subject.hbs': 'Our own subject\n',
    'partials/address.hbs': '<p class="ours">{{maskedEmail}}</p>',
    'partials/mail-event-text.hbs': '\nSeen on {{device}} in {{network}}\n',
    'partials/mail-preheader.hbs': '<i>{{text}}</i>',
    'assets/postern.css': 'body { color: green }'
  })
  assert.match(own.page('password-reset/complete', 'en', {}), /Done &amp; dusted.*Ours, Postern/s)
  assert.equal(own.mail('password-reset', 'en', sampleMail).subject, 'Our own subject')
  const { text, html } = own.mail('password-changed', 'en', sampleMail)
  assert.match(text, /\n\nSeen on Firefox 140 · Linux in 192\.0\.2\.7\n/)
  assert.match(html, /<i>If you changed it yourself/)
  const maskedEmail = 'a•••@x'
  assert.match(own.page('registration/verify', 'en', { maskedEmail }), /class="ours">a•••@x/)
  assert.equal(own.assets.get('postern.css')?.content.toString(), 'body { color: green }')
  assert.notEqual(
    own.assets.get('postern.css')?.version,
    renderer.assets.get('postern.css')?.version
  )
})

const broken: [what: string, path: string, source: string, sentence: RegExp][] = [
  [
    'a template that does not parse',
    'pages/error.hbs',
    '{{#if detail}}never closed',
    /pages\/error\.hbs does not compile: Parse error on line/
  ],
  [
    'an unknown helper',
    'mails/invitation/html.hbs',
    "{{shout 'x'}}",
    /mails\/invitation\/html\.hbs does not compile: .*shout/
  ],
  [
    'a partial that is not there',
    'pages/error.hbs',
    '{{> partials/nonsense}}',
    /pages\/error\.hbs includes partials\/nonsense\.hbs, which is not there/
  ],
  [
    'a partial by a computed name',
    'pages/error.hbs',
    '{{> (lookup this "detail")}}',
    /pages\/error\.hbs includes a template by a computed name/
  ],
  [
    'three braces',
    'partials/address.hbs',
    '<b>{{{maskedEmail}}}</b>',
    /partials\/address\.hbs writes a value unescaped/
  ],
  [
    'a decorator',
    'pages/error.hbs',
    '{{#*inline "x"}}x{{/inline}}',
    /pages\/error\.hbs uses a decorator/
  ],
  [
    'a field that there is not',
    'pages/mfa/done.hbs',
    '{{#> layouts/page title="x"}}{{userName}}{{/layouts/page}}',
    /pages\/mfa\/done\.hbs .* page mfa\/done cannot be used: .*userName/
  ],
  [
    'a text that there is not',
    'mails/invitation/subject.hbs',
    "{{t 'mails.invitation.nonsense'}}",
    /mails\/invitation\/subject\.hbs .* mail invitation cannot be used: .*nonsense/
  ],
  [
    'a text that only readers of German would miss',
    'mails/invitation/subject.hbs',
    "Come {{#if (eq @locale 'de')}}{{t 'mails.invitation.nonsense'}}{{/if}}",
    /mails\/invitation\/subject\.hbs .* mail invitation cannot be used in de: .*nonsense/
  ],
  [
    'a subject of nothing but blanks',
    'mails/password-changed/subject.hbs',
    ' {{#if code}} {{/if}}\n',
    /subject\.hbs of TEMPLATES_DIR the mail password-changed cannot be used: its subject is empty\./
  ],
  [
    'a text part without the link of its mail',
    'mails/email-changed/text.hbs',
    'Your address was changed. {{code}}',
    /text\.hbs of TEMPLATES_DIR the mail email-changed cannot be used: its text part does not show the link\./
  ],
  [
    'an HTML part without the link of its mail',
    'mails/invitation/html.hbs',
    '<p>You are invited. {{code}}</p>',
    /html\.hbs of TEMPLATES_DIR the mail invitation cannot be used: its HTML part does not show the link\./
  ],
  [
    'a name that replaces nothing',
    'pages/password-reset/compelte.hbs',
    'x',
    /TEMPLATES_DIR holds pages\/password-reset\/compelte\.hbs, which replaces no template/
  ]
]

for (const [what, path, source, sentence] of broken) {
  test(`${what} in TEMPLATES_DIR stops the start with a sentence that names the file`, async t => {
    await assert.rejects(startWith(t, { [path]: source }), {
      name: 'ConfigError',
      message: sentence
    })
  })
}

test('a file of TEMPLATES_DIR that cannot be read stops the start with a sentence', async t => {
  const folder = await templatesDir(t, {})
  await symlink('nowhere', join(folder, 'postern.css'))
  assert.throws(() => createRenderer(configWith({ TEMPLATES_DIR: folder })), {
    name: 'ConfigError',
    message: 'TEMPLATES_DIR cannot be read (ENOENT).'
  })
})

test('text on the brand’s colour, and the colour on a card, can be read whatever the brand is', () => {
  const surfaces = { light: '#ffffff', dark: '#1b1e25' }
  const steps = [0, 51, 102, 153, 204, 255]
  for (const red of steps) {
    for (const green of steps) {
      for (const blue of steps) {
        const hex = `#${[red, green, blue].map(part => part.toString(16).padStart(2, '0')).join('')}`
        for (const scheme of ['light', 'dark'] as const) {
          const { button, buttonText, link } = brandColours(hex)[scheme]
          assert.ok(contrast(button, buttonText) >= 4.5, `${hex} ${scheme}: text on the button`)
          assert.ok(contrast(button, surfaces[scheme]) >= 1.35, `${hex} ${scheme}: the button`)
          assert.ok(contrast(link, surfaces[scheme]) >= 4.5, `${hex} ${scheme}: a link`)
        }
      }
    }
  }
  for (const works of ['#3454d1', '#ffd400', '#000000'])
    assert.equal(brandColours(works).light.button, works, 'a colour that works stays')
})

test('the surfaces that colours are measured against are those of the stylesheet', async () => {
  const css = await readFile(join(packageRoot, 'views/assets/postern.css'), 'utf8')
  assert.deepEqual(
    [...css.matchAll(/--surface: (#\w{6})/g)].map(([, hex]) => hex),
    ['#ffffff', '#1b1e25']
  )
})

test('PAG-04 password fields are password fields with their hint for password managers', () => {
  const email = 'ada@example.com'
  for (const name of ['password-reset/new', 'registration/set-password'] as const) {
    const html = renderer.page(name, 'en', { email })
    const inputs = html.match(/<input [^>]*name="new_password[12]"[^>]*>/g) ?? []
    assert.equal(inputs.length, 2)
    for (const input of inputs)
      assert.match(
        input,
        /type="password" autocomplete="new-password" minlength="8" maxlength="256"/
      )
    assert.doesNotMatch(html, /onpaste|oncopy/)
  }
})

test('errors are tied to their field, told by the title, and get the focus', () => {
  const html = renderer.page('password-reset/request', 'en', {
    values: { email: 'nobody' },
    errors: { email: ['Enter a valid email address.'], non_field_errors: ['Wait.'], x: ['Odd.'] }
  })
  assert.match(html, /<title>Error: Reset your password/)
  const input = /<input id="email"[^>]*>/.exec(html)?.[0] ?? ''
  assert.match(input, /value="nobody"/)
  assert.match(input, /aria-invalid="true" aria-describedby="email-errors" autofocus/)
  assert.match(html, /<ul class="errors" id="email-errors">\s*<li>Enter a valid email address\./)
  assert.match(html, /role="alert">\s*<p>Wait\.<\/p>\s*<p>Odd\.<\/p>/)
})

test('every page leads on: a form, or a link in the page itself', () => {
  const visit = { onward: '/account/', formKey: '', here: null }
  for (const { name, context, label } of states) {
    const html = renderer.page(name, 'en', context as never, visit)
    const [main = ''] = /<main[\s\S]*<\/main>/.exec(html) ?? []
    // The list of the developer's mailbox is empty until there is an email.
    if (label === 'dev-mailbox/list-0') continue
    assert.match(main, /<form |<a /, label)
  }
})

test('HTP-15 LNK-12 a page is sent with its policy, its language, and loads nothing from elsewhere', async t => {
  const app = await previewApp({
    BRAND_LOGO_URL: 'https://cdn.example.com/logo.svg',
    BRAND_LOGO_DARK_URL: 'https://cdn.example.com/dark.svg',
    BRAND_BACKGROUND: 'https://img.example.com/a\\b")/*.jpg?x=")',
    EMAIL_VERIFIED_REDIRECT: 'https://app.example.com/welcome',
    EMAIL_VERIFICATION: 'mandatory'
  })
  atEnd(t, () => app.close())
  const answer = await app.inject({
    url: '/page/0/',
    headers: { 'accept-language': 'zh-TW,en;q=0.5' }
  })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(
    answer.headers['content-security-policy'],
    "default-src 'none'; style-src 'self'; img-src 'self' data: https://cdn.example.com https://img.example.com; script-src 'self'; form-action 'self' https://app.example.com; frame-ancestors 'none'; base-uri 'none'"
  )
  assert.equal(answer.headers['content-language'], 'zh-Hant')
  assert.match(String(answer.headers.vary), /Accept-Language/)
  assert.equal(answer.headers['referrer-policy'], 'no-referrer')
  assert.equal(answer.headers['cross-origin-opener-policy'], 'same-origin')
  assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.match(answer.body, /<html lang="zh-Hant">/)
  for (const url of addressesOf(answer.body))
    assert.match(url, /^\/|^https:\/\/cdn\.example\.com\/logo\.svg$/)
  assert.match(
    answer.body,
    /<source srcset="https:\/\/cdn\.example\.com\/dark\.svg" media="\(prefers-color-scheme: dark\)">/
  )
  const sheet = (await app.inject('/assets/brand.css')).body
  assert.match(sheet, /url\("https:\/\/img\.example\.com\/a\/b%22\)\/\*\.jpg\?x=%22\)"\)/)
})

test('an error is a page to those who prefer one and JSON to all others, in their language', async t => {
  const app = await previewApp()
  atEnd(t, () => app.close())
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  const page = await app.inject({
    url: '/refused/',
    headers: { accept: browser, 'accept-language': 'de-AT' }
  })
  assert.equal(page.statusCode, 429)
  assert.equal(page.headers['retry-after'], '30')
  assert.match(page.body, /<html lang="de">.*Zu viele Anfragen.*throttled \(429\).*req-/s)
  for (const accept of ['application/json', '*/*', undefined]) {
    const { headers, body } = await app.inject({
      url: '/refused/',
      headers: { 'accept-language': 'de-AT', ...(accept && { accept }) }
    })
    assert.deepEqual(JSON.parse(body), {
      detail: 'Zu viele Anfragen. Versuchen Sie es in 30 s erneut.',
      code: 'throttled'
    })
    assert.equal(headers['content-language'], 'de')
    assert.equal(headers.vary, 'Accept-Language')
  }
})

test('assets are kept for ever under the URL that names their version, and checked under any other', async t => {
  const app = await previewApp({ BASE_PATH: '/auth', BRAND_COLOR: '#FFEE00' })
  atEnd(t, () => app.close())
  const { body } = await app.inject('/page/0/')
  const linked = addressesOf(body).filter(url => url.includes('/assets/'))
  const urls = [...new Set(linked.map(url => url.replaceAll('&#x3D;', '=').replace(/#.*/, '')))]
  assert.equal(urls.length, 5)
  for (const url of urls) {
    const asset = await app.inject(url)
    assert.equal(asset.statusCode, 200, url)
    assert.match(String(asset.headers['cache-control']), /max-age=31536000, immutable/)
    const etag = String(asset.headers.etag)
    const again = await app.inject({
      url: url.replace(/\?.*/, ''),
      headers: { 'if-none-match': etag }
    })
    assert.equal(again.statusCode, 304)
    assert.equal(again.headers['cache-control'], 'public, no-cache')
  }
  const sheet = (await app.inject('/auth/assets/brand.css')).body
  assert.match(sheet, /--button-text: #000000/)
  assert.equal((await app.inject('/auth/assets/..%2f..%2fpackage.json')).statusCode, 404)
  assert.equal((await app.inject('/auth/assets/constructor')).statusCode, 404)
})

test('the HTML part of a mail is shown in a sandbox that runs nothing', async t => {
  const app = await previewApp()
  atEnd(t, () => app.close())
  const index = states.findIndex(({ name }) => name === 'dev-mailbox/mail')
  const page = await app.inject(`/page/${index}/`)
  assert.match(String(page.headers['content-security-policy']), /frame-src 'self'/)
  const mail = await app.inject('/dev/mailbox/1/html')
  assert.match(
    String(mail.headers['content-security-policy']),
    /default-src 'none'; .*img-src http: https:; .*sandbox/
  )
  assert.equal(mail.headers['x-frame-options'], 'SAMEORIGIN')
  assert.match(mail.body, /<base target="_blank">/)
})

test('a colour behind the pages is darkened on a dark screen, and what cannot be used stops the start', async t => {
  const app = await previewApp({ BRAND_BACKGROUND: '#ffe9c7' })
  atEnd(t, () => app.close())
  const sheet = (await app.inject('/assets/brand.css')).body
  assert.match(sheet, /body { background: #ffe9c7; }.*dark.*color-mix\(in srgb, #ffe9c7 30%/s)
  const wrong: Record<string, string>[] = [
    { BRAND_BACKGROUND: 'red' },
    { BRAND_BACKGROUND: 'javascript:alert(1)' },
    { BRAND_LOGO_DARK_URL: 'https://cdn.example.com/dark.svg' },
    { SUPPORT_URL: 'javascript:alert(1)' },
    { SUPPORT_URL: 'mailto:' },
    { SUPPORT_URL: 'mailto:help@example.com?subject=x' },
    { SUPPORT_URL: '/help' },
    { PRIVACY_URL: 'mailto:help@example.com' },
    { TERMS_URL: 'terms.html' }
  ]
  for (const settings of wrong)
    assert.throws(() => configWith(settings), new RegExp(Object.keys(settings)[0] as string))
})

test('PAG-10 a page with its stylesheets and its script weighs at most 30 KB compressed', async t => {
  const app = await previewApp(footer)
  atEnd(t, () => app.close())
  const weigh = ({ rawPayload }: { rawPayload: Buffer }) => gzipSync(rawPayload).length
  const loaded = new Map<string, number>()
  const heavy: string[] = []
  for (const [index, { label }] of states.entries()) {
    const page = await app.inject({ url: `/page/${index}/`, headers: { 'accept-language': 'ru' } })
    let weight = weigh(page)
    for (const [, link = ''] of page.body.matchAll(/(?:href|src)="([^"]*\/assets\/[^"#]+)/g)) {
      const url = link.replaceAll('&#x3D;', '=')
      if (!loaded.has(url)) loaded.set(url, weigh(await app.inject(url)))
    }
    for (const part of loaded.values()) weight += part
    if (weight > 30_000) heavy.push(`${label}: ${weight} bytes`)
  }
  assert.equal(loaded.size, 5)
  assert.deepEqual(heavy, [])
})
