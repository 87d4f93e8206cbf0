/** The parts of an OpenAPI document that this file reads. */
type Schema = Record<string, unknown>
type Media = { schema?: Schema; example?: unknown; examples?: Examples }
type Content = Record<string, Media>
type Examples = Record<string, { value: unknown }>
type Header = { description: string; schema: Schema }
type Response = {
  description?: string
  content?: Content
  headers?: Record<string, Header>
}
type Operation = {
  operationId?: string
  parameters?: readonly { readonly in: string }[]
  requestBody?: { content: Content; required?: boolean }
  [pageMark]?: true
  [cookieMark]?: true
  'x-disabled'?: true
  responses: Record<string, Response>
}
type Path = Record<string, Operation>
type Document = {
  servers?: readonly { readonly url: string }[]
  paths?: Record<string, Path>
  components?: { schemas?: Record<string, Schema> }
}

/** Marks operations that are pages. {@link finishDocument} removes the mark. */
export const pageMark = 'x-page'
/** Marks operations that set or drop cookies. {@link finishDocument} removes the mark. */
export const cookieMark = 'x-cookies'
const problemName = 'Problem'
const problemRef = refTo(problemName)

/**
 * Makes the generated document usable for other tools: removes formats that only our validator
 * knows, gives schemas names, marks pages as `text/html` and adds examples of bodies and response headers.
 */
export function finishDocument<T extends object>(document: T): T {
  const { paths = {}, components = {} } = document as Document
  const schemas: Record<string, Schema> = {}
  for (const operations of Object.values(paths)) {
    // The GET operation of the same route describes it.
    delete operations.head
    for (const [method, operation] of Object.entries(operations)) {
      stripOwnFormats(operation)
      allowNotFound(operation)
      finishBody(operation)
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) >= 400) shareProblem(response, schemas)
        else finishSuccess(response)
        nameHeaders(Number(status), response, operation)
      }
      nameSchemas(operation, schemas)
      if (operation[pageMark]) describePage(operation)
      if (operation[pageMark] || method === 'get') describeErrorPages(operation)
      delete operation[pageMark]
      delete operation[cookieMark]
    }
  }
  components.schemas = sorted(schemas)
  Object.assign(document, { paths: sorted(paths) })
  return document
}

/** Where the paths of a service are, and which of its operations the settings turn off. */
type Service = { readonly url: string; readonly basePath: string; readonly registered: object }

/**
 * The document that a service shows: the one of the repository, which has every operation, with its own
 * address. What its settings turn off is marked `x-disabled`.
 */
export function serveDocument(document: object, { url, basePath, registered }: Service): object {
  const on = new Set(
    operationsOf(registered).flatMap(({ operationId, 'x-disabled': isOff }) =>
      isOff || operationId === undefined ? [] : [operationId]
    )
  )
  const served = structuredClone(document) as Document
  served.servers = [{ url: `${url}${basePath}` }]
  for (const operation of operationsOf(served))
    if (!on.has(operation.operationId ?? '')) operation['x-disabled'] = true
  for (const [path, operations] of Object.entries(served.paths ?? {}))
    if (basePath !== '' && isAtRoot(path)) Object.assign(operations, { servers: [{ url }] })
  return served
}

const isAtRoot = (path: string) => /^\/(\.well-known|health)\//.test(path)

const operationsOf = (document: object): Operation[] =>
  Object.values((document as Document).paths ?? {}).flatMap(path => Object.values(path))

const sorted = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

function refTo(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

/** A body without a required field may be left out. Its example has the fields that it needs. */
function finishBody({ requestBody }: Operation): void {
  const media = requestBody?.content['application/json']
  if (requestBody === undefined || media?.schema === undefined) return
  const { properties = {}, required = [] } = media.schema as {
    properties?: Record<string, Schema>
    required?: readonly string[]
  }
  requestBody.required = required.length > 0
  if (examplesOf(media).length > 0) return
  media.example = Object.fromEntries(
    required.map(name => [name, (properties[name]?.examples as unknown[] | undefined)?.[0]])
  )
}

/** Moves the schemas of bodies and answers to the components, under their title or their operation's name. */
function nameSchemas(operation: Operation, schemas: Record<string, Schema>): void {
  const { operationId = '', requestBody, responses } = operation
  const name = operationId.charAt(0).toUpperCase() + operationId.slice(1)
  for (const media of Object.values(requestBody?.content ?? {}))
    if (media.schema !== undefined) media.schema = named(media.schema, `${name}Request`, schemas)
  for (const [status, { content = {} }] of Object.entries(responses)) {
    const media = content['application/json']
    if (media?.schema === undefined) continue
    const own = Number(status) >= 400 ? null : `${name}Response`
    media.schema = named(media.schema, own, schemas)
  }
}

/** The schema, or a reference to it. Schemas inside it that have a title become references too. */
function named(schema: Schema, fallback: string | null, schemas: Record<string, Schema>): Schema {
  const { title = fallback, ...rest } = schema
  const inner = Object.entries(rest).map(([key, value]) => [key, namedInside(value, schemas)])
  const { examples, ...shared } = Object.fromEntries(inner) as Schema
  if (typeof title !== 'string') return { ...shared, ...(examples !== undefined && { examples }) }
  // The examples stand beside the reference: two answers with one schema have their own.
  const finished = shared
  const known = schemas[title]
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(finished))
    throw new Error(`Two schemas of the document are named ${title}.`)
  schemas[title] = finished
  return refTo(title)
}

