import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { suite, type TestContext, test } from 'node:test'
import { decoyOf, readForeignHash } from '../../src/passwords/foreign-hash.js'
import { createHasher } from '../../src/passwords/hashing.js'
import { loadNative, loadWasm } from '../../src/passwords/native-or-wasm.js'
import { atEnd } from '../support/at-end.js'
import { cpuMs } from '../support/cpu.js'
import { djangoHash, djangoPerson } from '../support/django.js'

const parameters = { memoryKib: 7168, iterations: 5, parallelism: 1 }

function startHasher(t: TestContext) {
  const hasher = createHasher({ parameters, concurrency: 1, queueLimit: 500, onCorruptHash() {} })
  atEnd(t, () => hasher.close())
  return hasher
}

const pbkdf2 = (password: string, iterations: number) => {
  const digest = pbkdf2Sync(password, 'salt', iterations, 32, 'sha256').toString('base64')
  return `pbkdf2_sha256$${iterations}$salt$${digest}`
}

suite('hashes of Django', () => {
  const tags = ['old-iterations', 'pbkdf2-sha1', 'argon2', 'bcrypt-sha256', 'bcrypt', 'scrypt']
  for (const tag of tags) {
    test(`HSH-10 ${tag}: its password matches and is to be renewed, another does not`, async t => {
      const hasher = startHasher(t)
      const { password } = djangoPerson(tag)
      const hash = djangoHash(tag)
      assert.deepEqual(await hasher.verify(hash, password), { matches: true, outdated: true })
      const wrong = await hasher.verify(hash, `${password}.`)
      assert.deepEqual(wrong, { matches: false, outdated: false })
      // The decoy of its scheme is a whole hash of the same cost.
      const parsed = readForeignHash(hash)
      assert.ok(typeof parsed !== 'string')
      assert.equal(decoyOf(parsed.scheme)?.scheme, parsed.scheme)
      assert.ok(hash.startsWith(parsed.prefix))
    })
  }

  test('HSH-10 a password is compared as typed and in NFC, and never trimmed', async t => {
    const hasher = startHasher(t)
    const [composed, decomposed] = ['Zo\u00eb’s', 'Zoe\u0308’s'].map(it => `${it} password`)
    const matches = async (hashed: string, typed: string) =>
      (await hasher.verify(pbkdf2(hashed, 10), typed)).matches
    assert.equal(await matches(composed as string, composed as string), true)
    assert.equal(await matches(composed as string, decomposed as string), true)
    assert.equal(await matches(decomposed as string, decomposed as string), true)
    assert.equal(await matches(decomposed as string, composed as string), false)
    assert.equal(await matches('  spaces ', '  spaces '), true)
    assert.equal(await matches('  spaces ', 'spaces'), false)
    assert.equal(await matches('\ufffd', '\ud800'), false)
  })

  test('HSH-11 a hash that is damaged, unknown or above the caps is no password', () => {
    const digest = 'A'.repeat(43)
    const cases = {
      unusable: ['', '!', '!FSHtIiuFZPnEakCLJOIma1EVjGRWRiPwH14182co'],
      unsupported: ['md5$salt$40b5', 'sha1$a$b', 'constructor$1', '__proto__$1', 'plain'],
      damaged: [
        `pbkdf2_sha256$0$salt$${digest}=`,
        `pbkdf2_sha256$1$$${digest}=`,
        `pbkdf2_sha256$1$salt$${digest.slice(4)}=`,
        `pbkdf2_sha256$1$salt$${digest}`,
        `pbkdf2_sha1$1$salt$${digest}=`,
        `pbkdf2_sha256$1e3$salt$${digest}=`,
        'scrypt$16383$salt$8$5$AAAA',
        'argon2$argon2id$v=16$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA',
        'bcrypt$$2b$12$short',
        `bcrypt$$2b$02$${'.'.repeat(53)}`,
        `pbkdf2_sha256$1$${'s'.repeat(2000)}$${digest}=`
      ],
      costly: [
        `pbkdf2_sha256$2000001$salt$${digest}=`,
        `pbkdf2_sha256$999999999999$salt$${digest}=`,
        `scrypt$1048576$salt$8$1$${'A'.repeat(86)}==`,
        `scrypt$16384$salt$8$500000$${'A'.repeat(86)}==`,
        `scrypt$131072$salt$8$16$${'A'.repeat(86)}==`,
        `scrypt$1024$salt$8$17$${'A'.repeat(86)}==`,
        `argon2$argon2id$v=19$m=8192,t=1,p=17$c2FsdHNhbHQ$${digest}`,
        `argon2$argon2id$v=19$m=262145,t=1,p=1$c2FsdHNhbHQ$${digest}`,
        `argon2$argon2id$v=19$m=8192,t=1000,p=1$c2FsdHNhbHQ$${digest}`,
        `bcrypt$$2b$31$${'.'.repeat(53)}`
      ]
    }
    for (const [problem, texts] of Object.entries(cases))
      for (const text of texts) assert.equal(readForeignHash(text), problem, text)
    for (const text of ['', 'md5$1', 'pbkdf2_sha256$2000001', 'scrypt$1', 'toString'])
      assert.equal(decoyOf(text), null, text)
  })

  test('ENU-02 with imported hashes, every wrong password takes as long as the dearest kind', async t => {
    const hasher = startHasher(t)
    const dear = pbkdf2('a', 300_000)
    const cheap = pbkdf2('a', 3000)
    const own = await hasher.hash('correct horse battery')
    const schemes = ['pbkdf2_sha256$300000', 'pbkdf2_sha256$3000']
    await hasher.prepare(schemes)
    const stored = { dear, cheap, own, unknown: null, unreadable: 'md5$1$2', disabled: own }
    const times = new Map(Object.keys(stored).map(name => [name, [] as number[]]))
    for (let round = 0; round < 4; round++) {
      for (const [name, hash] of Object.entries(stored)) {
        const password = name === 'disabled' ? 'correct horse battery' : 'wrong'
        const start = cpuMs()
        await hasher.verify(hash, password, { schemes, hidesMatch: name === 'disabled' })
        times.get(name)?.push(cpuMs() - start)
      }
    }
    const fastest = Array.from(times, ([name, all]) => [name, Math.min(...all)] as const)
    const all = fastest.map(([, ms]) => ms)
    assert.ok(Math.max(...all) / Math.min(...all) < 1.6, JSON.stringify(fastest))
    // Who may sign in does not wait.
    const start = cpuMs()
    assert.equal((await hasher.verify(own, 'correct horse battery', { schemes })).matches, true)
    assert.ok(cpuMs() - start < Math.min(...all))
  })
})

test('HSH-12 native code and WebAssembly understand each other’s hashes', async () => {
  const [native, wasm] = [await loadNative(), await loadWasm()]
  const parameters = { memoryKib: 7168, iterations: 1, parallelism: 1 }
  const secret = new TextEncoder().encode('a pepper')
  const { password } = djangoPerson('bcrypt')
  const bcrypt = djangoHash('bcrypt').replace('bcrypt$', '')
  for (const [one, other] of [
    [native, wasm],
    [wasm, native]
  ] as const) {
    for (const pepper of [undefined, secret]) {
      const phc = await one.hash('gigantic purple hat', parameters, pepper)
      assert.match(phc, /^\$argon2id\$v=19\$m=7168,t=1,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
      assert.equal(await other.verify(phc, 'gigantic purple hat', pepper), true)
      for (const wrong of ['gigantic purple hats', '', ' '])
        assert.equal(await other.verify(phc, wrong, pepper), false)
    }
    assert.equal(await one.verifyBcrypt(password, bcrypt), true)
    for (const wrong of [`${password}.`, ''])
      assert.equal(await one.verifyBcrypt(wrong, bcrypt), false)
    await assert.rejects(one.verify('no hash', 'x'))
  }
})
