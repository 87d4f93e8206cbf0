// `npm run example`: the service with its embedded database, an API that trusts its tokens, and an app
// that uses both. One process, so that Ctrl-C ends everything.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import Fastify from 'fastify'
import { type InputOptions, rolldown } from 'rolldown'
import { packageRoot } from '../src/base/package-root.js'
import { runService } from '../src/run-service.js'

const folder = join(packageRoot, 'examples')
const { PORT = '3000', APP_PORT = '8080', API_PORT = '8081' } = process.env
const postern = `http://localhost:${PORT}`
const app = `http://localhost:${APP_PORT}`
const api = `http://localhost:${API_PORT}`

/** The paths of this tsconfig lead to the sources of the package, in place of an installed one. */
const open = (input: string, options: InputOptions) =>
  rolldown({ input: join(folder, input), tsconfig: join(folder, 'tsconfig.json'), ...options })

async function startService() {
  // Here there is no .env, and the database is apart from that of `npm start`.
  process.chdir(folder)
  Object.assign(process.env, {
    LOG_LEVEL: 'warn',
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
    ...process.env,
    PORT,
    PUBLIC_URL: postern,
    CORS_ORIGINS: app,
    APP_URL: app,
    RETURN_URLS: `${app}/`
  })
  await runService()
}

async function startApi() {
  const file = fileURLToPath(new URL('api.bundle.mjs', import.meta.url))
  const build = await open('api/api.ts', { platform: 'node', external: /^(@?fastify|jose)/ })
  await build.write({ file, format: 'esm' })
  await build.close()
  const { buildApi } = await import(pathToFileURL(file).href)
  await (await buildApi({ issuer: postern, origin: app })).listen({ port: Number(API_PORT) })
}

async function startApp() {
  const addresses = { POSTERN_URL: JSON.stringify(postern), API_URL: JSON.stringify(api) }
  const build = await open('web/app.ts', { platform: 'browser', transform: { define: addresses } })
  const { output } = await build.generate({ format: 'esm', sourcemap: 'inline' })
  await build.close()
  const page = await readFile(join(folder, 'web/index.html'), 'utf8')
  const server = Fastify()
  server.get('/', (_request, reply) => reply.type('text/html').send(page))
  server.get('/app.js', (_request, reply) => reply.type('text/javascript').send(output[0].code))
  await server.listen({ port: Number(APP_PORT) })
}

await startService()
await startApi()
await startApp()
process.stdout.write(`
  App      ${app}
  API      ${api}
  Service  ${postern} (mails at ${postern}/dev/mailbox/)

  Ctrl-C ends all of it.
`)
