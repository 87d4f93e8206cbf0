import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { parse, parseAllDocuments } from 'yaml'
import { settings } from '../../src/base/config/settings.js'
import { packageRoot } from '../../src/base/package-root.js'
import { version } from '../../src/base/version.js'

const read = (path: string) => readFile(join(packageRoot, path), 'utf8')
const exists = (path: string) => existsSync(join(packageRoot, path))

/** Variables that are not ours: of Node.js and of PostgreSQL's image. */
const foreign = /^(NODE_ENV|POSTGRES_\w+)$/

function assertKnown(names: Iterable<string>, where: string) {
  for (const name of names)
    assert.ok(foreign.test(name) || Object.hasOwn(settings, name), `${where} sets ${name}`)
}

type Service = {
  readonly image: string
  readonly environment?: Record<string, unknown>
  readonly volumes?: string[]
  readonly depends_on?: Record<string, unknown>
  readonly env_file?: { path: string }[]
  readonly stop_grace_period?: string
  readonly read_only?: boolean
}

const reset = { tag: '!reset', collection: 'seq', resolve: () => undefined } as const

async function compose(file: string) {
  const text = await read(file)
  return parse(text, { customTags: [reset] }) as {
    services: Record<string, Service>
    volumes: Record<string, null>
  }
}

test('OPS-20 the compose files set what exists, and every setting may be passed', async () => {
  const one = await compose('compose.yaml')
  const many = await compose('compose.scale.yaml')
  const all = [...Object.entries(one.services), ...Object.entries(many.services)]
  const names = new Set(all.map(([name]) => name))
  const volumes = { ...one.volumes, ...many.volumes }
  for (const [name, service] of all) {
    assertKnown(Object.keys(service.environment ?? {}), name)
    for (const other of Object.keys(service.depends_on ?? {})) assert.ok(names.has(other), other)
    if (service.image !== undefined) assert.match(service.image, /:v?\d+\.\d+|^postern:/, name)
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':')
      assert.ok(source.startsWith('./') ? exists(source) : Object.hasOwn(volumes, source), volume)
    }
  }
  const { postern } = one.services
  assert.equal(postern?.image, `postern:${version}`)
  assert.deepEqual(
    [postern?.env_file?.[0]?.path, postern?.stop_grace_period, postern?.read_only],
    ['.env', '30s', true]
  )
})

const hasCompose = await promisify(execFile)('docker', ['compose', 'version']).then(
  () => true,
  () => false
)
test('OPS-20 docker compose reads both files', {
  skip: hasCompose ? false : 'docker compose is not installed'
}, async () => {
  const env = { ...process.env, SECRET_KEY: 'x'.repeat(48), POSTGRES_PASSWORD: 'x' }
  for (const files of [['compose.yaml'], ['compose.yaml', 'compose.scale.yaml']]) {
    const args = files.flatMap(file => ['-f', file])
    await promisify(execFile)('docker', ['compose', ...args, 'config', '--quiet'], {
      cwd: packageRoot,
      env
    })
  }
})

test('OPS-20 the image is built from what exists, on a pinned Node.js with long-term support', async () => {
  const text = await read('Dockerfile')
  const [, major, image = ''] = /^ARG NODE_IMAGE=(node:(?:\d+))?(\S+)/m.exec(text) ?? []
  assert.match(`${major}${image}`, /^node:(22|24|26)\.\d+\.\d+-\w+-slim$/)
  for (const [, stage] of text.matchAll(/^FROM (\S+)/gm)) assert.match(stage ?? '', /NODE_IMAGE/)
  for (const [, path = ''] of text.matchAll(/^COPY --from=build \/app\/(\S+)/gm))
    assert.ok(path === 'dist' || path.startsWith('node_modules/') || exists(path), path)
  const sent = (await read('.dockerignore')).split('\n').filter(line => line.startsWith('!'))
  for (const path of sent) assert.ok(exists(path.slice(1)), path)
  for (const path of ['build.js', 'src', 'plugins', 'routes', 'views', 'prisma'])
    assert.ok(sent.includes(`!${path}`), `${path} is sent to the build`)
  assert.match(text, /^RUN npm ci --omit=dev --omit=optional/m)
  assert.match(text, /^HEALTHCHECK .*"postern", "health"/m)
  assert.match(text, /^USER 1000:1000$/m)
})

test('OPS-20 every way to start the service gives Node.js the same flags', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> }
  const flagsIn = (command = ''): string[] => command.match(/--[a-z0-9-]+(=\d+)?/g) ?? []
  const flags = flagsIn(scripts.start)
  assert.ok(flags.includes('--wasm-lazy-compilation'))
  const [, image] = /^CMD (.*)$/m.exec(await read('Dockerfile')) ?? []
  const [, unit] = /^ExecStart=(.*)$/m.exec(await read('docs/deploy/postern.service')) ?? []
  for (const command of [scripts.worker, image, unit]) assert.deepEqual(flagsIn(command), flags)
})

/** What is asked of every object here. The rest of Kubernetes' schema is kubectl's to check. */
type Manifest = {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: { name: string }
  readonly data?: Record<string, unknown>
  readonly spec: {
    selector?: { matchLabels?: Record<string, string> } & Record<string, string>
    template?: {
      metadata?: { labels: Record<string, string> }
      spec: { terminationGracePeriodSeconds: number; containers: Container[] }
    }
  }
}
type Probe = { httpGet?: { path: string; port: string }; exec?: { command: string[] } }
type Container = {
  readonly image: string
  readonly command?: string[]
  readonly env?: { name: string }[]
  readonly ports?: { name: string }[]
  readonly securityContext: { readOnlyRootFilesystem: boolean }
} & Record<'readinessProbe' | 'livenessProbe' | 'startupProbe', Probe | undefined>

test('OPS-21 the Kubernetes manifests agree with each other and with the service', async () => {
  const documents = parseAllDocuments(await read('docs/deploy/kubernetes/postern.yaml'))
  for (const { errors } of documents) assert.deepEqual(errors, [])
  const all = documents.map(document => document.toJS() as Manifest)
  const kinds = all.map(({ kind }) => kind)
  for (const kind of ['ConfigMap', 'Job', 'Deployment', 'Service', 'Ingress'])
    assert.ok(kinds.includes(kind), kind)
  for (const { kind, data, spec } of all) {
    assertKnown(Object.keys(data ?? {}), kind)
    const { template, selector } = spec ?? {}
    if (kind === 'Deployment') assert.deepEqual(template?.metadata?.labels, selector?.matchLabels)
    for (const container of template?.spec.containers ?? []) {
      assert.equal(container.image, `postern:${version}`)
      assert.equal(container.securityContext.readOnlyRootFilesystem, true)
      assertKnown(
        (container.env ?? []).map(({ name }) => name),
        kind
      )
      const { readinessProbe, livenessProbe, startupProbe } = container
      for (const probe of [readinessProbe, livenessProbe, startupProbe]) {
        if (probe?.httpGet === undefined) continue
        assert.match(probe.httpGet.path, /^\/health\/(ready|live)$/)
        assert.ok(container.ports?.some(({ name }) => name === probe.httpGet?.port))
      }
    }
  }
})
