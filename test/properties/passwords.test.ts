import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { createHasher } from '../../src/passwords/hashing.js'
import { isOverlong, normalizePassword } from '../../src/passwords/normalize.js'
import { createPasswordPolicy } from '../../src/passwords/policy.js'
import { contextWords, isBuiltAround } from '../../src/passwords/similarity.js'

const anyText = fc.string({ unit: 'binary', maxLength: 300 })
const wellFormed = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const letters = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'abdefghjkmnpqruvwxyz'), minLength, maxLength })

suite('passwords', () => {
  const hasher = createHasher({
    parameters: { memoryKib: 7168, iterations: 5, parallelism: 1 },
    concurrency: 1,
    queueLimit: 10,
    onCorruptHash() {}
  })
  const policy = createPasswordPolicy({ minLength: 8, minScore: 2, breachedCheck: null })
  after(() => hasher.close())

  test('PWD-04 every canonical spelling of a password is that password', async () => {
    await fc.assert(
      fc.asyncProperty(wellFormed, async password => {
        const hash = await hasher.hash(password)
        for (const form of ['NFC', 'NFD']) {
          assert.ok((await hasher.verify(hash, password.normalize(form))).matches)
        }
      }),
      { numRuns: 20 }
    )
  })

  test('PWD-02 no other password matches', async () => {
    await fc.assert(
      fc.asyncProperty(wellFormed, anyText, async (password, other) => {
        fc.pre(normalizePassword(password) !== normalizePassword(other))
        const hash = await hasher.hash(password)
        assert.equal((await hasher.verify(hash, other)).matches, false)
      }),
      { numRuns: 20 }
    )
  })

  test('HSH-08 nothing that a row could hold is an error or a match', async () => {
    const nearly = fc
      .tuple(anyText, fc.nat(60))
      .map(([noise, at]) => `$argon2id$v=19$m=7168,t=5,p=1$${'A'.repeat(at)}$${noise}`)
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, nearly), async stored => {
        assert.equal((await hasher.verify(stored, 'correct horse')).matches, false)
      }),
      { numRuns: 30 }
    )
  })

  test('PWD-07 PWD-11 whatever is sent as a password or known of a person, the policy answers', async () => {
    const context = fc.record({
      email: anyText,
      firstName: anyText,
      lastName: anyText,
      serviceNames: fc.array(anyText, { maxLength: 3 })
    })
    await fc.assert(
      fc.asyncProperty(anyText, context, async (password, about) => {
        const problems = await policy.check(password, about)
        const length = Array.from(normalizePassword(password)).length
        if (length < 8 || isOverlong(password)) assert.equal(problems.length, 1)
      }),
      { numRuns: 100 }
    )
  })

  test('PWD-07 a context word with little beside it is found, whatever its case and look-alikes', () => {
    const leet: Record<string, string> = { a: '@', b: '8', e: '3', g: '9', z: '2' }
    const disguise = (word: string, choices: readonly number[]) =>
      Array.from(word, (letter, index) => {
        const choice = choices[index % choices.length] ?? 0
        return [letter, letter.toUpperCase(), leet[letter] ?? letter][choice]
      }).join('')
    const choices = fc.array(fc.nat(2), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        letters(4, 20),
        letters(0, 7),
        letters(0, 7),
        choices,
        (name, head, tail, how) => {
          const context = { email: 'x@y.zz', firstName: name, serviceNames: [] }
          assert.ok(isBuiltAround(head + disguise(name, how) + tail, contextWords(context)))
        }
      )
    )
  })

  test('PWD-07 words of three letters and fewer, and words that do not occur, refuse nothing', () => {
    const password = fc.string({ unit: fc.constantFrom(...'abdefgh'), minLength: 8, maxLength: 40 })
    const short = letters(0, 3)
    const absent = fc.string({ unit: fc.constantFrom(...'qruvwxy'), minLength: 4, maxLength: 10 })
    fc.assert(
      fc.property(password, short, absent, (typed, firstName, lastName) => {
        const words = contextWords({ email: 'a@b.cd', firstName, lastName, serviceNames: ['qr'] })
        assert.equal(isBuiltAround(typed, words), false)
      })
    )
  })
})
