import type { TestApp } from './app.js'
import { resolved } from './conformity.js'
import { patient } from './expect.js'

type Schema = Record<string, unknown> & {
  readonly properties?: Record<string, Schema>
  readonly required?: readonly string[]
}

export type Operation = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As the document has it, with `{name}` for a parameter. */
  readonly path: string
  /** A path that fits it, naming nothing that exists. */
  readonly url: string
  readonly operationId: string
  readonly security: readonly Record<string, readonly string[]>[]
  /** The schema of its body, if it takes one. */
  readonly body: Schema | null
  readonly responses: Record<string, { content?: Record<string, { schema: Schema }> }>
  readonly raw: Record<string, unknown>
}

type Document = {
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Record<string, Record<string, Record<string, unknown>>>
  readonly components: {
    readonly schemas: Record<string, Schema>
    readonly securitySchemes: Record<string, { type: string; in?: string; name: string }>
  }
}

/** The OpenAPI document of a running service. */
export async function documentOf(service: TestApp): Promise<Document> {
  return (await service.inject({ method: 'GET', url: '/docs/json' })).json()
}

/** Everything that can be on, so that every route is there. */
export const everything = {
  ...patient,
  EMAIL_VERIFICATION: 'optional',
  JWT_ALLAUTH_INVITATIONS: 'true',
  JWT_ALLAUTH_MFA_TOTP_MODE: 'optional'
}

/** A value for a parameter of a path that fits it and names nothing. */
function valueFor(name: string, raw: Record<string, unknown>): string {
  if (name === 'id') return '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11'
  const parameters = (raw.parameters ?? []) as { name: string; schema: { minLength?: number } }[]
  const schema = parameters.find(parameter => parameter.name === name)?.schema
  return 'nothing'.padEnd(schema?.minLength ?? 0, '0')
}

/** Every operation that the document lists: tests generated from it hold for routes not yet written. */
export async function operationsOf(service: TestApp): Promise<Operation[]> {
  const document = await documentOf(service)
  const methodsOf = (path: object) =>
    Object.entries(path as Document['paths'][string]).filter(
      ([name, { 'x-disabled': isOff }]) => name !== 'servers' && !isOff
    )
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    methodsOf(methods).map(([method, raw]) => ({
      method: method.toUpperCase() as Operation['method'],
      path,
      url: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => valueFor(name, raw)),
      operationId: String(raw.operationId),
      security: (raw.security ?? []) as Operation['security'],
      body: bodyOf(raw, document),
      responses: raw.responses as Operation['responses'],
      raw
    }))
  )
}

function bodyOf({ requestBody }: Record<string, unknown>, document: Document): Schema | null {
  const { content = {} } = (requestBody ?? {}) as { content?: Record<string, { schema: Schema }> }
  const schema = content['application/json']?.schema
  return schema === undefined ? null : (resolved(schema, document) as Schema)
}

/** A body that the schema takes, as far as its examples say. */
export function exampleBody({ properties = {} }: Schema): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const {
        examples = [],
        enum: words = [],
        type
      } = schema as Record<'examples' | 'enum', unknown[]> & Schema
      return [name, examples[0] ?? words[0] ?? (type === 'integer' || type === 'number' ? 1 : 'x')]
    })
  )
}
