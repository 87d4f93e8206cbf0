import assert from 'node:assert/strict'
import test from 'node:test'
import { resealSigningKeys } from '../../src/tokens/keys/store.js'
import { secretKey, startApp, startAppOn } from '../support/app.js'

const newer = 'Wm4tQ9xJb2VdKc7sPzHy5LfNaGuE0oRiXq8ZrT1kB3v='

test('OPS-02 signing keys move to a new SECRET_KEY, and then need the earlier one no more', async t => {
  const first = await startApp(t)
  const kidsOf = async (instance: typeof first) =>
    (await instance.inject('/.well-known/jwks.json'))
      .json()
      .keys.map((key: { kid: string }) => key.kid)
  const kids = await kidsOf(first)
  const rotated = await startAppOn(t, first.databaseUrl, {
    SECRET_KEY: newer,
    SECRET_KEY_FALLBACKS: secretKey
  })

  await assert.rejects(
    startAppOn(t, first.databaseUrl, { SECRET_KEY: newer }),
    /could not be opened/
  )
  await resealSigningKeys(rotated.app.deps.db, rotated.config)
  const without = await startAppOn(t, first.databaseUrl, { SECRET_KEY: newer })

  assert.deepEqual(await kidsOf(rotated), kids)
  assert.deepEqual(await kidsOf(without), kids)
})
