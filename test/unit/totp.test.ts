import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import decodeQr from 'jsqr'
import { newTotpSecret } from '../../src/base/crypto/random.js'
import { drawUri, provisioningUri } from '../../src/mfa/provisioning.js'
import { findStep, secretText } from '../../src/mfa/totp.js'
import { appCode } from '../support/factor.js'
import { rasterize } from '../support/qr.js'

/** The secret of RFC 6238, appendix B, for SHA-1. */
const secret = Buffer.from('12345678901234567890')
const at = (seconds: number) => new Date(seconds * 1000)
const accepts = (code: string, seconds: number, lastStep = 0) =>
  findStep({ secret, code, now: at(seconds), lastStep })

test('RFC 6238 the test vectors of appendix B, in their last six digits', () => {
  const vectors: [seconds: number, code: string][] = [
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130']
  ]
  for (const [seconds, code] of vectors) {
    assert.equal(accepts(code.slice(-6), seconds), Math.floor(seconds / 30), code)
  }
})

const oathtool = spawnSync('oathtool', ['--version']).error === undefined

test('a code of an independent implementation is accepted', {
  skip: oathtool ? false : 'no oathtool here; install Debian’s oathtool'
}, () => {
  for (let index = 0; index < 20; index++) {
    const fresh = newTotpSecret()
    const seconds = 1_700_000_000 + index * 12_345_678
    const { stdout } = spawnSync(
      'oathtool',
      ['--totp', '-b', secretText(fresh), '--now', `@${seconds}`],
      { encoding: 'utf8' }
    )
    const code = stdout.trim()
    assert.match(code, /^\d{6}$/)
    const step = findStep({ secret: fresh, code, now: at(seconds), lastStep: 0 })
    assert.equal(step, Math.floor(seconds / 30))
    assert.equal(appCode(secretText(fresh), at(seconds)), code, 'the app of the tests agrees')
  }
})

// A step begins at this second; the codes of the steps around it, by the tests' own implementation.
const begin = 1_800_000_000
const now = begin / 30
const codeOf = (step: number) => appCode(secretText(secret), at(step * 30))

test('MFA-04 the current step and one either way count as themselves, those further away do not', () => {
  for (const second of [0, 1, 24, 29.999]) {
    for (const step of [now - 1, now, now + 1])
      assert.equal(accepts(codeOf(step), begin + second), step)
    for (const steps of [-3, -2, 2, 3])
      assert.equal(accepts(codeOf(now + steps), begin + second), null, `${steps} at ${second}`)
  }
})

test('MFA-01 neither the last accepted step nor one before it counts again', () => {
  assert.equal(accepts(codeOf(now), begin, now - 1), now)
  assert.equal(accepts(codeOf(now), begin, now), null)
  assert.equal(accepts(codeOf(now - 1), begin, now), null)
  assert.equal(accepts(codeOf(now), begin + 26, now + 1), null)
})

test('a clock that was set back lets no code count, and throws nothing', () => {
  assert.equal(accepts(codeOf(now), begin, now + 1000), null)
})

test('MFA-22 a code is six ASCII digits, with spaces or without', () => {
  const code = codeOf(now)
  for (const typed of [code, ` ${code} `, `${code.slice(0, 3)} ${code.slice(3)}`])
    assert.equal(accepts(typed, begin), now, JSON.stringify(typed))
  const arabic = [...code].map(digit => String.fromCodePoint(0x660 + Number(digit))).join('')
  const wide = [...code].map(digit => String.fromCodePoint(0xff10 + Number(digit))).join('')
  for (const typed of ['', code.slice(1), `0${code}`, `+${code.slice(1)}`, arabic, wide, 'abcdef'])
    assert.equal(accepts(typed, begin), null, JSON.stringify(typed))
})

test('MFA-17 a secret has 160 bits and 32 letters', () => {
  const secrets = new Set(Array.from({ length: 100 }, () => secretText(newTotpSecret())))
  assert.equal(secrets.size, 100)
  for (const text of secrets) assert.match(text, /^[A-Z2-7]{32}$/)
})

const text = secretText(secret)
const oddities: [address: string, issuer: string][] = [
  ['ada@example.com', 'Postern'],
  ["o'brien+x=y&secret=aaaa@example.com", 'A & B = C'],
  ['a%3fb?c#d/e{f}@example.com', 'Häuser: 50% <b>"off"</b>?'],
  ['x`|~^*!$@example.com', 'issuer=evil&secret=BBBB#']
]

test('MFA-21 no address and no issuer can add to the provisioning URI', () => {
  for (const [address, issuer] of oddities) {
    const uri = new URL(provisioningUri({ address, issuer, secret: text }))
    assert.equal(uri.protocol, 'otpauth:')
    assert.equal(uri.host, 'totp')
    assert.equal(decodeURIComponent(uri.pathname), `/${address}`)
    assert.deepEqual(
      [...uri.searchParams],
      [
        ['secret', text],
        ['issuer', issuer]
      ]
    )
    assert.equal(uri.hash, '')
  }
})

test('MFA-21 the picture holds shapes and nothing else, and a QR reader reads the URI in it', async () => {
  for (const [address, issuer] of oddities) {
    const uri = provisioningUri({ address, issuer, secret: text })
    const svg = await drawUri(uri)
    const names = [...svg.matchAll(/<\/?([a-zA-Z]+)/g)].map(([, name]) => name)
    assert.deepEqual([...new Set(names)].toSorted(), ['path', 'svg'])
    const attributes = [...svg.matchAll(/ ([a-zA-Z:-]+)=/g)].map(([, name]) => name)
    const known = ['d', 'fill', 'shape-rendering', 'stroke', 'viewBox', 'xmlns']
    assert.deepEqual([...new Set(attributes)].toSorted(), known)
    const { pixels, side } = rasterize(svg)
    assert.equal(decodeQr.default(pixels, side, side)?.data, uri)
  }
})
