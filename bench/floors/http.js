// The least that could do the work of the service. Alone: Fastify with one route. With WORK, which
// bench/floor-work.ts makes: GET /user/ and POST /refresh/ with the statements of the service by pg, the same
// checks of tokens and signatures by fast-jwt, the same headers and one log line. With CACHE the checks of access
// tokens are remembered.
import { randomUUID } from 'node:crypto'
import Fastify, { LogController } from 'fastify'

const { PORT, DATABASE_URL, DATABASE_POOL_SIZE, WORK, CACHE } = process.env
const app = Fastify({
  logger: WORK !== undefined,
  logController: new LogController({ disableRequestLogging: true })
})
app.get('/health/ready', async () => ({ status: 'ok' }))
if (WORK !== undefined) await addWork(JSON.parse(WORK))
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
// A profile is written by a process that exits, not by one that a signal ends.
process.once('SIGTERM', () => process.exit())

async function addWork({ headers, statements, keys }) {
  const { createSigner, createVerifier } = await import('fast-jwt')
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: Number(DATABASE_POOL_SIZE) })
  const verifyAccess = createVerifier({
    key: keys.public,
    algorithms: ['ES256'],
    cache: CACHE === 'true'
  })
  const signAccess = createSigner({ key: keys.private, algorithm: 'ES256', typ: 'at+jwt' })
  const verifyRefresh = createVerifier({ key: keys.secret, algorithms: ['HS256'] })
  const signRefresh = createSigner({ key: keys.secret, algorithm: 'HS256', typ: 'rt+jwt' })

  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers)
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request
    const ms = Math.round(reply.elapsedTime * 10) / 10
    request.log.info({ method, route: routeOptions.url, status: reply.statusCode, ms }, 'request')
    done()
  })

  /** The row of a statement of the service. Its parameters are constants, claims and new ids. */
  async function run({ name, text, parameters }, claims) {
    const values = parameters.map(({ kind, of }) =>
      kind === 'constant' ? of : kind === 'claim' ? claims[of] : randomUUID()
    )
    const { rows } = await pool.query({ name, text, values })
    if (rows.length !== 1) throw new Error(`${name} found ${rows.length} rows`)
    return rows[0]
  }

  app.get('/user/', async request => {
    const row = await run(statements.user, verifyAccess(request.headers.authorization.slice(7)))
    return {
      id: row.userId,
      email: row.userEmail,
      email_verified: row.userEmailVerifiedAt !== null,
      first_name: row.userFirstName,
      last_name: row.userLastName,
      role: row.userRole,
      role_name: 'user',
      mfa_enabled: row.mfaEnabled,
      created_at: row.userCreatedAt
    }
  })
  app.post('/refresh/', async ({ body }) => {
    const claims = verifyRefresh(body.refresh)
    const row = await run(statements.refresh, claims)
    const now = Math.floor(Date.now() / 1000)
    const shared = {
      iss: claims.iss,
      sub: row.userId,
      user_id: row.userId,
      sid: row.sessionId,
      session: row.sessionId,
      session_iat: Math.floor(row.createdAt.getTime() / 1000),
      iat: now,
      auth_time: Math.floor(row.authTime.getTime() / 1000),
      amr: row.amr,
      acr: 'aal1',
      role: row.userRole,
      role_name: 'user',
      email_verified: row.userEmailVerifiedAt !== null
    }
    const access = { ...shared, token_type: 'access', jti: randomUUID(), aud: claims.iss }
    const refresh = { ...shared, token_type: 'refresh', jti: row.jti, aud: claims.aud }
    const tied = { par: row.parentJti, gen: row.generation }
    const exp = Math.floor(row.expiresAt.getTime() / 1000)
    return {
      access: signAccess({ ...access, client_id: 'postern', exp: now + 600 }),
      expires_in: 600,
      refresh: signRefresh({ ...refresh, ...tied, exp })
    }
  })
}
