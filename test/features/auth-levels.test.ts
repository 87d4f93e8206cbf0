import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { FastifyContextConfig } from 'fastify'
import { buildApp } from '../../src/app.js'
import { loadConfig } from '../../src/base/config/load.js'
import { flowKinds } from '../../src/tokens/flow-cookie.js'
import { quick, secretKey } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'

/** A service with a route of our own, whose handler asks for nothing. */
async function startWith(t: TestContext, config: FastifyContextConfig) {
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  const settings = { ...quick, SECRET_KEY: secretKey, LOG_LEVEL: 'silent' }
  const app = await buildApp(loadConfig({ ...settings, DATABASE_URL: database.url }))
  atEnd(t, () => app.close())
  app.post('/probe/', { config }, async () => ({ reached: true }))
  await app.ready()
  return app
}

const levels: readonly [FastifyContextConfig, status: number, code: string][] = [
  [{ auth: 'bearer' }, 401, 'not_authenticated'],
  [{ auth: 'seen' }, 401, 'not_authenticated'],
  [{ auth: 'refresh' }, 400, 'refresh_missing'],
  [{ auth: 'session' }, 401, 'not_authenticated'],
  [{ auth: 'setup' }, 401, 'not_authenticated'],
  ...flowKinds.map((flow): [FastifyContextConfig, number, string] => {
    if (flow === 'mfa') return [{ auth: 'flow', flow }, 400, 'challenge_invalid']
    const isPassword = flow === 'password_reset' || flow === 'set_password'
    return isPassword
      ? [{ auth: 'flow', flow }, 401, 'not_authenticated']
      : [{ auth: 'flow', flow }, 400, 'link_invalid']
  })
]

for (const [config, status, code] of levels) {
  const name = [config.auth, config.flow].filter(Boolean).join(' ')
  test(`CAP-02 JWT-13 a route of level ${name} is closed although its handler forgets`, async t => {
    const app = await startWith(t, config)
    const send = async (headers: Record<string, string> = {}) => {
      const answer = await app.inject({ method: 'POST', url: '/probe/', headers, payload: {} })
      return { status: answer.statusCode, code: answer.json().code }
    }
    assert.deepEqual(await send(), { status, code })
    for (const text of ['Bearer e30.e30.e30', 'Bearer x']) {
      const answer = await send({ authorization: text })
      assert.notEqual(answer.status, 200, text)
    }
  })
}

test('a level that is missing, or a flow that is not named, stops the boot', async t => {
  for (const config of [{}, { auth: 'flow' }, { auth: 'bearer', flow: 'mfa' }] as const)
    await assert.rejects(startWith(t, config), /must declare config/)
})
