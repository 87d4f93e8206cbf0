import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, suite, type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { hash as hashArgon2, verify as verifyArgon2 } from '@node-rs/argon2'
import { dictionary } from '@zxcvbn-ts/language-common'
import { createHasher } from '../../src/passwords/hashing.js'
import { decoyPhc } from '../../src/passwords/phc.js'
import { createPasswordPolicy, type PasswordPolicy } from '../../src/passwords/policy.js'
import { HasherBusyError, WorkerPool } from '../../src/passwords/worker-pool.js'
import { atEnd } from '../support/at-end.js'

const parameters = { memoryKib: 7168, iterations: 5, parallelism: 1 }

type HasherOptions = Parameters<typeof createHasher>[0]

function startHasher(t: TestContext, options: Partial<HasherOptions> = {}) {
  const corrupt: string[] = []
  const hasher = createHasher({
    parameters,
    concurrency: 1,
    queueLimit: 50,
    onCorruptHash: () => corrupt.push('corrupt'),
    ...options
  })
  atEnd(t, () => hasher.close())
  return { hasher, corrupt }
}

suite('hashing', () => {
  test('HSH-01 a hash names argon2id and its parameters, and only its own password matches', async t => {
    const { hasher } = startHasher(t)
    const hash = await hasher.hash('correct horse battery')

    assert.match(hash, /^\$argon2id\$v=19\$m=7168,t=5,p=1\$/)
    assert.notEqual(await hasher.hash('correct horse battery'), hash)
    assert.deepEqual(await hasher.verify(hash, 'correct horse battery'), {
      matches: true,
      outdated: false
    })
    assert.equal((await hasher.verify(hash, 'correct horse battery ')).matches, false)
  })

  test('HSH-01 parameters below the floor are refused', () => {
    const tooCheap = [
      { memoryKib: 47_103, iterations: 1, parallelism: 1 },
      { memoryKib: 19_455, iterations: 2, parallelism: 1 },
      { memoryKib: 7_167, iterations: 9, parallelism: 1 },
      { memoryKib: 19_456, iterations: 0, parallelism: 1 }
    ]
    for (const parameters of tooCheap) {
      const start = () =>
        createHasher({ parameters, concurrency: 1, queueLimit: 1, onCorruptHash() {} })
      assert.throws(start, RangeError, JSON.stringify(parameters))
    }
  })

  test('HSH-02 a hash made with other parameters, dearer or cheaper, matches and is outdated', async t => {
    const { hasher } = startHasher(t)
    const others = [
      { memoryKib: 9216, iterations: 4, parallelism: 1 },
      { memoryKib: 8192, iterations: 6, parallelism: 1 },
      { ...parameters, parallelism: 2 }
    ]
    for (const other of others) {
      const { hasher: earlier } = startHasher(t, { parameters: other })
      const hash = await earlier.hash('correct horse battery')
      assert.deepEqual(await hasher.verify(hash, 'correct horse battery'), {
        matches: true,
        outdated: true
      })
      assert.deepEqual(await hasher.verify(hash, 'wrong'), { matches: false, outdated: false })
    }
  })

  test('HSH-04 a full queue refuses at once and says how long to wait; what waits is served', async t => {
    const { hasher } = startHasher(t, { concurrency: 1, queueLimit: 2 })
    const answers = await Promise.allSettled(
      Array.from({ length: 5 }, () => hasher.verify(null, 'anything'))
    )

    const refused = answers.filter(answer => answer.status === 'rejected')
    assert.deepEqual(
      answers.map(answer => answer.status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']
    )
    for (const { reason } of refused) {
      assert.ok(reason instanceof HasherBusyError)
      const { retryAfter = 0 } = reason.details
      assert.ok(Number.isInteger(retryAfter) && retryAfter >= 1)
      assert.equal(reason.statusCode, 503)
    }
    assert.equal((await hasher.verify(null, 'anything')).matches, false)
  })

  test('HSH-04 the event loop turns while a hash is computed', async t => {
    const { hasher } = startHasher(t)
    const order: string[] = []
    const hashing = hasher.hash('correct horse battery').then(() => order.push('hash'))
    await nextTurn()
    order.push('loop')
    await hashing
    assert.deepEqual(order, ['loop', 'hash'])
  })

  test('HSH-06 a client that goes away while queued frees its place', async t => {
    const { hasher } = startHasher(t, { queueLimit: 1 })
    const client = new AbortController()
    const running = hasher.verify(null, 'first')
    const waiting = hasher.verify(null, 'second', { signal: client.signal })
    await assert.rejects(hasher.verify(null, 'third'), HasherBusyError)

    client.abort()
    await assert.rejects(waiting, { name: 'AbortError' })
    assert.equal((await hasher.verify(null, 'fourth')).matches, false)
    assert.equal((await running).matches, false)
  })

  test('HSH-06 one that goes away while its hash is computed, or before, is told so', async t => {
    const { hasher } = startHasher(t)
    const client = new AbortController()
    const running = hasher.hash('correct horse battery', client.signal)
    client.abort()
    await assert.rejects(running, { name: 'AbortError' })
    await assert.rejects(hasher.hash('correct horse battery', client.signal), {
      name: 'AbortError'
    })
    assert.ok(await hasher.hash('correct horse battery'), 'the thread goes on')
  })

  test('HSH-07 ENU-02 an unknown account waits in the same queue for the same work', async t => {
    const { hasher, corrupt } = startHasher(t, { queueLimit: 1 })
    const hash = await hasher.hash('correct horse battery')
    const occupied = [hasher.verify(hash, 'a'), hasher.verify(hash, 'b')]
    await assert.rejects(hasher.verify(null, 'c'), HasherBusyError)
    await assert.rejects(hasher.verify('no hash', 'c'), HasherBusyError)
    await Promise.all(occupied)

    assert.equal((await hasher.verify(null, 'c')).matches, false)
    assert.deepEqual(corrupt, [], 'no account is no defect')
    const cost = /^\$argon2id\$v=19\$m=7168,t=5,p=1\$.{22}\$.{43}$/
    assert.match(decoyPhc(parameters), cost)
    assert.match(hash, cost)
    assert.equal(await verifyArgon2(decoyPhc(parameters), 'c'), false, 'the library computes it')
  })

  test('HSH-08 what is no hash of ours never matches, and is reported', async t => {
    const { hasher, corrupt } = startHasher(t)
    const hash = await hasher.hash('correct horse battery')
    const broken = [
      '',
      'x',
      'correct horse battery',
      '$2b$12$KIXQ4S1v1b0Yq1Xo7m8JbeT4tq1o0p2y2l0Zx9u0b8s1c2d3e4f5g',
      hash.replace('argon2id', 'argon2i'),
      hash.replace('argon2id', 'argon2d'),
      hash.replace('v=19', 'v=16'),
      hash.replace('m=7168', 'm=9999999'),
      hash.replace('t=5', 't=99'),
      hash.replace('p=1', 'p=0'),
      hash.slice(0, -4),
      await hashArgon2('correct horse battery', { memoryCost: 7168, timeCost: 5, outputLen: 16 }),
      `${hash.slice(0, -1)}\n`,
      // Bits that the 32 bytes do not use: another spelling, which a strict decoder refuses.
      hash.replace(/.$/, last => String.fromCharCode(last.charCodeAt(0) + 1)),
      `${hash}${hash}`
    ]
    for (const stored of broken) {
      const { matches } = await hasher.verify(stored, 'correct horse battery')
      assert.equal(matches, false, stored)
    }
    assert.equal(corrupt.length, broken.length)
    assert.equal((await hasher.verify(hash, 'correct horse battery')).matches, true)
  })

  test('HSH-09 a pepper is needed to match, and can be rotated', async t => {
    const [old, fresh] = [Buffer.from('old pepper'), Buffer.from('fresh pepper')]
    const { hasher: plain, corrupt } = startHasher(t)
    const { hasher: peppered } = startHasher(t, { peppers: [old] })
    const { hasher: rotated } = startHasher(t, { peppers: [fresh, old] })
    const hash = await peppered.hash('correct horse battery')

    assert.equal(hash.includes('pepper'), false)
    assert.deepEqual(await peppered.verify(hash, 'correct horse battery'), {
      matches: true,
      outdated: false
    })
    assert.deepEqual(await rotated.verify(hash, 'correct horse battery'), {
      matches: true,
      outdated: true
    })
    const before = await plain.hash('correct horse battery')
    assert.deepEqual(await rotated.verify(before, 'correct horse battery'), {
      matches: true,
      outdated: true
    })
    assert.equal((await plain.verify(hash, 'correct horse battery')).matches, false)
    assert.deepEqual(corrupt, ['corrupt'], 'a pepper that is gone is reported')
    const stripped = hash.replace(/,keyid=[^$]*/, '')
    assert.equal((await plain.verify(stripped, 'correct horse battery')).matches, false)
  })

  test('PWD-02 PWD-03 every character counts, also the 128th, past 72 bytes and past a NUL', async t => {
    const { hasher } = startHasher(t)
    const long = 'passphrase '.repeat(12).slice(0, 128)
    const stored = await hasher.hash(long)
    assert.equal((await hasher.verify(stored, long)).matches, true)
    assert.equal((await hasher.verify(stored, `${long.slice(0, 127)}!`)).matches, false)
    assert.equal((await hasher.verify(stored, long.slice(0, 72))).matches, false)

    const withNul = await hasher.hash('a\0bcdefgh')
    assert.equal((await hasher.verify(withNul, 'a\0bcdefgi')).matches, false)
    assert.equal((await hasher.verify(withNul, 'a')).matches, false)
  })

  test('PWD-04 canonically equal spellings are one password; nothing else is folded', async t => {
    const { hasher } = startHasher(t)
    const stored = await hasher.hash('caf\u00e9 \u1e9b\u0323 au lait')
    assert.equal(
      (await hasher.verify(stored, 'cafe\u0301 \u017f\u0323\u0307 au lait')).matches,
      true
    )
    assert.equal((await hasher.verify(stored, 'cafe \u1e9b\u0323 au lait')).matches, false)
    assert.equal((await hasher.verify(stored, 'CAF\u00c9 \u1e9b\u0323 AU LAIT')).matches, false)
    assert.equal((await hasher.verify(stored, 'caf\u00e9 \u1e69 au lait')).matches, false)
  })

  test('PWD-04 half a surrogate pair matches nothing, not even its replacement', async t => {
    const { hasher, corrupt } = startHasher(t)
    const stored = await hasher.hash('\ufffdbcdefgh')
    assert.equal((await hasher.verify(stored, '\ud800bcdefgh')).matches, false)
    assert.equal((await hasher.verify(null, '\ud800bcdefgh')).matches, false)
    assert.deepEqual(corrupt, [])
    await assert.rejects(hasher.hash('\ud800bcdefgh'), TypeError)
  })

  test('PWD-11 an over-long password is wrong without taking a place in the queue', async t => {
    const { hasher } = startHasher(t, { queueLimit: 1 })
    const occupied = [hasher.verify(null, 'a'), hasher.verify(null, 'b')]
    for (const password of ['x'.repeat(1_000_000), 'x'.repeat(257), '👍'.repeat(257)]) {
      assert.deepEqual(await hasher.verify(null, password), { matches: false, outdated: false })
    }
    await assert.rejects(hasher.verify(null, '👍'.repeat(256)), HasherBusyError)
    await Promise.all(occupied)
    await assert.rejects(hasher.hash('x'.repeat(257)), TypeError)

    const decomposed = '\u1f82'.repeat(256).normalize('NFD')
    const stored = await hasher.hash('\u1f82'.repeat(256))
    assert.equal((await hasher.verify(stored, decomposed)).matches, true)
  })

  test('closing answers whoever waits, and nothing starts afterwards', async () => {
    const options = { parameters, concurrency: 1, queueLimit: 5, onCorruptHash() {} }
    const hasher = createHasher(options)
    const waiting = [hasher.verify(null, 'a'), hasher.verify(null, 'b')]
    const outcomes = Promise.allSettled(waiting)
    await hasher.close()
    for (const outcome of await outcomes) {
      assert.ok(outcome.status === 'rejected' && outcome.reason instanceof HasherBusyError)
    }
    await assert.rejects(hasher.verify(null, 'c'), HasherBusyError)
  })
})

suite('threads', () => {
  const options = { size: 1, queueLimit: 5, typicalMs: () => 10, heapMb: 16 }

  test('a thread that cannot start fails its jobs and holds up none', async t => {
    const pool = new WorkerPool<string, string>({ ...options, module: 'no-such-module' })
    atEnd(t, () => pool.close())
    const outcomes = await Promise.allSettled([pool.run('a'), pool.run('b')])
    for (const outcome of outcomes) {
      assert.ok(outcome.status === 'rejected')
      assert.match(String(outcome.reason), /no-such-module/)
    }
  })

  test('a job that throws fails alone; an idle thread that ended is replaced', async t => {
    const pool = new WorkerPool<object, string>({ ...options, module: 'hash-worker', idleMs: 0 })
    atEnd(t, () => pool.close())
    await assert.rejects(pool.run({ password: 'x', parameters: { memoryKib: 1 } }), Error)
    for (let round = 0; round < 3; round++) {
      assert.match(await pool.run({ password: 'x', parameters }), /^\$argon2id/)
      for (let turn = 0; turn <= 10 * round; turn++) await nextTurn()
    }
  })
})

const ada = {
  email: 'ada.lovelace@engines.example.test',
  firstName: 'Ada',
  lastName: 'Lovelace',
  serviceNames: ['Postern', 'gate.example.test']
}

suite('policy', () => {
  const defaults = { minLength: 8, minScore: 2, breachedCheck: null }
  const policy = createPasswordPolicy(defaults)

  async function codes(password: string, context = ada) {
    return (await policy.check(password, context)).map(problem => problem.code)
  }

  test('PWD-01 length is counted in code points after NFC', async () => {
    const tooShort = [{ code: 'password_too_short', params: { min: 8 } }]
    assert.deepEqual(await policy.check('👍🐎🔋🧷🎈🎻🪁', ada), tooShort)
    assert.deepEqual(await policy.check('vie\u0302\u0323t-k', ada), tooShort)
    assert.deepEqual(await policy.check('', ada), tooShort)
    assert.deepEqual(await policy.check('👍🐎🔋🧷🎈🎻🪁🧭', ada), [])
  })

  test('PWD-02 PWD-11 64, 128 and 256 code points are accepted, one more is not', async () => {
    const emoji = Array.from({ length: 300 }, (_, index) =>
      String.fromCodePoint(0x1f400 + ((index * index * 37) % 400))
    )
    for (const length of [64, 128, 256]) {
      assert.deepEqual(await codes(emoji.slice(0, length).join('')), [], String(length))
    }
    const tooLong = [{ code: 'password_too_long', params: { max: 256 } }]
    assert.deepEqual(await policy.check(emoji.slice(0, 257).join(''), ada), tooLong)
    assert.deepEqual(await policy.check('x'.repeat(1_000_000), ada), tooLong)
  })

  test('PWD-03 PWD-04 control characters and half a surrogate pair are refused', async () => {
    for (const password of [
      'tele\0scope-garden',
      'tele\tscope-garden',
      'telescope\x7fgarden',
      'telescope\x85garden',
      '\ud800telescope-garden',
      'garden-scope\udc00'
    ]) {
      assert.deepEqual(await codes(password), ['password_unusable'])
    }
  })

  test('PWD-05 fifteen lowercase words need no digit and no sign, and spaces are kept', async () => {
    const words = 'ten plain words and five more that nobody ever put in a row before'
    assert.deepEqual(await codes(words), [])
    assert.deepEqual(await codes('quietgardenlamp'), [])
    assert.deepEqual(await codes('  a b c  '), [], 'nine code points, spaces counted')
  })

  test('PWD-06 a list of far more than 3000 common passwords of allowed length is refused, in any case', async () => {
    const listed = dictionary['passwords-common'].filter(word => Array.from(word).length >= 8)
    assert.ok(listed.length > 3000)
    for (let index = 0; index < listed.length; index += 1500) {
      const word = listed[index] as string
      assert.ok((await codes(word)).includes('password_too_common'), word)
      assert.ok((await codes(word.toUpperCase())).includes('password_too_common'), word)
    }
  })

  test('PWD-06 the list holds also where no strength is asked', async () => {
    const lenient = createPasswordPolicy({ ...defaults, minScore: 0 })
    assert.deepEqual(await lenient.check('password1', ada), [{ code: 'password_too_common' }])
    assert.deepEqual(await lenient.check('abcabcabcabc', ada), [])
  })

  test('PWD-07 a password built around the person, the address or the service is refused', async () => {
    const around = [
      'ada.lovelace@engines.example.test',
      'ada.lovelace',
      'ada-lovelace-77!',
      'Lovelace1815!',
      'L0v3|4c3#1815',
      'LOVÉLACE-garden',
      'xx-adalovelace-Sup3r-K',
      'engines4ever!x',
      'Postern2026!!',
      'p0$t3rn-sekret',
      'gate.example.test',
      'example-hunter!'
    ]
    for (const password of around) {
      assert.ok((await codes(password)).includes('password_too_similar'), password)
    }
  })

  test('PWD-07 a piece of a name is refused too', async () => {
    const hubert = { ...ada, lastName: 'Wolfeschlegelsteinhausen' }
    assert.deepEqual(await codes('schlegelstein', hubert), ['password_too_similar'])
    assert.deepEqual(await codes('schlegelstein', ada), [])
  })

  test('PWD-07 the longest word counts, so a short first name beside the last one is no padding', async () => {
    const named = { ...ada, email: 'x@y.zz' }
    assert.deepEqual(await codes('adalovelace-violet-bike-zeb', named), ['password_too_similar'])
  })

  test('PWD-07 a passphrase may mention a name, and short words refuse nothing', async () => {
    assert.deepEqual(await codes('miss lovelace rode a violet bicycle'), [])
    assert.deepEqual(await codes('adamant-zebra-flute'), [])
    const bo = { email: 'bo@qi.io', firstName: 'Bo', lastName: 'Li', serviceNames: ['ID'] }
    assert.deepEqual(await codes('bottle-lizard-idea', bo), [])
    const nobody = { email: '', serviceNames: [] }
    assert.deepEqual(await policy.check('bottle-lizard-idea', nobody), [])
  })

  test('PWD-07 names spelled backwards or repeated count as easy to guess', async () => {
    assert.deepEqual(await policy.check('ecalevol77', ada), [
      { code: 'password_too_weak', hint: 'password_hint_personal' }
    ])
    assert.deepEqual(await codes('adaadaada'), ['password_too_weak'])
  })

  test('a weak password comes with a hint that fits it', async () => {
    const examples = {
      'qwertyuiop[]': 'password_hint_keyboard',
      aaaaaaaaaaaaaaaa: 'password_hint_repeat',
      '17.03.1977': 'password_hint_dates',
      Jennifer77: 'password_hint_common',
      establishment: 'password_hint_more_words'
    }
    for (const [password, hint] of Object.entries(examples)) {
      const problems = await policy.check(password, ada)
      assert.deepEqual(problems, [{ code: 'password_too_weak', hint }], password)
    }
  })

  test('a long password is judged by its better end', async () => {
    assert.deepEqual(await codes(`${'a'.repeat(100)} violet bicycle zebra`), [])
    assert.deepEqual(await codes('a'.repeat(200)), ['password_too_weak'])
  })

  test('HSH-06 a client that goes away is not judged', async () => {
    const gone = policy.check('miss lovelace rode a bicycle', ada, AbortSignal.abort())
    await assert.rejects(gone, { name: 'AbortError' })
  })
})

suite('breached passwords', () => {
  const password = 'violet bicycle z\u00e9bra'
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
  const hit = `${'0'.repeat(35)}:3\r\n${digest.slice(5)}:12\r\n`

  let listener: RequestListener = () => {}
  let paths: string[] = []
  let failures: unknown[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    listener(request, response)
  })

  function policyWith(timeoutMs: number): PasswordPolicy {
    const { port } = server.address() as AddressInfo
    return createPasswordPolicy({
      minLength: 8,
      minScore: 2,
      breachedCheck: { url: `http://127.0.0.1:${port}/range`, timeoutMs },
      onBreachedCheckFailed: error => failures.push(error)
    })
  }

  let policy: PasswordPolicy
  before(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    policy = policyWith(5000)
  })
  after(async () => {
    await stop()
  })
  beforeEach(() => {
    paths = []
    failures = []
  })

  async function stop(): Promise<void> {
    server.closeAllConnections()
    if (server.listening) await new Promise(resolve => server.close(resolve))
  }

  test('PWD-06 a listed password is refused, and five digits of its digest are all that is told', async () => {
    let padding: unknown
    listener = (request, response) => {
      padding = request.headers['add-padding']
      response.end(hit)
    }
    assert.deepEqual(await policy.check(password, ada), [{ code: 'password_breached' }])
    assert.deepEqual(paths, [`/range/${digest.slice(0, 5)}`])
    assert.equal(padding, 'true')
    assert.deepEqual(failures, [])
    const decomposed = password.normalize('NFD')
    assert.deepEqual(await policy.check(decomposed, ada), [{ code: 'password_breached' }])
    assert.equal(paths[1], paths[0])
    assert.deepEqual(await policy.check('password1', ada), [{ code: 'password_too_common' }])
    assert.equal(paths.length, 2, 'not asked about what is refused anyway')
  })

  test('one that is not listed, or only as padding, passes', async () => {
    listener = (_, response) => response.end(`${'A'.repeat(35)}:7\r\n${digest.slice(5)}:0\r\n`)
    assert.deepEqual(await policy.check(password, ada), [])
    assert.equal(paths.length, 1)
    assert.deepEqual(failures, [])
  })

  const nonsense: Record<string, RequestListener> = {
    'an error': (_, response) => response.writeHead(500).end(hit),
    'a page': (_, response) => response.end('<!doctype html><p>Hello</p>'),
    'a list and a page': (_, response) => response.end(`${hit}<p>Hello</p>`),
    'a broken connection': (_, response) => response.socket?.destroy(),
    'too much': (_, response) => response.end(hit.repeat(9000)),
    'a redirect': (request, response) =>
      request.url === '/elsewhere'
        ? response.end(hit)
        : response.writeHead(302, { location: '/elsewhere' }).end()
  }
  for (const [name, answer] of Object.entries(nonsense)) {
    test(`a list that answers with ${name} blocks nobody and is reported`, async () => {
      listener = answer
      assert.deepEqual(await policy.check(password, ada), [])
      assert.equal(failures.length, 1)
      assert.equal(paths.includes('/elsewhere'), false, 'no redirect is followed')
    })
  }

  test('a list that hangs, before or within its answer, is left after the time limit', async () => {
    const impatient = policyWith(50)
    const hangs: RequestListener[] = [() => {}, (_, response) => response.write(hit)]
    for (const hang of hangs) {
      listener = hang
      failures = []
      assert.deepEqual(await impatient.check(password, ada), [])
      assert.equal((failures[0] as Error).name, 'TimeoutError')
    }
  })

  test('a list that cannot be reached blocks nobody', async () => {
    await stop()
    assert.deepEqual(await policy.check(password, ada), [])
    assert.equal(failures.length, 1)
  })
})
