import { setFlagsFromString } from 'node:v8'
import { type Command, InvalidArgumentError } from 'commander'
import { snakeCased } from '../../base/snake-case.js'
import type { Deps } from '../../deps.js'
import type { Counts, Line } from '../import-django/import.js'
import type { Progress } from '../import-django/run.js'
import { Refusal } from '../refusal.js'
import { roleNumber } from '../role-number.js'
import { withDeps } from './open.js'
import { jsonOption } from './options.js'
import { remark, say, sayFields, show } from './output.js'
import { progressBar } from './progress.js'

type RoleChoice = { readonly number: number; readonly name: string }

type Options = {
  readonly dryRun?: true
  readonly json?: true
  readonly usersTable?: string
  readonly role: readonly RoleChoice[]
  readonly recoveryCodes: { readonly count: number; readonly digits: number }
  readonly sessions?: true
  readonly jwtKey?: string
}

/** The command that brings the people of another installation. */
export function importCommands(program: Command): void {
  program
    .command('import')
    .description('bring the people of another installation')
    .command('django')
    .description('import from django-jwt-allauth, or from Django with allauth')
    .argument('<source>', 'file of manage.py dumpdata, - for standard input, or postgresql:// URL')
    .option('--dry-run', 'report what would happen, and write nothing')
    .option('--users-table <name>', 'the table of users, if it is not found by its columns')
    .option(
      '--role <number=name>',
      'import a role number as this role; can be repeated',
      (text: string, before: readonly RoleChoice[]) => [...before, roleChoice(text)],
      [] as readonly RoleChoice[]
    )
    .option('--recovery-codes <countxdigits>', 'how recovery codes are made there', codeShape, {
      count: 10,
      digits: 8
    })
    .option('--sessions', 'take over sessions: refresh tokens can be exchanged for 30 days')
    .option('--jwt-key <file>', 'the key that verifies those tokens: public key (PEM) or secret')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The report has a line for each person who is skipped or changed. Run it again at any time: it
changes only what is new there, and goes on where a run was cut off. People who changed here
since are left alone. The exit code is 1 only when nothing could be read.

  python manage.py dumpdata --output people.json
  postern import django people.json --dry-run
  postern import django people.json --sessions --jwt-key public.pem`
    )
    .action(importPeople)
}

function roleChoice(text: string): RoleChoice {
  const [, number, name] = /^(\d{1,9})=(.+)$/.exec(text) ?? []
  if (number === undefined || name === undefined)
    throw new InvalidArgumentError('It must be like 300=editor.')
  return { number: Number(number), name }
}

function codeShape(text: string) {
  const [, count, digits] = /^(\d{1,2})x(\d)$/i.exec(text) ?? []
  const shape = { count: Number(count), digits: Number(digits) }
  if (shape.count >= 1 && shape.digits >= 4) return shape
  throw new InvalidArgumentError('It must be like 10x8: ten codes of eight digits.')
}

async function importPeople(source: string, options: Options): Promise<void> {
  if ((options.sessions === undefined) !== (options.jwtKey === undefined))
    throw new Refusal('--sessions and --jwt-key FILE belong together.')
  // By default V8 lets the heap grow to four times what is in use before it collects.
  setFlagsFromString('--heap-growing-percent=50')
  // What is sealed under another SECRET_KEY than the service's would be lost. A dry run seals and writes nothing.
  const readKeys = options.dryRun !== true
  await withDeps(deps => importWith(deps, source, options), { readKeys })
}

async function importWith(deps: Deps, source: string, options: Options): Promise<void> {
  const { json, dryRun = false } = options
  const { importDjango } = await import('../import-django/run.js')
  const bar = progressBar()
  const report = json ? jsonReport() : textReport(bar.clear)
  try {
    const { counts, remarks } = await importDjango(
      deps,
      {
        source,
        dryRun,
        usersTable: options.usersTable,
        roles: new Map(options.role.map(({ number, name }) => [number, roleNumber(deps, name)])),
        codes: options.recoveryCodes,
        sessionsKeyFile: options.jwtKey ?? null
      },
      { onLine: report.line, onProgress: progress => draw(bar, progress) }
    )
    bar.clear()
    report.end(counts, remarks, dryRun)
  } finally {
    bar.clear()
  }
}

function draw(bar: ReturnType<typeof progressBar>, { phase, done, total, unit }: Progress): void {
  const number = (count: number) =>
    unit === 'bytes' ? `${(count / 1e6).toFixed(1)} MB` : count.toLocaleString('en')
  const of = total === null ? '' : ` of ${number(total)}`
  const share = total === null || total === 0 ? null : Math.min(1, done / total)
  bar.draw(
    share,
    `${phase === 'read' ? 'reading' : 'importing'} ${number(done)}${of}${unit === 'people' ? ' people' : ''}`
  )
}

type Report = {
  line(line: Line): void
  end(counts: Counts, remarks: readonly string[], dryRun: boolean): void
}

const words = {
  imported: 'imported, changed',
  updated: 'updated, changed',
  unchanged: 'unchanged',
  left: 'left alone',
  skipped: 'skipped'
} as const

function textReport(beforeLine: () => void): Report {
  return {
    line({ id, email, outcome, reasons }) {
      beforeLine()
      say(`${show(id)} ${show(email)}: ${words[outcome]}: ${show(reasons.join('; '))}`)
    },
    end(counts, remarks, dryRun) {
      for (const text of remarks) remark(text)
      sayFields({
        people: counts.people,
        imported: counts.imported,
        updated: counts.updated,
        unchanged: counts.unchanged,
        'left alone': counts.left,
        skipped: counts.skipped,
        passwords: counts.passwords,
        'without password': counts.withoutPassword,
        'second factors': counts.secondFactors,
        'recovery codes': counts.recoveryCodes,
        'social accounts': counts.identities,
        sessions: counts.sessions
      })
      if (dryRun) say('This was a dry run: nothing was written.')
    }
  }
}

/** One document. People are written as they come, because there may be many. */
function jsonReport(): Report {
  let isFirst = true
  return {
    line(line) {
      say(`${isFirst ? '{ "people": [\n' : ',\n'}${JSON.stringify(line)}`)
      isFirst = false
    },
    end(counts, remarks, dryRun) {
      const rest = JSON.stringify(snakeCased({ counts, remarks, dryRun }), null, 2)
      say(`${isFirst ? '{ "people": [' : ''}],${rest.slice(1)}`)
    }
  }
}
