import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { generatePrivateKey } from '../../src/tokens/keys/key-pair.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { newMember, presentAccess, signedIn } from '../support/people.js'

type Jwk = Record<string, string> & { kid: string; alg: string }

const keysOf = async (service: TestApp): Promise<Jwk[]> =>
  (await service.inject({ method: 'GET', url: '/.well-known/jwks.json' })).json().keys

/** Verifies a token as a stranger would: with the published keys and nothing of ours. */
function verifies(token: string, keys: Jwk[]): boolean {
  const [header = '', payload, signature = ''] = token.split('.')
  const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString())
  const jwk = keys.find(key => key.kid === kid)
  if (jwk === undefined || jwk.alg !== alg) return false
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const digest = alg === 'EdDSA' ? null : 'sha256'
  return verify(
    digest,
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url')
  )
}

test('well-known keys', async t => {
  const service = await startApp(t)
  const { person, client } = await newMember(service)

  await t.test('are public, may be cached for minutes and read by any page', async () => {
    const answer = await service.inject({ method: 'GET', url: '/.well-known/jwks.json' })
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['cache-control'], 'public, max-age=300')
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  })

  await t.test(
    'JWT-16 hold the key that signs and the one that will, and no private part',
    async () => {
      const keys = await keysOf(service)
      assert.equal(keys.length, 2)
      for (const key of keys) {
        assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
        assert.deepEqual([key.alg, key.crv, key.kty, key.use], ['ES256', 'P-256', 'EC', 'sig'])
      }
    }
  )

  await t.test('verify an access token without us', async () => {
    const token = client.access ?? ''
    const keys = await keysOf(service)
    assert.ok(verifies(token, keys))
    assert.ok(!verifies(`${token.slice(0, -4)}AAAA`, keys))
  })

  await t.test(
    'JWT_ALGORITHM EdDSA and RS256 sign too; what was signed before stays valid',
    async t => {
      for (const [algorithm, members] of [
        ['EdDSA', ['alg', 'crv', 'kid', 'kty', 'use', 'x']],
        ['RS256', ['alg', 'e', 'kid', 'kty', 'n', 'use']]
      ] as const) {
        const other = await startAppOn(t, service.databaseUrl, { JWT_ALGORITHM: algorithm })
        const keys = await keysOf(other)
        const ours = keys.filter(key => key.alg === algorithm)
        assert.equal(ours.length, 2)
        for (const key of ours) assert.deepEqual(Object.keys(key).sort(), members)
        const signed = await signedIn(other, person)
        assert.ok(verifies(signed.access ?? '', keys))
        assert.equal((await presentAccess(other, signed.access ?? '')).statusCode, 200)
        assert.equal((await presentAccess(other, client.access ?? '')).statusCode, 200)
      }
    }
  )

  await t.test('JWT_PRIVATE_KEY_FILE is the one key then', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-key-'))
    atEnd(t, () => rmSync(folder, { recursive: true }))
    const file = join(folder, 'key.pem')
    const pem = generatePrivateKey('EdDSA').export({ type: 'pkcs8', format: 'pem' })
    writeFileSync(file, pem)
    const own = await startAppOn(t, service.databaseUrl, {
      JWT_ALGORITHM: 'EdDSA',
      JWT_PRIVATE_KEY_FILE: file
    })
    const keys = await keysOf(own)
    assert.equal(keys.length, 1)
    const signed = await signedIn(own, person)
    assert.ok(verifies(signed.access ?? '', keys))
  })
})
