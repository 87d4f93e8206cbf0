import { groups, type Setting } from '../src/base/config/settings.js'
import { catalogue, type ProblemCode } from '../src/base/errors/catalogue.js'
import locale from '../views/locales/en.json' with { type: 'json' }
import { apiTypes } from './api-types.js'
import { openapiDocument } from './openapi.js'

const notice = 'Made by `npm run docs` from'

type Definitions = Readonly<Record<string, Setting<unknown>>>
const allGroups = Object.entries(groups) as [string, Definitions][]

/** What each generated file has to say now, by its path from the root. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const document = await openapiDocument()
  return new Map([
    ['docs/settings.md', settingsPage()],
    ['docs/errors.md', errorsPage()],
    ['.env.example', envExample()],
    ['docs/openapi.json', document],
    ['src/kit/types.ts', apiTypes(document)]
  ])
}

/** A default the way it is written in the environment; null where there is none. */
export function writtenDefault({ default: value, defaultText }: Setting<unknown>): string | null {
  const literal = /^`([^`]*)`$/.exec(defaultText ?? '')?.[1]
  if (value === null) return null
  if (literal !== undefined) return literal
  if (typeof value === 'object') return Object.values(value).join(',')
  return String(value)
}

function shownDefault(setting: Setting<unknown>): string {
  if (setting.defaultText !== undefined) return setting.defaultText
  const written = writtenDefault(setting)
  return written === null || written === '' ? 'none' : `\`${written}\``
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function settingsPage(): string {
  const sections = allGroups.map(([heading, definitions]) => {
    const rows = Object.entries(definitions).map(([name, setting]) => [
      setting.secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``,
      setting.description,
      shownDefault(setting),
      setting.kind.name
    ])
    return `## ${heading}\n\n${table(['Name', 'What it is', 'Default', 'Written as'], rows)}`
  })
  return `# Settings

<!-- ${notice} src/base/config/settings.ts; changes here are lost. -->

Every setting is an environment variable, or a line of \`.env\` in the working directory; the
environment wins. All of them are read once, at the start. What is wrong is told with one sentence for
each problem, never with the value, and the process exits with code 1. A name that is nearly one of
these, or starts with \`JWT_ALLAUTH_\`, \`EVENTS_WEBHOOK_\`, \`LOGIN_FAILURES_\` or \`RATE_LIMIT_\`, is
reported in the log with the nearest one that is. An empty
value is no value; for a setting that holds a secret it is a mistake. A secret may stand in a file
instead, whose path is the value of its name with \`_FILE\`; the end of the last line is no part of it.
Both at once are refused.

\`NODE_ENV=production\` turns on the checks of a production installation ([operations](operations.md)).

How values are written:

- **true or false** in any case.
- **duration**: \`45s\`, \`30m\`, \`12h\`, \`14d\`, \`2w\`. A bare number counts seconds,
  unless the table says otherwise.
- **count/period**: \`10/min\`, \`5/300s\`, \`20/15m\`, \`100/day\`.
- **list**: values separated by commas.
- **origin**: scheme, host and port, \`https://app.example\`, without a path.
- **CIDR range**: \`10.0.0.0/8\`, or one address. Names and numbers of hops are refused.

${sections.join('\n\n')}
`
}

const asComment = (text: string) => text.replace(/(.{1,96})( |$)/g, '# $1\n')

function envExample(): string {
  const sections = allGroups.map(([heading, definitions]) => {
    const entries = Object.entries(definitions).map(([name, setting]) => {
      const text = asComment(setting.description.replaceAll('`', ''))
      return `${text}# ${name}=${writtenDefault(setting) ?? ''}\n`
    })
    return `# ---- ${heading} ----\n\n${entries.join('\n')}`
  })
  return `# Copy to .env and uncomment what you change; docs/settings.md says how values are written.
# ${notice} src/base/config/settings.ts; changes here are lost.
# A line that is commented out shows the default, or nothing where there is none.

${sections.join('\n')}`
}

const sentences: Readonly<Record<string, string>> = locale.errors

function errorsPage(): string {
  const codes = (Object.entries(catalogue) as [ProblemCode, number][]).map(([code, status]) => [
    `\`${code}\``,
    String(status),
    sentences[code] ?? ''
  ])
  const fields = Object.values(locale.fields).map(sentence => [sentence])
  return `# Errors

<!-- ${notice} src/base/errors/catalogue.ts and views/locales/en.json; changes here are lost. -->

Every error of the API has one body:

\`\`\`json
{
  "detail": "Some fields need another look.",
  "code": "validation_error",
  "errors": { "email": ["Enter a valid e-mail address."] }
}
\`\`\`

- \`code\` is for programs. A code never changes its meaning, its status or its spelling.
- \`detail\` is a sentence for people. Its wording and its language may change.
- \`errors\` is there where fields of the request are to blame: a list of sentences by field, and
  under \`non_field_errors\` what belongs to none.

A value that was sent is never repeated. 401 carries \`WWW-Authenticate\`; 429 and 503 carry
\`Retry-After\`, and waiting that long is enough.

${table(['Code', 'Status', 'Sentence'], codes)}

Two more can come back on a connection whose request never got as far as a route:
\`malformed_request\` (400), for what is no HTTP, and \`request_timeout\` (408), for what did not arrive
in time.

## Sentences under \`errors\`

${table(['Sentence'], fields)}
`
}
