import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import test from 'node:test'
import { groups } from '../src/base/config/settings.js'
import { catalogue } from '../src/base/errors/catalogue.js'
import { packageRoot } from '../src/base/package-root.js'
import { once } from './support/passes.js'

/** Rooms that know no feature: another product could use them as they are. */
const lowRooms = ['base', 'audit', 'limits', 'links', 'mail', 'accounts']

/** Types that every file may use: what a function may ask of the process, and who sends the request. */
const everybodys = ['src/deps.ts', 'src/sender.ts']

/**
 * Rooms that use each other: checks stand below the flows of another room, and that room's flows use
 * them. A pair that is not here is a decision, and wants its reason in docs/decisions.
 */
const mutual = ['mfa sessions', 'mfa sign-in', 'passwords sign-in']

type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean }
type Module = { readonly path: string; readonly text: string; readonly imports: readonly Import[] }

function modulesOf(folder: string): Module[] {
  return readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.startsWith('base/database/client/'))
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

/** The first folder below `src`; null for a file that stands in `src` itself, and outside of it. */
const roomOf = (path: string) => /^src\/([^/]+)\//.exec(path)?.[1] ?? null

test('no imports form a cycle', () => {
  const importsByPath = new Map(own.map(({ path, imports }) => [path, imports.map(({ to }) => to)]))
  const state = new Map<string, 'open' | 'done'>()
  const cycles: string[] = []
  function visit(path: string, trail: readonly string[]) {
    if (state.get(path) === 'open')
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (state.has(path)) return
    state.set(path, 'open')
    for (const to of importsByPath.get(path) ?? []) visit(to, [...trail, path])
    state.set(path, 'done')
  }
  for (const path of importsByPath.keys()) visit(path, [])
  assert.deepEqual(cycles, [])
})

