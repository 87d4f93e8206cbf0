import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import test from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import Fastify from 'fastify'
import timeLimit from '../../plugins/time-limit.js'

test('HTP-02 a request that is not answered in time is answered 503, and others are not touched', async t => {
  const app = Fastify({ forceCloseConnections: true })
  t.after(() => app.close())
  await app.register(timeLimit, { limitMs: 200, lookEveryMs: 20 })
  const late: string[] = []
  app.get('/quick', async () => 'done')
  app.get('/waits', async () => {
    await pause(100)
    return 'done'
  })
  app.get('/hangs', () => new Promise(() => {}))
  app.get('/ends-late', async () => {
    await pause(300)
    late.push('ended')
    return 'too late'
  })
  app.get('/begins', (_request, reply) => {
    const body = new PassThrough()
    body.write('begun')
    return reply.send(body)
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const get = async (path: string) => {
    const answer = await fetch(`${app.listeningOrigin}${path}`)
    return [answer.status, await answer.text()]
  }
  const [quick, waits, hangs, endsLate, begins] = await Promise.allSettled(
    ['/quick', '/waits', '/hangs', '/ends-late', '/begins'].map(get)
  )
  const resultOf = (settled: PromiseSettledResult<unknown[]> | undefined) =>
    settled?.status === 'fulfilled' ? settled.value : settled?.reason.message
  assert.deepEqual(resultOf(quick), [200, 'done'])
  assert.deepEqual(resultOf(waits), [200, 'done'])
  assert.equal(resultOf(hangs)[0], 503)
  assert.equal(resultOf(endsLate)[0], 503)
  assert.equal(begins?.status, 'rejected', 'an answer that has begun is broken off')
  // An answer that comes too late is dropped, and the connection stays usable.
  await pause(150)
  assert.deepEqual(late, ['ended'])
  assert.deepEqual(await get('/quick'), [200, 'done'])
})
