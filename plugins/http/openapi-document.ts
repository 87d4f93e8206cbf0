/** As much of an OpenAPI document as is looked at here. */
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

/** Marks the operations of pages between the routes and {@link finishDocument}. */
export const pageMark = 'x-page'
const problemName = 'Problem'
const problemRef = { $ref: `#/components/schemas/${problemName}` }

/**
 * Makes of the document that the routes yield one that other tools can use: what only our validator
 * knows is left out, errors share one schema and list their codes, pages are `text/html`, and the
 * headers that answers carry are named.
 */
export function finishDocument<T extends object>(document: T): T {
  const { paths = {}, components = {} } = document as Document
  for (const operations of Object.values(paths)) {
    // A route that answers HEAD by itself is described by its GET.
    delete operations.head
    for (const operation of Object.values(operations)) {
      stripOwnFormats(operation)
      allowNotFound(operation)
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) >= 400) shareProblem(response, components)
        else finishSuccess(response)
        nameHeaders(Number(status), response)
      }
      if (operation[pageMark]) describePage(operation)
      delete operation[pageMark]
    }
  }
  return document
}

/** Formats of ours mean nothing elsewhere, and some tools refuse a document for them. */
function stripOwnFormats(node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  const { format } = node as Schema
  if (format === 'text' || format === 'name') delete (node as Schema).format
  for (const child of Object.values(node)) stripOwnFormats(child)
}

/** A path parameter that fits no pattern names nothing, whatever the route is for. */
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

/** One example for each form that an answer can have. */
function alternativesOf({ anyOf }: Schema): Examples {
  const forms = Array.isArray(anyOf) ? (anyOf as { examples?: unknown[] }[]) : []
  const examples = forms.flatMap(form => form.examples ?? [])
  return Object.fromEntries(examples.map((value, n) => [`example${n + 1}`, { value }]))
}

/** A browser posts forms to a page, and is answered with pages, failures too. */
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
    headers['Set-Cookie'] = 'The `refresh_token` cookie, where the refresh token travels by cookie.'
  if (status === 302 || status === 303) headers.Location = 'Where to go on.'
  if (status === 401) headers['WWW-Authenticate'] = 'The scheme that is asked for.'
  if (status === 405) headers.Allow = 'The methods that are served.'
  if (status === 429 || status === 503) headers['Retry-After'] = 'Seconds after which to try again.'
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
