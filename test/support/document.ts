import type { TestApp } from './app.js'

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
  readonly paths: Record<string, Record<string, Record<string, unknown>>>
  readonly components: {
    readonly securitySchemes: Record<string, { type: string; in?: string; name: string }>
  }
}

/** The OpenAPI document of a running service. */
export async function documentOf(service: TestApp): Promise<Document> {
  return (await service.inject({ method: 'GET', url: '/docs/json' })).json()
}

const parameters: Record<string, string> = {
  id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11'
}

/** Every operation that the document lists: tests generated from it hold for routes not yet written. */
export async function operationsOf(service: TestApp): Promise<Operation[]> {
  const { paths } = await documentOf(service)
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => ({
      method: method.toUpperCase() as Operation['method'],
      path,
      url: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? 'nothing'),
      operationId: String(raw.operationId),
      security: (raw.security ?? []) as Operation['security'],
      body: bodyOf(raw),
      responses: raw.responses as Operation['responses'],
      raw
    }))
  )
}

function bodyOf({ requestBody }: Record<string, unknown>): Schema | null {
  const { content = {} } = (requestBody ?? {}) as { content?: Record<string, { schema: Schema }> }
  return content['application/json']?.schema ?? null
}

/** A body that the schema takes, as far as its examples say. */
export function exampleBody({ properties = {} }: Schema): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const { examples = [], type } = schema as { examples?: unknown[]; type?: unknown }
      return [name, examples[0] ?? (type === 'integer' || type === 'number' ? 1 : 'x')]
    })
  )
}
