// The least that could rotate a session: its one-row update, prepared, by pg alone.
import { randomUUID } from 'node:crypto'
import pg from 'pg'

const { DATABASE_URL, DATABASE_POOL_SIZE } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: Number(DATABASE_POOL_SIZE) })
const text = `UPDATE "Session" SET "previousJti" = "jti", "jti" = $2, "rotatedAt" = now(),
  "lastUsedAt" = now(), "expiresAt" = now() + interval '14 days' WHERE "id" = $1 RETURNING "userId"`

process.on('message', async ({ sessions, seconds }) => {
  const ends = performance.now() + seconds * 1000
  const began = performance.now()
  let updates = 0
  await Promise.all(
    sessions.map(async id => {
      while (performance.now() < ends) {
        const { rowCount } = await pool.query({ name: 'rotate', text, values: [id, randomUUID()] })
        if (rowCount !== 1) throw new Error('nothing was rotated')
        updates++
      }
    })
  )
  process.send({ perSecond: (updates * 1000) / (performance.now() - began) })
})
process.on('disconnect', () => process.exit())
process.send('ready')
