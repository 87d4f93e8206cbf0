import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { ConfigError, loadConfig } from '../../src/base/config/load.js'
import { settings } from '../../src/base/config/settings.js'
import { version } from '../../src/base/version.js'
import { secretKey } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'
import { entry } from '../support/entry.js'

type Environment = Readonly<Record<string, string>>

const database = 'postgresql://postern:hunter2-hunter2@db.example/postern'
const good = { DATABASE_URL: database, SECRET_KEY: secretKey }
const production = {
  ...good,
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://id.example',
  EMAIL_HOST: 'smtp.example'
}

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems
  }
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'postern-config-'))
  atEnd(t, () => rmSync(path, { recursive: true }))
  return path
}

/** Runs the entry of the service to its end, in a folder of its own and with no environment but this. */
async function run(t: TestContext, env: Environment, args: string[] = [], cwd = folder(t)) {
  const child = spawn(process.execPath, [entry('src/server.js'), ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  atEnd(t, () => child.kill('SIGKILL'))
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      output[name] += text
    })
  }
  const [code] = await once(child, 'close')
  return { code, ...output }
}

test('FLT-16 what is wrong with an environment is told, all at once, a sentence each', () => {
  const table: [Environment, RegExp[]][] = [
    [{ DATABASE_URL: database }, [/^SECRET_KEY must be set together with DATABASE_URL/]],
    [
      { ...good, DATABASE_URL: 'mysql://x' },
      [/^DATABASE_URL must be a URL that starts with postgresql:\/\//]
    ],
    [{ ...good, DATABASE_URL: '' }, [/^DATABASE_URL is empty/]],
    [
      { SECRET_KEY: secretKey, MAIL_WORKER: 'false' },
      [/^MAIL_WORKER=false needs DATABASE_URL: with the embedded database only/]
    ],
    [{ SECRET_KEY: secretKey, MAIL_WORKER: 'false', EMAIL_DISABLED: 'true' }, []],
    [{ ...good, MAIL_WORKER: 'false' }, []],
    [{ ...good, WORKERS: '4' }, [/^WORKERS needs EMAIL_HOST, or EMAIL_DISABLED=true/]],
    [{ ...good, WORKERS: '4', EMAIL_DISABLED: 'true' }, []],
    [
      { ...good, WORKERS: '4', EMAIL_DISABLED: 'true', METRICS_TOKEN: secretKey },
      [/^WORKERS cannot be combined with METRICS_TOKEN/]
    ],
    [
      { ...good, WORKERS: '4', EMAIL_DISABLED: 'true', METRICS_PORT: '65532' },
      [/^METRICS_PORT must leave a port for each of the WORKERS/]
    ],
    [
      { ...good, WORKERS: '4', EMAIL_DISABLED: 'true', METRICS_PORT: '2999', PORT: '3000' },
      [/^PORT must not be one of the ports after METRICS_PORT/]
    ],
    [
      { SECRET_KEY: secretKey, WORKERS: '2', EMAIL_DISABLED: 'true' },
      [/^WORKERS needs DATABASE_URL: the embedded database/]
    ],
    [{ ...production, PUBLIC_URL: '' }, [/^PUBLIC_URL must be set in production/]],
    [{ ...production, PUBLIC_URL: 'https://id.example/x' }, [/^PUBLIC_URL must be an http\(s\)/]],
    [{ DATABASE_URL: database, SECRET_KEY: 'a'.repeat(46) }, [/^SECRET_KEY looks like a placeh/]],
    [
      { ...good, JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH: '/a;b' },
      [/^JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH must be a path/]
    ],
    [
      {
        ...good,
        COOKIE_HOST_PREFIX: 'true',
        JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE: 'true'
      },
      [/^COOKIE_HOST_PREFIX needs secure cookies/]
    ],
    [{ ...good, BASE_PATH: '/../x' }, [/^BASE_PATH must be a path such as/]],
    [
      { ...production, PUBLIC_URL: 'http://id.example' },
      [/^PUBLIC_URL must be https in production/]
    ],
    [
      { ...good, PUBLIC_URL: 'https://id.example/auth' },
      [/^PUBLIC_URL must be an http\(s\) origin/]
    ],
    [{ ...good, PUBLIC_URL: 'id.example' }, [/^PUBLIC_URL must be an/]],
    [{ ...good, PUBLIC_URL: 'https://user:pw@id.example' }, [/^PUBLIC_URL must be an/]],
    [
      { NODE_ENV: 'production', PUBLIC_URL: 'https://id.example', EMAIL_HOST: 'x' },
      [/^Set DATABASE_URL in production/]
    ],
    [{ ...production, RATE_LIMIT_ENABLED: 'false' }, [/^RATE_LIMIT_ENABLED cannot be false/]],
    [
      { ...production, JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_HTTP_ONLY: 'false' },
      [/_HTTP_ONLY cannot be false/]
    ],
    [
      { ...production, JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE: 'false' },
      [/_COOKIE_SECURE cannot be false/]
    ],
    [
      { ...good, JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE: 'None' },
      [/^JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE=None needs/]
    ],
    [
      { ...good, JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE: 'Sometimes' },
      [/must be one of Strict, Lax, None/]
    ],
    [
      { ...good, JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH: 'auth' },
      [/_COOKIE_PATH must be a path such as/]
    ],
    [{ ...good, COOKIE_HOST_PREFIX: 'true' }, [/^COOKIE_HOST_PREFIX needs secure cookies/]],
    [{ ...good, CORS_ORIGINS: '*' }, [/^CORS_ORIGINS must list each origin by its name/]],
    [{ ...good, CORS_ORIGINS: 'https://*.example' }, [/^CORS_ORIGINS must list each/]],
    [{ ...good, CORS_ORIGINS: 'capacitor://a b' }, [/^CORS_ORIGINS must be an origin/]],
    [{ ...good, CORS_ALLOWED_HEADERS: 'a b' }, [/^CORS_ALLOWED_HEADERS must be a list of header/]],
    [{ ...good, COOKIE_PARTITIONED: 'true' }, [/^COOKIE_PARTITIONED needs secure cookies/]],
    [
      { ...good, PASSWORD_RESET_COOKIE_SAME_SITE: 'None' },
      [/^PASSWORD_RESET_COOKIE_SAME_SITE=None needs PASSWORD_RESET_COOKIE_SECURE/]
    ],
    [{ ...good, CORS_ORIGINS: 'https://a.example,,https://b.example' }, [/^CORS_ORIGINS must be/]],
    [{ ...good, TRUST_PROXY: '1' }, [/^TRUST_PROXY must be a list of addresses/]],
    [{ ...good, TRUST_PROXY: 'true' }, [/^TRUST_PROXY must be/]],
    [{ ...good, TRUST_PROXY: 'loopback' }, [/^TRUST_PROXY must be/]],
    [
      { ...good, PASSWORD_MIN_LENGTH: '7' },
      [/^PASSWORD_MIN_LENGTH must be a whole number from 8 to 128/]
    ],
    [{ ...good, PASSWORD_MIN_LENGTH: '8.5' }, [/^PASSWORD_MIN_LENGTH must be/]],
    [
      { ...good, ARGON2_MEMORY_KIB: '19455' },
      [/^ARGON2_MEMORY_KIB must be at least 19456 with ARGON2_ITERATIONS=2/]
    ],
    [{ ...good, ARGON2_ITERATIONS: '1' }, [/^ARGON2_MEMORY_KIB must be at least 47104/]],
    [
      { ...good, JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: 'soon' },
      [/must be a duration such as 30m or 14d/]
    ],
    [
      {
        ...good,
        JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '1h',
        JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME: '30m'
      },
      [/must not exceed/]
    ],
    [{ ...good, JWT_ALLAUTH_USER_ATTRIBUTES: 'role=email' }, [/cannot redefine role/]],
    [
      { ...good, JWT_ALLAUTH_USER_ATTRIBUTES: 'x=password_hash' },
      [/^JWT_ALLAUTH_USER_ATTRIBUTES must take each claim from one of id, email/]
    ],
    [{ ...good, JWT_ALLAUTH_USER_ATTRIBUTES: 'client_id=id' }, [/cannot redefine client_id/]],
    [{ ...good, JWT_ALLAUTH_USER_ATTRIBUTES: "aud.x='y'" }, [/cannot redefine aud/]],
    ...["x='y", 'x=[1]', '=id', 'x=id,', 'x=id y=id', 'a\\b=id', 'x'].map(
      (text): [Record<string, string>, RegExp[]] => [
        { ...good, JWT_ALLAUTH_USER_ATTRIBUTES: text },
        [/^JWT_ALLAUTH_USER_ATTRIBUTES must/]
      ]
    ),
    ...['a..b=id', '__proto__.x=id', 'a.b.c.d.e.f=id'].map(
      (text): [Record<string, string>, RegExp[]] => [
        { ...good, JWT_ALLAUTH_USER_ATTRIBUTES: text },
        [/^JWT_ALLAUTH_USER_ATTRIBUTES has a claim whose name/]
      ]
    ),
    [{ ...good, JWT_ALLAUTH_USER_ATTRIBUTES: 'a=id,a.b=email' }, [/names one claim twice/]],
    [{ ...good, JWT_ALGORITHM: 'HS256' }, [/^JWT_ALGORITHM must be one of ES256, EdDSA, RS256/]],
    [{ ...good, JWT_ALGORITHM: 'none' }, [/^JWT_ALGORITHM must be one of/]],
    [
      { ...good, LOGIN_FAILURES_PER_ACCOUNT: '0/min' },
      [/^LOGIN_FAILURES_PER_ACCOUNT must allow at least one/]
    ],
    [{ ...good, RATE_LIMIT_LOGIN: 'many' }, [/^RATE_LIMIT_LOGIN must be written like 10\/min/]],
    [{ ...good, BASE_PATH: 'auth' }, [/^BASE_PATH must be a path/]],
    [{ ...good, BASE_PATH: '/a/../b c' }, [/^BASE_PATH must be a path/]],
    [
      { ...good, OLD_PASSWORD_FIELD_ENABLED: 'yes' },
      [/^OLD_PASSWORD_FIELD_ENABLED must be true or false/]
    ],
    [{ ...good, HOST: 'a\nb' }, [/^HOST must be one line/]],
    [
      { ...good, PORT: '70000', LOG_LEVEL: 'loud', DATABASE_POOL_SIZE: '0' },
      [/^PORT must/, /^LOG_LEVEL must be one of/, /^DATABASE_POOL_SIZE must/]
    ],
    [
      { ...good, PORT: '70000', TEMPLATES_DIR: '/nowhere/hunter2', DEFAULT_LOCALE: 'nl' },
      [
        /^PORT must/,
        /^TEMPLATES_DIR cannot be read \(ENOENT\)\.$/,
        /^DEFAULT_LOCALE must be one of en, cs, .*, zh-Hant\.$/
      ]
    ],
    ...['https:evil', 'https:/evil', 'https:///evil', 'https://', '//evil', '/\\evil', 'evil'].map(
      (url): [Environment, RegExp[]] => [
        { ...good, PASSWORD_RESET_REQUEST_URL: url },
        [/^PASSWORD_RESET_REQUEST_URL must be a URL that starts with https:\/\/ .* names a host\.$/]
      ]
    )
  ]
  for (const [env, expected] of table) {
    const problems = problemsOf(env)
    assert.equal(problems.length, expected.length, `${JSON.stringify(env)}: ${problems.join(' ')}`)
    for (const [n, pattern] of expected.entries()) assert.match(problems[n] ?? '', pattern)
    for (const problem of problems) {
      assert.match(problem, /^[A-Z].*\.$/s)
      assert.ok(!problem.includes('hunter2'), problem)
    }
  }
})

test('JWT-03 secrets that are none: refused, and not repeated', () => {
  const weak = [
    '',
    'secret',
    'x'.repeat(31),
    'a'.repeat(64),
    'abcabcabcabcabcabcabcabcabcabcabcabcabc',
    'change-me-change-me-change-me-change-me',
    'django-insecure-8f7a6s5d4f3g2h1j0k9l8m7n6b5v',
    'your-key-goes-here-0123456789-abcdefghij',
    'password-password-0123456789-abcdefghijkl',
    'kP3vXq8ZrT1mNcW7yBdH5sLfJ0aGuE2'
  ]
  for (const value of weak) {
    for (const env of [
      { ...good, SECRET_KEY: value },
      { ...good, SECRET_KEY_FALLBACKS: value || 'short' }
    ]) {
      const problems = problemsOf(env)
      assert.ok(problems.length > 0, `${value} was taken`)
      if (value !== '') assert.ok(!problems.join('\n').includes(value))
    }
  }
  assert.deepEqual(
    problemsOf({ ...good, SECRET_KEY_FALLBACKS: 'Zr7mQ2xLk9VbN4tYc6WpHs3JdF8gEa1uRiToXzKvBn5=' }),
    []
  )
})

test('good environments are taken, in every documented spelling', () => {
  const config = loadConfig({
    ...production,
    TRUST_PROXY: '10.0.0.0/8, fd00::/8,192.0.2.1',
    CORS_ORIGINS: 'https://app.example, https://admin.example/',
    JWT_ALLAUTH_COLLECT_USER_AGENT: 'False',
    LOGOUT_ON_PASSWORD_CHANGE: 'TRUE',
    JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '900',
    JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME: '2w',
    RATE_LIMIT_LOGIN: '10/minute',
    RATE_LIMIT_REFRESH: '5/300s',
    BASE_PATH: '/jwt-allauth/',
    DEFAULT_LOCALE: 'pt',
    PASSWORD_RESET_REDIRECT: '/app/new-password?step=1',
    PASSWORD_RESET_REQUEST_URL: 'https://app.example/forgotten'
  })
  assert.equal(config.DEFAULT_LOCALE, 'pt-BR')
  assert.equal(config.PASSWORD_RESET_REDIRECT, '/app/new-password?step=1')
  assert.equal(config.PASSWORD_RESET_REQUEST_URL, 'https://app.example/forgotten')
  assert.deepEqual(config.TRUST_PROXY, ['10.0.0.0/8', 'fd00::/8', '192.0.2.1/32'])
  assert.deepEqual(config.CORS_ORIGINS, ['https://app.example', 'https://admin.example'])
  assert.equal(config.JWT_ALLAUTH_COLLECT_USER_AGENT, false)
  assert.equal(config.LOGOUT_ON_PASSWORD_CHANGE, true)
  assert.equal(config.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME, 900)
  assert.equal(config.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME, 14 * 86_400)
  assert.deepEqual(config.RATE_LIMIT_LOGIN, { count: 10, seconds: 60 })
  assert.deepEqual(config.RATE_LIMIT_REFRESH, { count: 5, seconds: 300 })
  assert.equal(config.BASE_PATH, '/jwt-allauth')
  assert.equal(config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE, true)
  assert.equal(config.JWT_AUDIENCE, 'https://id.example')
  assert.ok(Object.isFrozen(config))
})

test('an unknown JWT_ALLAUTH_* name warns and names the nearest one', () => {
  const { warnings } = loadConfig({ ...good, JWT_ALLAUTH_SESION_LIFETIME: '1h', UNRELATED: 'x' })
  assert.deepEqual(warnings, [
    'JWT_ALLAUTH_SESION_LIFETIME is not a setting; the nearest is JWT_ALLAUTH_SESSION_LIFETIME.'
  ])
})

test('mails that would reach nobody are worth a warning', () => {
  const named = { ...good, PUBLIC_URL: 'http://auth.example' }
  assert.match(loadConfig(named).warnings.join(), /^EMAIL_HOST is not set: mails are not sent/)
  for (const more of [{ EMAIL_HOST: 'smtp.example' }, { EMAIL_DISABLED: 'true' }])
    assert.deepEqual(loadConfig({ ...named, ...more }).warnings, [])
  assert.deepEqual(loadConfig({ ...good, PUBLIC_URL: 'http://localhost:3000' }).warnings, [])
})

test('without DATABASE_URL a key is made once, for nobody else to read', t => {
  const dataDir = join(folder(t), 'data')
  const { SECRET_KEY: made } = loadConfig({ DATA_DIR: dataDir })
  assert.ok(Buffer.from(made, 'base64').length >= 32)
  assert.equal(statSync(join(dataDir, 'secret.key')).mode & 0o777, 0o600)
  // Root lets the user of the database pass through, and nobody look inside.
  const isRoot = process.getuid?.() === 0
  assert.equal(statSync(dataDir).mode & 0o777, isRoot ? 0o711 : 0o700)
  assert.equal(loadConfig({ DATA_DIR: dataDir }).SECRET_KEY, made)
})

test('the process', { concurrency: 2 }, async t => {
  const refused = async (
    t: TestContext,
    env: Environment,
    sentence: RegExp,
    args: string[] = []
  ) => {
    const { code, stdout, stderr } = await run(t, env, args)
    assert.equal(code, 1, stdout)
    assert.match(stderr, sentence)
    assert.equal(stdout, '')
    // One sentence a problem: no stack, and no value that could be a secret.
    assert.doesNotMatch(stderr, /\n\s+at |node:|hunter2|BEGIN/)
    for (const value of Object.values(env))
      if (value.length > 20) assert.ok(!stderr.includes(value))
    for (const line of stderr.trim().split('\n')) assert.match(line, /^[A-Z].*\.$/)
  }
  const unreachable = { ...good, DATABASE_URL: 'postgresql://postern:hunter2@127.0.0.1:1/none' }

  await Promise.all([
    t.test('FLT-16 JWT-03 says all that is wrong and exits with 1', t =>
      refused(
        t,
        {
          DATABASE_URL: database,
          SECRET_KEY: 'my-very-own-short-secret',
          PORT: 'x',
          NODE_ENV: 'production'
        },
        /SECRET_KEY must hold at least 32 bytes\.[\s\S]*PUBLIC_URL must be set/
      )
    ),
    t.test('FLT-16 a key file that is not there, is none, or is for another algorithm', async t => {
      const path = folder(t)
      const file = (name: string, text: string) => {
        writeFileSync(join(path, name), text)
        return join(path, name)
      }
      const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
      const pem = String(rsa.export({ type: 'pkcs8', format: 'pem' }))
      const withKey = (name: string) => ({ ...unreachable, JWT_PRIVATE_KEY_FILE: name })
      await refused(
        t,
        withKey(join(path, 'absent.pem')),
        /^JWT_PRIVATE_KEY_FILE must name a readable PEM file with a private key\.$/m
      )
      await refused(
        t,
        withKey(file('none.pem', 'hunter2')),
        /^JWT_PRIVATE_KEY_FILE must name a readable PEM file with a private key\.$/m
      )
      await refused(
        t,
        withKey(file('rsa.pem', pem)),
        /^JWT_PRIVATE_KEY_FILE does not hold a key for JWT_ALGORITHM=ES256\.$/m
      )
    }),
    t.test(
      'FLT-16 an address that is not ours to listen on, and a database that is not there',
      async t => {
        // A network that is only for books (RFC 5737).
        const { url, drop } = await createTestDatabase()
        atEnd(t, drop)
        const away = await run(t, { ...good, DATABASE_URL: url, HOST: '192.0.2.1' })
        assert.equal(away.code, 1)
        assert.equal(
          away.stderr,
          'HOST is not an address of this machine. 0.0.0.0 listens on all its addresses.\n'
        )
        const nowhere = new URL(url)
        nowhere.pathname += '_that_nobody_made'
        const missing = await run(t, { ...good, DATABASE_URL: nowhere.href })
        assert.equal(missing.code, 1)
        assert.match(missing.stderr, /^There is no database \w+_that_nobody_made at [^\n]+\n$/)
      }
    ),
    t.test('an unknown argument is told', t =>
      refused(t, good, /^Unknown argument --fast\. Try --help\.$/m, ['--fast'])
    ),
    t.test('--help names every setting', async t => {
      const { code, stdout, stderr } = await run(t, {}, ['--help'])
      assert.equal(code, 0, stderr)
      for (const name of Object.keys(settings)) assert.ok(stdout.includes(name), name)
    }),
    t.test('--version says the version', async t => {
      const { code, stdout } = await run(t, {}, ['--version'])
      assert.equal(code, 0)
      assert.equal(stdout, `${version}\n`)
    }),
    t.test('.env in the working directory is read; the environment wins', async t => {
      const cwd = folder(t)
      writeFileSync(join(cwd, '.env'), 'DATABASE_URL=mysql://x\nSECRET_KEY="short"\nPORT=x\n')
      const { code, stderr } = await run(t, { PORT: '3000' }, [], cwd)
      assert.equal(code, 1)
      assert.match(stderr, /^DATABASE_URL must be a URL/m)
      assert.match(stderr, /^SECRET_KEY must hold/m)
      assert.doesNotMatch(stderr, /^PORT/m)
    })
  ])
})

test('OPS-12 a secret may stand in a file, but not in both places', t => {
  const cwd = folder(t)
  const file = (name: string, content: string) => {
    const path = join(cwd, name)
    writeFileSync(path, content)
    return path
  }
  const DATABASE_URL_FILE = file('url', `${database}\n`)
  const SECRET_KEY_FILE = file('key', secretKey)
  const config = loadConfig({ DATABASE_URL_FILE, SECRET_KEY_FILE })
  assert.equal(config.DATABASE_URL, database)
  assert.equal(config.SECRET_KEY, secretKey)
  assert.deepEqual(problemsOf({ ...good, SECRET_KEY_FILE }), [
    'SECRET_KEY and SECRET_KEY_FILE are both set; remove one of them.'
  ])
  assert.deepEqual(problemsOf({ ...good, REDIS_URL_FILE: join(cwd, 'none') }), [
    'REDIS_URL_FILE cannot be read (ENOENT).'
  ])
  assert.deepEqual(problemsOf({ ...good, METRICS_TOKEN_FILE: file('empty', '\n') }), [
    'METRICS_TOKEN is empty; remove it or set a value.'
  ])
  // What stands in the file is checked like any other value, and told as little.
  const [problem = ''] = problemsOf({ ...good, METRICS_TOKEN_FILE: file('short', 'hunter2') })
  assert.match(problem, /^METRICS_TOKEN must hold at least 32 bytes/)
  assert.ok(!problem.includes('hunter2'))
})
