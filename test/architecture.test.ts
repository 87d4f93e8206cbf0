import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import test from 'node:test'
import { groups } from '../src/base/config/settings.js'
import { catalogue } from '../src/base/errors/catalogue.js'
import { packageRoot } from '../src/base/package-root.js'

/**
 * What is in `src`, lowest first: a module may use what stands above it in this list, and its own
 * folder. Folders on one line do not know each other. A file that stands here by itself holds words
 * or pure rules of its folder, which lower folders need too.
 */
const layers: readonly (readonly string[])[] = [
  // tier 0: what everything is made of
  [
    'crypto',
    'errors',
    'roles',
    'openapi',
    'package-root.ts',
    'accounts/address.ts',
    'tokens/jws.ts'
  ],
  ['i18n/language-names.ts'],
  ['config', 'version.ts'],
  ['i18n', 'links/paths.ts'],
  // tier 1
  ['database'],
  // tier 2: books that are kept, and what is sent
  ['attempts', 'views'],
  ['audit', 'keys', 'outbox'],
  ['links'],
  // tier 3: what exists
  ['accounts', 'passwords', 'sessions', 'mfa'],
  ['tokens'],
  // tier 4: what people do, from the parts of what they do
  ['sign-in', 'factor-check', 'link-requests', 'email-change', 'logout'],
  [
    'login',
    'registration',
    'email-verification',
    'password-change',
    'password-reset',
    'invitations',
    'reauthentication',
    'profile'
  ],
  ['second-factor', 'operator', 'housekeeping'],
  // the processes
  ['process']
]
const processes =
  /^(app|server|worker|run-service|run-worker|start-failure|server-options|open-deps)\.ts$|^(cli|doctor)\//

/** Of `deps.ts` only types are used, and by all. */
const everybodys = 'deps.ts'

type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean }
type Module = { readonly path: string; readonly text: string; readonly imports: readonly Import[] }

function modulesOf(folder: string): Module[] {
  return readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.startsWith('database/client/'))
    .map(name => {
      const path = `${folder}/${name}`
      const text = readFileSync(join(packageRoot, path), 'utf8')
      return { path, text, imports: importsOf(path, text) }
    })
}

const statement = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm
const dynamic = /\bimport\(\s*'([^']+)'\s*\)/g

function importsOf(path: string, text: string): Import[] {
  const found = [
    ...[...text.matchAll(statement)].map(([, type, to]) => ({
      to: to ?? '',
      typeOnly: type !== undefined
    })),
    ...[...text.matchAll(dynamic)].map(([, to]) => ({ to: to ?? '', typeOnly: false }))
  ]
  return found.map(({ to, typeOnly }) => ({
    from: path,
    to: to.startsWith('.') ? normalize(join(path, '..', to)).replace(/\.js$/, '.ts') : to,
    typeOnly
  }))
}

const src = modulesOf('src')
const plugins = modulesOf('plugins')
const routes = modulesOf('routes')
const own = [...src, ...plugins, ...routes]

