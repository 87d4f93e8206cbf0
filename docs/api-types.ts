type Schema = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly description?: string
}
type Content = Readonly<Record<string, { readonly schema?: Schema }>>
type Parameter = {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: Schema
}
type Operation = {
  readonly operationId: string
  readonly summary?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
type Document = {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
const places = ['query', 'header', 'path', 'cookie']

/**
 * The types of the API as a module, in the form of openapi-typescript, which clients such as
 * openapi-fetch take. That generator itself needs the compiler's older interface.
 */
export function apiTypes(text: string): string {
  const { components, paths } = JSON.parse(text) as Document
  const schemas = Object.entries(components.schemas).map(([name, schema]) =>
    member(name, typeOf(schema), schema.description)
  )
  const operations: string[] = []
  const routes = Object.entries(paths).map(([path, item]) => {
    const members = methods.flatMap(method => {
      const operation = item[method] as Operation | undefined
      if (operation === undefined) return []
      const { operationId, summary } = operation
      operations.push(member(operationId, operationType(operation), summary))
      return `${method}: operations['${operationId}']`
    })
    return member(path, block(['parameters: {}', ...members]))
  })
  return [
    '// Made by `npm run docs` from docs/openapi.json; changes here are lost.\n',
    '/** The operations of each path. */',
    `export interface paths ${block(routes)}\n`,
    '/** The bodies of requests and answers, by name. */',
    `export interface components {\n${indented(`schemas: ${block(schemas)}`)}\n}\n`,
    '/** Each operation, by its id. */',
    `export interface operations ${block(operations)}\n`
  ].join('\n')
}

function operationType({ parameters = [], requestBody, responses }: Operation): string {
  const given = places.map(place => {
    const those = parameters.filter(parameter => parameter.in === place)
    if (those.length === 0) return `${place}?: never`
    const optional = those.some(({ required }) => required) ? '' : '?'
    const members = those.map(({ name, required, schema = {} }) =>
      member(name, typeOf(schema), undefined, required)
    )
    return `${place}${optional}: ${block(members)}`
  })
  const body =
    requestBody === undefined
      ? 'requestBody?: never'
      : `requestBody${requestBody.required ? '' : '?'}: ${block([contentType(requestBody.content)])}`
  const answers = Object.entries(responses).map(([status, { content }]) =>
    member(status, block(['headers: { [name: string]: unknown }', contentType(content)]))
  )
  return block([`parameters: ${block(given)}`, body, `responses: ${block(answers)}`])
}

function contentType(content: Content | undefined): string {
  if (content === undefined) return 'content?: never'
  const members = Object.entries(content).map(([type, { schema = {} }]) =>
    member(type, typeOf(schema))
  )
  return `content: ${block(members)}`
}

function typeOf(schema: Schema): string {
  const { $ref, type, anyOf, allOf, items = {} } = schema
  if ($ref !== undefined) return `components['schemas']['${$ref.split('/').at(-1)}']`
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(one => JSON.stringify(one)).join(' | ')
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' | ')
  if (allOf !== undefined) return allOf.map(one => `(${typeOf(one)})`).join(' & ')
  if (Array.isArray(type)) return type.map(one => typeOf({ ...schema, type: one })).join(' | ')
  if (type === 'array') return `(${typeOf(items)})[]`
  if (type === 'object') return objectType(schema)
  return type === 'integer' ? 'number' : ((type as string | undefined) ?? 'unknown')
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  if (properties === undefined || Object.keys(properties).length === 0) {
    if (additionalProperties === false) return 'Record<string, never>'
    const value =
      typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown'
    return `Record<string, ${value}>`
  }
  return block(
    Object.entries(properties).map(([name, property]) =>
      member(name, typeOf(property), property.description, required.includes(name))
    )
  )
}

function member(name: string, type: string, description?: string, required = true): string {
  const written = /^(\w+|\d+)$/.test(name) ? name : JSON.stringify(name)
  const line = `${written}${required ? '' : '?'}: ${type}`
  if (description === undefined) return line
  return `/** ${description.replaceAll('*/', '*\\/').replaceAll('\n', ' ')} */\n${line}`
}

/** The members of an object on one line, if they fit. */
function block(members: readonly string[]): string {
  if (members.length === 0) return '{}'
  const line = `{ ${members.join('; ')} }`
  return line.length <= 90 && !line.includes('\n') ? line : `{\n${indented(members.join('\n'))}\n}`
}

const indented = (text: string) => text.replace(/^(?=.)/gm, '  ')