function namedInside(node: unknown, schemas: Record<string, Schema>): unknown {
  if (Array.isArray(node)) return node.map(child => namedInside(child, schemas))
  if (typeof node !== 'object' || node === null) return node
  return named(node as Schema, null, schemas)
}

/** Some tools refuse a document with unknown formats. */
function stripOwnFormats(node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  const { format } = node as Schema
  if (format === 'text' || format === 'name') delete (node as Schema).format
  for (const child of Object.values(node)) stripOwnFormats(child)
}

/** Every route with a path parameter answers 404 when the parameter does not fit its pattern. */
function allowNotFound({ parameters = [], responses }: Operation): void {
  const other = Object.entries(responses).find(([status]) => Number(status) >= 400)?.[1]
  if (other === undefined || !parameters.some(({ in: place }) => place === 'path')) return
  responses['404'] ??= {
    description: '`not_found`: Not found.',
    content: {
      'application/json': {
        schema: { ...other.content?.['application/json']?.schema },
        example: { detail: 'Not found.', code: 'not_found' }
      }
    }
  }
}

function shareProblem(response: Response, schemas: Record<string, Schema>): void {
  const media = response.content?.['application/json']
  if (media?.schema === undefined) return
  const codes = examplesOf(media).map(example => (example as { code: string }).code)
  const { description: _, ...schema } = media.schema
  schemas[problemName] = schema
  media.schema = {
    allOf: [problemRef, { type: 'object', properties: { code: { enum: codes } } }]
  }
}

function finishSuccess(response: Response): void {
  const media = response.content?.['application/json']
  if (media?.schema === undefined || response.content === undefined) return
  if (examplesOf(media).length === 0) media.examples = alternativesOf(media.schema)
  if (media.schema.contentMediaType !== 'text/html') return
  const { contentMediaType: _, ...schema } = media.schema
  delete response.content['application/json']
  response.content['text/html'] = { ...media, schema }
}

/** One example for each member of a union. */
function alternativesOf({ anyOf }: Schema): Examples {
  const forms = Array.isArray(anyOf) ? (anyOf as { examples?: unknown[] }[]) : []
  const examples = forms.flatMap(form => form.examples ?? [])
  return Object.fromEntries(examples.map((value, n) => [`example${n + 1}`, { value }]))
}

/** A browser's navigation gets an error as a page. */
function describeErrorPages({ responses }: Operation): void {
  for (const [status, { content }] of Object.entries(responses))
    if (Number(status) >= 400 && content?.['application/json'] !== undefined)
      content['text/html'] ??= { schema: { type: 'string' }, example: '<!doctype html>…' }
}

/** Adds forms as request bodies, and pages as answers. */
function describePage({ requestBody, responses }: Operation): void {
  const json = requestBody?.content['application/json']
  if (json !== undefined && requestBody !== undefined)
    requestBody.content['application/x-www-form-urlencoded'] = json
  for (const { content } of Object.values(responses)) {
    if (content?.['application/json'] === undefined) continue
    content['text/html'] ??= { schema: { type: 'string' }, example: '<!doctype html>…' }
  }
}

function nameHeaders(status: number, response: Response, operation: Operation): void {
  const headers: Record<string, string> = {}
  if (setsCookies(status, response, operation))
    headers['Set-Cookie'] =
      status < 400
        ? 'Cookies of the session or of the flow, set or cleared.'
        : 'Clears a cookie that can never work again.'
  if (status === 302 || status === 303) headers.Location = 'The next page.'
  if (status === 401)
    headers['WWW-Authenticate'] = 'The authentication scheme that the route needs.'
  if (status === 405) headers.Allow = 'The methods of this path.'
  if (status === 429 || status === 503)
    headers['Retry-After'] = 'Seconds to wait before the next try.'
  if (Object.keys(headers).length === 0) return
  const described = Object.entries(headers).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } }
  ])
  response.headers = { ...Object.fromEntries(described), ...response.headers }
}

/** A marked operation sets cookies, a page those of its flow, and an answer with tokens that of the session. */
function setsCookies(status: number, { content }: Response, operation: Operation): boolean {
  if (status >= 400) return operation[cookieMark] === true && status <= 403
  const schema = JSON.stringify(content?.['application/json']?.schema ?? {})
  const leadsOn = operation[pageMark] === true && status !== 204
  return operation[cookieMark] === true || leadsOn || schema.includes('"access"')
}

const examplesOf = ({
  example,
  examples
}: {
  example?: unknown
  examples?: Examples
}): unknown[] =>
  example === undefined ? Object.values(examples ?? {}).map(({ value }) => value) : [example]
