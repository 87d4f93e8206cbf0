type Scalar = string | number | boolean | Date | null
type Value = Scalar | Uint8Array | readonly Scalar[]

/** A piece of SQL: texts, and between them values and further pieces. */
export type Sql = {
  readonly texts: TemplateStringsArray
  readonly parts: readonly (Sql | Value)[]
}

/**
 * A piece of SQL from a template. In `${}` stands another piece, which also is how a table or column
 * is chosen, or a value: that never becomes text, and wants a cast after it.
 */
export const sql = (texts: TemplateStringsArray, ...parts: readonly (Sql | Value)[]): Sql => ({
  texts,
  parts
})

const isSql = (part: Sql | Value): part is Sql =>
  typeof part === 'object' && part !== null && 'texts' in part

function textOf({ texts, parts }: Sql, counted: Value[] = []): string {
  return texts.reduce((text, next, index) => {
    const part = parts[index - 1] as Sql | Value
    return text + (isSql(part) ? textOf(part, counted) : `$${counted.push(part)}`) + next
  })
}

const templatesOf = ({ texts, parts }: Sql): TemplateStringsArray[] => [
  texts,
  ...parts.flatMap(part => (isSql(part) ? templatesOf(part) : []))
]

/** Adds the values of a piece; where its templates end among those that are known, or NaN where they differ. */
function collect(
  { texts, parts }: Sql,
  templates: readonly TemplateStringsArray[],
  from: number,
  values: Value[]
): number {
  let index = texts === templates[from] ? from + 1 : Number.NaN
  for (const part of parts) {
    if (isSql(part)) index = collect(part, templates, index, values)
    else values.push(part)
  }
  return index
}

const known = new Map<string, { text: string; templates: readonly TemplateStringsArray[] }>()

function build(name: string, statement: Sql) {
  const built = { text: textOf(statement), templates: templatesOf(statement) }
  known.set(name, built)
  return built
}

/**
 * A named statement, as a driver takes it. The text is joined once for each name: joined for each
 * request it costs a read by primary key a tenth more.
 *
 * @throws when the name has stood for other templates, and so perhaps for another text.
 */
export function queryOf(name: string, statement: Sql): { text: string; values: unknown[] } {
  const { text, templates } = known.get(name) ?? build(name, statement)
  const values: Value[] = []
  // A template is one object for each place in the code.
  if (collect(statement, templates, 0, values) !== templates.length)
    throw new Error(`The statement ${name} has more than one text`)
  return { text, values }
}