/** Where in the layers a file of `src` stands: by its own name, or by its folder's. */
function layerOf(path: string): number {
  const inside = path.replace(/^src\//, '')
  const names = processes.test(inside) ? ['process'] : [inside, inside.split('/')[0] ?? '']
  const found = names.map(name => layers.findIndex(layer => layer.includes(name))).find(n => n >= 0)
  return (
    found ?? assert.fail(`${path} has no place in the layers of this test: give its folder one`)
  )
}

const folderOf = (path: string) => path.split('/').slice(0, 2).join('/')

test('inside src imports point down, and folders beside each other do not know each other', () => {
  const wrong: string[] = []
  for (const { path, imports } of src) {
    if (path === `src/${everybodys}`) continue
    const layer = layerOf(path)
    const isProcess = layers[layer]?.includes('process') === true
    for (const { to, typeOnly } of imports) {
      if (!to.startsWith('src/') || folderOf(to) === folderOf(path)) continue
      if (to === `src/${everybodys}`) {
        if (!typeOnly && !isProcess) wrong.push(`${path} uses more than types of ${to}`)
        continue
      }
      const below = layerOf(to) < layer || (isProcess && layerOf(to) === layer)
      if (!below) wrong.push(`${path} → ${to}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('the layers name nothing that is not there', () => {
  const there = new Set(
    src.flatMap(({ path }) => [path.replace('src/', ''), path.split('/')[1] ?? ''])
  )
  const named = layers.flat().filter(name => name !== 'process')
  assert.deepEqual(
    named.filter(name => !there.has(name)),
    []
  )
})

test('domains know nothing of Fastify, plugins or routes', () => {
  for (const { path, imports } of src) {
    if (processes.test(path.replace('src/', ''))) continue
    const outside = imports.filter(({ to }) =>
      /^(fastify|@fastify\/|fastify-plugin)|^(plugins|routes)\//.test(to)
    )
    assert.deepEqual(outside, [], path)
  }
})

test('plugins construct: they know no route and no other plugin', () => {
  const modules = new Set(plugins.map(({ path }) => path))
  for (const { path, imports } of plugins) {
    const wrong = imports.filter(({ to }) => to.startsWith('routes/') || modules.has(to))
    assert.deepEqual(
      wrong.map(({ to }) => to),
      [],
      path
    )
  }
})

test('routes know no other route, no Prisma and no SQL', () => {
  const isRoute = new Set(
    routes.filter(({ text }) => /^export default /m.test(text)).map(({ path }) => path)
  )
  for (const { path, text, imports } of routes) {
    if (path === 'routes/index.ts') continue
    const others = imports.filter(
      ({ to }) => isRoute.has(to) || /prisma|^pg$|^src\/database\//.test(to)
    )
    assert.deepEqual(
      others.map(({ to }) => to),
      [],
      path
    )
    assert.doesNotMatch(text, /\bprisma\b|\bSELECT\s|\bINSERT INTO\b/, path)
  }
})

test('only src/config reads the environment', () => {
  for (const { path, text } of own) {
    if (!path.startsWith('src/config/')) assert.doesNotMatch(text, /process\.env/, path)
  }
})

test('only src/crypto draws randomness', () => {
  const drawing =
    /\b(randomBytes|randomUUID|randomInt|randomFill(Sync)?|getRandomValues|webcrypto)\b|Math\.random/
  for (const { path, text } of own) {
    if (!path.startsWith('src/crypto/')) assert.doesNotMatch(text, drawing, path)
  }
})

test('only deps.clock gives the time of the process', () => {
  // Where the clock that is handed on is made, and where a span is measured.
  const makers = ['src/open-deps.ts', 'src/operator/doctor/doctor.ts']
  for (const { path, text } of own) {
    if (!makers.includes(path)) assert.doesNotMatch(text, /new Date\(\)|Date\.now\(\)/, path)
  }
})

test('a table is written by one folder', () => {
  /** Rows that others write in the same statement as their own, under the same lock, say why here. */
  const beside: Record<string, readonly string[]> = {
    // sessions: a mint stamps the sign-in and a sign-out everywhere raises the epoch, in one
    // statement each. registration: account, link and mail are one statement.
    User: ['src/sessions', 'src/registration']
  }
  const writers = new Map<string, Set<string>>()
  const write =
    /\.prisma\s*\.(\w+)\s*\.(?:create|update|upsert|delete)\w*|(?:INSERT INTO|UPDATE|DELETE FROM)\s+"(\w+)"/g
  for (const { path, text } of own) {
    for (const [, model, table] of text.matchAll(write)) {
      const name = table ?? `${model?.[0]?.toUpperCase()}${model?.slice(1)}`
      writers.set(name, (writers.get(name) ?? new Set()).add(folderOf(path)))
    }
  }
  assert.ok(writers.size >= 5)
  for (const [table, folders] of writers) {
    const single = [...folders].filter(folder => !beside[table]?.includes(folder))
    assert.equal(single.length, 1, `${table} is written by ${[...folders].join(' and ')}`)
  }
})

test('there are no barrels', () => {
  for (const { path, text } of own) {
    assert.doesNotMatch(text, /^export \* from/m, path)
    const lines = text.split('\n').filter(line => line.trim() !== '')
    assert.ok(
      lines.some(line => !/^export (type )?\{.*\} from/.test(line)),
      `${path} only passes on`
    )
  }
})

const english = JSON.parse(
  readFileSync(join(packageRoot, 'views/locales/en.json'), 'utf8')
) as Record<string, Record<string, unknown>>

test('every code of an error has its sentence, and every sentence its code', () => {
  assert.deepEqual(Object.keys(english.errors ?? {}).sort(), Object.keys(catalogue).sort())
})

test('every code of an error is used', () => {
  const text = own
    .filter(({ path }) => path !== 'src/base/errors/catalogue.ts')
    .map(module => module.text)
    .join('\n')
  const unused = Object.keys(catalogue).filter(code => !text.includes(`'${code}'`))
  assert.deepEqual(unused, [])
})

test('every sentence about a field, and about what was done, is used', () => {
  const text = own.map(module => module.text).join('\n')
  for (const section of ['fields', 'details']) {
    const unused = Object.keys(english[section] ?? {}).filter(key => !text.includes(`'${key}'`))
    assert.deepEqual(unused, [], section)
  }
})

test('every setting is described in a sentence', () => {
  for (const [heading, settings] of Object.entries(groups)) {
    assert.match(heading, /^[A-Z]/)
    for (const [name, { description }] of Object.entries(settings)) {
      assert.match(name, /^[A-Z][A-Z0-9_]+$/)
      assert.match(description, /^[A-Z`].{10,}\.$/s, name)
    }
  }
})
