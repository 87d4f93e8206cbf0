// The least that could answer GET /user/: Fastify, one token check, one prepared read by key.
import Fastify from 'fastify'

const { PORT, DATABASE_URL, PUBLIC_KEY, DATABASE_POOL_SIZE } = process.env
const app = Fastify()
app.get('/health/ready', async () => ({ status: 'ok' }))

if (PUBLIC_KEY !== undefined) {
  const [{ createVerifier }, { default: pg }] = await Promise.all([
    import('fast-jwt'),
    import('pg')
  ])
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: Number(DATABASE_POOL_SIZE) })
  const verify = createVerifier({ key: PUBLIC_KEY, algorithms: ['ES256'] })
  app.get('/user/', async request => {
    const { sub } = verify(request.headers.authorization.slice(7))
    const { rows } = await pool.query({
      name: 'read-user',
      text: 'SELECT "email", "firstName", "lastName" FROM "User" WHERE "id" = $1',
      values: [sub]
    })
    const [{ email, firstName, lastName }] = rows
    return { email, first_name: firstName, last_name: lastName }
  })
}
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