test('the low rooms know no feature, and base knows no other room', () => {
  const wrong: string[] = []
  for (const { path, imports } of src) {
    const room = roomOf(path)
    if (room === null || !lowRooms.includes(room)) continue
    const known = room === 'base' ? ['base'] : lowRooms
    for (const { to, typeOnly } of imports) {
      if (everybodys.includes(to) && typeOnly) continue
      if (to.startsWith('src/') && !known.includes(roomOf(to) ?? '')) wrong.push(`${path} → ${to}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('few pairs of rooms use each other', () => {
  const arrows = new Set<string>()
  for (const { path, imports } of src) {
    for (const { to } of imports) {
      const [from, into] = [roomOf(path), roomOf(to)]
      if (from !== null && into !== null && from !== into) arrows.add(`${from} ${into}`)
    }
  }
  const pairs = [...arrows].filter(arrow => {
    const [from = '', into = ''] = arrow.split(' ')
    return from < into && arrows.has(`${into} ${from}`)
  })
  assert.deepEqual(pairs.sort(), mutual)
})

test('processes and operators stand on top: no room knows them', () => {
  const wrong: string[] = []
  for (const { path, imports } of src) {
    const room = roomOf(path)
    if (room === null) continue
    for (const { to, typeOnly } of imports) {
      if (!to.startsWith('src/')) continue
      const isRoot = roomOf(to) === null
      const isOperators = roomOf(to) === 'operator' && room !== 'operator'
      const isEverybodys = everybodys.includes(to) && typeOnly
      if (isOperators || (isRoot && !isEverybodys && room !== 'operator'))
        wrong.push(`${path} → ${to}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('the kit runs in other programs: it imports nothing of the service but types', () => {
  const wrong: string[] = []
  for (const { path, imports } of src) {
    if (roomOf(path) !== 'kit') continue
    for (const { to, typeOnly } of imports)
      if (to.startsWith('src/') && roomOf(to) !== 'kit' && !typeOnly) wrong.push(`${path} → ${to}`)
  }
  assert.deepEqual(wrong, [])
})

test('rooms know nothing of Fastify, plugins or routes', () => {
  // A plugin for other people's Fastify is a part of the kit.
  const isPluginOfKit = (path: string) => path === 'src/kit/verify/fastify.ts'
  for (const { path, imports } of src) {
    if (roomOf(path) === null || isPluginOfKit(path)) continue
    const outside = imports.filter(({ to }) =>
      /^(fastify|@fastify\/|fastify-plugin)|^(plugins|routes)\//.test(to)
    )
    assert.deepEqual(outside, [], path)
  }
})

test('plugins construct: they know no route and no other plugin', () => {
  for (const { path, imports } of plugins) {
    const wrong = imports.filter(({ to }) => /^(routes|plugins\/(?!http\/))/.test(to))
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
      ({ to }) => isRoute.has(to) || /prisma|^pg$|^src\/base\/database\//.test(to)
    )
    assert.deepEqual(
      others.map(({ to }) => to),
      [],
      path
    )
    assert.doesNotMatch(text, /\bprisma\b|\bSELECT\s|\bINSERT INTO\b/, path)
  }
})

test('the tree of the routes is the tree of the URLs', () => {
  // A hidden folder is no name for a file that tools read.
  const prefixes = new Map(
    routes
      .filter(({ text }) => /^export default /m.test(text))
      .filter(({ path }) => path !== 'routes/index.ts')
      .map(({ path }) => {
        const url = path
          .replace(/^routes|\.ts$/g, '')
          .replace(/\/index$/, '')
          .replace(/\/_(\w+)/g, '/:$1')
        const named: Record<string, string> = { '/well-known': '/.well-known', '/home': '' }
        return [path, named[url] ?? url]
      })
  )
  const owner = (url: string) =>
    [...prefixes]
      .filter(([, prefix]) => `${url}/`.startsWith(`${prefix}/`))
      .sort(([, one], [, other]) => other.length - one.length)[0]?.[0]
  const wrong: string[] = []
  let found = 0
  for (const { path, text } of routes) {
    const urls = text.matchAll(
      /(?:fastify\.(?:get|post|put|patch|delete)\(\s*|\burl: )['`]([^'`]+)['`]/g
    )
    for (const [, url = ''] of urls) {
      found++
      const plain = url.replace(/\$\{\w+\}/g, 'any').replace(/\/$/, '')
      if (owner(plain) !== path) wrong.push(`${url} is in ${path}`)
    }
  }
  assert.ok(found > 50)
  assert.deepEqual(wrong, [])
})

test('a plugin that uses what another decorates names that one', () => {
  /** The language of an answer is its reader's: known once auth has run, which needs a language itself. */
  const later = ['language uses bearer of auth']
  const nameOf = (text: string) => /name: '([\w-]+)',\s*fastify:/.exec(text)?.[1] ?? ''
  const owners = new Map<string, string>()
  for (const { text } of plugins)
    for (const [, decorator = ''] of text.matchAll(/\.decorate(?:Request|Reply)?\(\s*'(\w+)'/g))
      owners.set(decorator, nameOf(text))
  const missing: string[] = []
  for (const { path, text } of plugins) {
    if (path.startsWith('plugins/http/')) continue
    // Both are Fastify's own ways to say what has to be there before.
    const named = [...text.matchAll(/(?:dependencies|fastify): \[([^\]]*)\]/g)].join()
    for (const [decorator, owner] of owners) {
      const uses = new RegExp(
        `\\b(?:fastify|request|reply|this)\\.${decorator}\\b|\\b${decorator}\\b[^=\\n]*\\} = fastify\\b|[{ ]${decorator}\\b[^}\\n]*\\}: Fastify`
      )
      if (owner === nameOf(text) || !uses.test(text)) continue
      if (named.includes(`'${owner}'`) || named.includes(`'${decorator}'`)) continue
      missing.push(`${nameOf(text)} uses ${decorator} of ${owner}`)
    }
  }
  assert.deepEqual(missing, later)
})

test('only base/config reads the environment', () => {
  for (const { path, text } of own) {
    if (!path.startsWith('src/base/config/')) assert.doesNotMatch(text, /process\.env/, path)
  }
})

test('only base/crypto draws randomness', () => {
  const drawing =
    /\b(randomBytes|randomUUID|randomInt|randomFill(Sync)?|getRandomValues|webcrypto)\b|Math\.random/
  // The kit draws no secret: a number tells tabs apart.
  for (const { path, text } of own) {
    if (!/^src\/(base\/crypto|kit)\//.test(path)) assert.doesNotMatch(text, drawing, path)
  }
})

test('only deps.clock gives the time of the process', () => {
  // Where the clock that is handed on is made, and where a span is measured.
  const makers = ['src/open-deps.ts', 'src/operator/doctor/doctor.ts']
  for (const { path, text } of own) {
    // The kit runs in other processes, by their clock.
    if (!makers.includes(path) && roomOf(path) !== 'kit')
      assert.doesNotMatch(text, /new Date\(\)|Date\.now\(\)/, path)
  }
})

test('a table is written by one room', () => {
  const writers = new Map<string, Set<string>>()
  const write =
    /\.prisma\s*\.(\w+)\s*\.(?:create|update|upsert|delete)\w*|(?:INSERT INTO|(?<!FOR )(?<!KEY )UPDATE|DELETE FROM)\s+(?:"(\w+)"|\$\{\w+\})/g
  for (const { path, text } of own) {
    // Where code chooses the table, those are written that the file has as pieces.
    const pieces = [...text.matchAll(/\bsql`"([A-Z]\w+)"`/g)].map(([, piece]) => piece as string)
    for (const [found, model, table] of text.matchAll(write)) {
      const named = table ?? (model && `${model[0]?.toUpperCase()}${model.slice(1)}`)
      const tables = named === undefined ? pieces : [named]
      assert.ok(tables.length > 0, `${path}: ${found} does not tell which table`)
      for (const name of tables)
        writers.set(name, (writers.get(name) ?? new Set()).add(roomOf(path) ?? path))
    }
  }
  const tables = [
    // Migrations write MigrationFloor, and no room does.
    ...readFileSync(join(packageRoot, 'prisma/schema.prisma'), 'utf8').matchAll(
      /^model (?!MigrationFloor)(\w+)/gm
    )
  ]
  assert.deepEqual([...writers.keys()].sort(), tables.map(([, name]) => name).sort())
  for (const [table, rooms] of writers)
    assert.equal(rooms.size, 1, `${table} is written by ${[...rooms].join(' and ')}`)
})

test('who is signed in changes an account in one way', () => {
  const allowed = 'src/sign-in/authorize-change.ts'
  const wrong = own.filter(
    ({ path, text }) =>
      path !== allowed && /\bPrincipal\b/.test(text) && /\.transaction\(/.test(text)
  )
  assert.deepEqual(
    wrong.map(({ path }) => path),
    [],
    `a file that names the type Principal opens no transaction: ${allowed} checks the proof in one`
  )
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

test('every file that runs in one pass only exists', () => {
  for (const entry of Object.values(once).flat())
    assert.ok(existsSync(join(packageRoot, 'test', entry)), entry)
})
