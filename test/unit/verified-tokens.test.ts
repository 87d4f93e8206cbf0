import assert from 'node:assert/strict'
import test from 'node:test'
import { createVerifiedTokens } from '../../src/tokens/keys/verified.js'

test('JWT-11 verified tokens: a bounded number, each until it expires', () => {
  let now = 1_000_000
  const verified = createVerifiedTokens(() => new Date(now * 1000))
  const claimsOf = (n: number) => ({ sub: String(n), exp: now + 600 })
  for (let n = 0; n < 20_000; n++) verified.add(`token ${n}`, claimsOf(n))
  const kept = Array.from({ length: 20_000 }, (_, n) => verified.read(`token ${n}`))
  const count = kept.filter(claims => claims !== null).length
  assert.ok(count > 1000 && count <= 5000, String(count))
  for (const [n, claims] of kept.entries())
    if (claims !== null) assert.equal(claims.sub, String(n), 'the claims of no other token')
  assert.notEqual(kept.at(-1), null, 'the oldest go first')

  assert.equal(verified.read('token 19999x'), null)
  now += 600
  assert.equal(verified.read('token 19999'), null, 'expired')
  now -= 600
  assert.equal(verified.read('token 19999'), null, 'an expired one is gone')
  verified.add('endless', { sub: 'somebody' })
  assert.equal(verified.read('endless'), null, 'without an end nothing is remembered')
  verified.clear()
  assert.equal(verified.read('token 19998'), null)
})
