import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Schema from 'typebox/schema'
import { packageRoot } from '../../src/base/package-root.js'
import type { Answer } from './people.js'

type Media = { readonly schema: object }
type Documented = {
  readonly content?: Record<string, Media>
  readonly headers?: Record<string, object>
}
type Operation = { readonly operationId: string; readonly responses: Record<string, Documented> }
type Document = { readonly paths: Record<string, Record<string, Operation>> }

/** A schema with what it refers to in place. */
export function resolved(node: unknown, document: unknown): unknown {
  if (Array.isArray(node)) return node.map(child => resolved(child, document))
  if (typeof node !== 'object' || node === null) return node
  const { $ref } = node as { $ref?: string }
  if ($ref !== undefined) {
    const path = $ref.slice(2).split('/')
    const target = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document)
    return resolved(target, document)
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, child]) => [key, resolved(child, document)])
  )
}

const document: Document = JSON.parse(
  readFileSync(join(packageRoot, 'docs', 'openapi.json'), 'utf8')
)

/** Operations by method, each with the paths that it may have. */
const operations = Object.entries(document.paths).flatMap(([path, methods]) => {
  const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}?$`)
  // A path without a parameter comes first: `/registration/verification/code/` is no key.
  const rank = path.includes('{') ? 1 : 0
  return Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    pattern,
    rank,
    operation
  }))
})
operations.sort((a, b) => a.rank - b.rank)

const compiled = new Map<Media, ReturnType<typeof Schema.Compile>>()

function complies(media: Media, value: unknown): boolean {
  const validator =
    compiled.get(media) ??
    Schema.Compile(resolved(media.schema, document) as Parameters<typeof Schema.Compile>[0])
  compiled.set(media, validator)
  return validator.Check(value)
}

/** Headers that a client may act on. */
const meant = /^(set-cookie|location|www-authenticate|retry-after|allow|x-auth-.*)$/

/**
 * Asserts that an answer is as `docs/openapi.json` says: status, content type, body and headers. Paths that
 * it does not have are left alone, such as those of files; so is 404 of a path that the settings turn off.
 */
export function assertDocumented(
  { method = 'GET', url, basePath }: { method?: string; url: string; basePath: string },
  { statusCode, headers, body }: Answer
): void {
  // A test may send what is no URL.
  if (!URL.canParse(url, 'http://localhost')) return
  const { pathname } = new URL(url, 'http://localhost')
  const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : pathname
  const found = operations.find(one => one.method === method && one.pattern.test(path))
  if (found === undefined || statusCode === 404 || statusCode === 405) return
  const name = `${method} ${found.path} (${found.operation.operationId}) ${statusCode}`
  const response = found.operation.responses[String(statusCode)]
  assert.ok(response, `${name} is not documented: ${body.slice(0, 300)}`)
  const documented = Object.keys(response.headers ?? {}).map(header => header.toLowerCase())
  for (const header of Object.keys(headers))
    if (meant.test(header))
      assert.ok(documented.includes(header), `${name}: ${header} is not documented`)
  if (body === '') return
  const type = String(headers['content-type'] ?? '').split(';')[0] ?? ''
  const media = response.content?.[type]
  assert.ok(media, `${name}: ${type} is not documented`)
  if (type === 'application/json')
    assert.ok(complies(media, JSON.parse(body)), `${name}: ${body.slice(0, 300)}`)
}
