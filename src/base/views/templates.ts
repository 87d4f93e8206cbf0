import Handlebars from 'handlebars'
import { ConfigError } from '../config/load.js'
import type { ViewFile } from './files.js'
import { helpers } from './helpers.js'

type Engine = ReturnType<typeof Handlebars.create>
type Data = Readonly<Record<string, unknown>>

/** Renders one template with the fields of `context`, and `data` as the `@…` variables. */
export type Render = (name: string, context: Data, data: Data) => string

/** `html` renders pages and HTML parts of mails, `text` renders text parts and subjects. */
export type Templates = { readonly html: Render; readonly text: Render }

const options = {
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: Object.fromEntries(Object.keys(helpers).map(name => [name, true])),
  preventIndent: true
} satisfies CompileOptions & { [option: string]: unknown }

const access = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false }

const isText = (name: string) => /(?:^|[-/])(?:text|subject)$/.test(name)

/**
 * Prepares every template; each compiles at its first use. Text parts are not escaped, so they have
 * a separate engine that pages cannot use.
 *
 * @throws {ConfigError} with the name of a template that does not compile, writes a value unescaped
 *   or includes a template that does not exist.
 */
export function compileTemplates(files: ReadonlyMap<string, ViewFile>): Templates {
  const sources = [...files]
    .filter(([path]) => path.endsWith('.hbs'))
    .map(([path, file]) => [path.slice(0, -'.hbs'.length), file] as const)
  return {
    html: compile(new Map(sources.filter(([name]) => !isText(name))), false),
    text: compile(new Map(sources.filter(([name]) => isText(name))), true)
  }
}

function compile(files: ReadonlyMap<string, ViewFile>, noEscape: boolean): Render {
  const engine = Handlebars.create()
  engine.registerHelper(helpers)
  const compiled = new Map<string, HandlebarsTemplateDelegate>()
  for (const [name, { content, replaced }] of files) {
    const source = content.toString('utf8')
    if (replaced) check(engine, name, source, files)
    const template = engine.compile(source, { ...options, noEscape })
    engine.registerPartial(name, template)
    compiled.set(name, template)
  }
  return (name, context, data) => {
    const template = compiled.get(name)
    if (template === undefined) throw new Error(`No template ${name}.`)
    return template(context, { data, ...access })
  }
}

/**
 * Checks a template for errors that Handlebars reports only at the first use. The service checks the
 * templates of an operator at start; a test checks the templates of `views/`.
 */
export function check(
  engine: Engine,
  name: string,
  source: string,
  files: ReadonlyMap<string, ViewFile>
): void {
  const refuse = (what: string): never => {
    throw new ConfigError([`The template ${name}.hbs ${what}.`])
  }
  try {
    engine.precompile(source, options)
  } catch (cause) {
    refuse(`does not compile: ${(cause as Error).message.replaceAll(/\s+/g, ' ')}`)
  }
  const included = (path: hbs.AST.PathExpression | hbs.AST.SubExpression) => {
    if (path.type !== 'PathExpression') return refuse('includes a template by a computed name')
    const { original } = path as hbs.AST.PathExpression
    if (original !== '@partial-block' && !files.has(original))
      refuse(`includes ${original}.hbs, which is not there`)
  }
  class Inspector extends Handlebars.Visitor {
    override MustacheStatement(statement: hbs.AST.MustacheStatement) {
      if (!statement.escaped) refuse('writes a value unescaped, with three braces or an ampersand')
      super.MustacheStatement(statement)
    }
    override PartialStatement(statement: hbs.AST.PartialStatement) {
      included(statement.name)
      super.PartialStatement(statement)
    }
    override PartialBlockStatement(statement: hbs.AST.PartialBlockStatement) {
      included(statement.name)
      super.PartialBlockStatement(statement)
    }
    override Decorator() {
      refuse('uses a decorator')
    }
    override DecoratorBlock() {
      refuse('uses a decorator')
    }
  }
  new Inspector().accept(engine.parse(source))
}
