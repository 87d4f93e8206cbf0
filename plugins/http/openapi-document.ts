/** The parts of an OpenAPI document that this file reads. */
type Schema = Record<string, unknown>
type Content = Record<string, { schema?: Schema; example?: unknown; examples?: Examples }>
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
  requestBody?: { content: Content }
  [pageMark]?: true
  responses: Record<string, Response>
}
type Document = {
  paths?: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

/** Marks operations that are pages. {@link finishDocument} removes the mark. */
export const pageMark = 'x-page'
const problemName = 'Problem'
const problemRef = { $ref: `#/components/schemas/${problemName}` }

/**
 * Makes the generated document usable for other tools: removes formats that only our validator
 * knows, gives all errors one schema, marks pages as `text/html` and adds response headers.
 */
export function finishDocument<T extends object>(document: T): T {
  const { paths = {}, components = {} } = document as Document
  for (const operations of Object.values(paths)) {
    // The GET operation of the same route describes it.
    delete operations.head
    for (const [method, operation] of Object.entries(operations)) {
      stripOwnFormats(operation)
      allowNotFound(operation)
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) >= 400) shareProblem(response, components)
        else finishSuccess(response)
        nameHeaders(Number(status), response)
      }
      if (operation[pageMark]) describePage(operation)
      if (operation[pageMark] || method === 'get') describeErrorPages(operation)
      delete operation[pageMark]
    }
  }
  return document
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

function shareProblem(response: Response, components: NonNullable<Document['components']>): void {
  const media = response.content?.['application/json']
  if (media?.schema === undefined) return
  const codes = examplesOf(media).map(example => (example as { code: string }).code)
  const { description: _, ...schema } = media.schema
  components.schemas = { ...components.schemas, [problemName]: schema }
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

function nameHeaders(status: number, response: Response): void {
  const headers: Record<string, string> = {}
  const fields = response.content?.['application/json']?.schema ?? {}
  if (status < 300 && JSON.stringify(fields).includes('"access"'))
    headers['Set-Cookie'] = 'The `refresh_token` cookie, with cookie transport.'
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

const examplesOf = ({
  example,
  examples
}: {
  example?: unknown
  examples?: Examples
}): unknown[] =>
  example === undefined ? Object.values(examples ?? {}).map(({ value }) => value) : [example]
