import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { canonicalAddress } from '../email-address.js'
import { SettingError } from './kinds.js'
import { isLoopback } from './loopback.js'
import { createRoles } from './roles.js'
import { withSecretFiles } from './secret-files.js'
import { readOrCreateSecretKey } from './secret-key.js'
import type { Setting, Settings } from './settings.js'
import { settings } from './settings.js'

type Completed = Readonly<ReturnType<typeof complete>>

/** All settings, validated and completed. `warnings` are sentences for the log about allowed values. */
export type Config = Omit<Completed, 'SECRET_KEY'> & { readonly SECRET_KEY: string }

/** One sentence for each problem in the environment, without the value: it may be a secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** The environment of the process, and `.env` in the working directory for variables that it lacks. */
export function readEnvironment(): Environment {
  const file = resolve('.env')
  return { ...(existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}), ...process.env }
}

/** Settings that `NAME_FILE` may hand over in a file. */
const secretNames = Object.entries<Setting<unknown>>(settings)
  .filter(([, { secret }]) => secret)
  .map(([name]) => name)

/**
 * Validates the settings and `NODE_ENV`, and fills in defaults that depend on other settings. Without
 * `SECRET_KEY` the key is read from `DATA_DIR`, or generated there.
 *
 * @throws {ConfigError} with every problem at once.
 */
export function loadConfig(given: Environment = readEnvironment()): Config {
  const problems: string[] = []
  const env = withSecretFiles(given, secretNames, problems)
  const values: Record<string, unknown> = {}
  for (const [name, definition] of Object.entries(settings) as [string, Setting<unknown>][]) {
    values[name] = parseOne(name, definition, env[name], problems)
  }
  const parsed = values as Settings
  const completed = complete(parsed, env)
  problems.push(...contradictions(completed, parsed, env))
  if (problems.length > 0) throw new ConfigError(problems)
  const secretKey = parsed.SECRET_KEY ?? ownSecretKey(parsed.DATA_DIR)
  return Object.freeze({ ...completed, SECRET_KEY: secretKey })
}

/** Fills in the defaults that depend on other settings. */
function complete(given: Settings, env: Environment) {
  const production = env.NODE_ENV === 'production'
  const publicUrl = given.PUBLIC_URL ?? `http://localhost:${given.PORT}`
  const https = publicUrl.startsWith('https:')
  // One core stays for the event loop and the database: more hashes at once wait for each other.
  const concurrency = given.HASH_CONCURRENCY ?? Math.max(1, availableParallelism() - 1)
  // An app on another site gets no cookie with another value.
  const isCrossSite = given.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE === 'None'
  const sameSite: 'None' | 'Lax' = isCrossSite ? 'None' : 'Lax'
  return {
    ...given,
    PUBLIC_URL: publicUrl,
    POSTERN_OPERATOR: given.POSTERN_OPERATOR ?? systemUser(),
    JWT_AUDIENCE: given.JWT_AUDIENCE ?? publicUrl,
    MIGRATE_ON_START: given.MIGRATE_ON_START ?? given.DATABASE_URL === null,
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE: given.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE ?? https,
    PASSWORD_RESET_COOKIE_SECURE: given.PASSWORD_RESET_COOKIE_SECURE ?? https,
    PASSWORD_SET_COOKIE_SECURE: given.PASSWORD_SET_COOKIE_SECURE ?? https,
    PASSWORD_RESET_COOKIE_SAME_SITE: given.PASSWORD_RESET_COOKIE_SAME_SITE ?? sameSite,
    PASSWORD_SET_COOKIE_SAME_SITE: given.PASSWORD_SET_COOKIE_SAME_SITE ?? sameSite,
    /** `SameSite` of cookies that have no setting of their own. */
    sameSite,
    JWT_ALLAUTH_TOTP_ISSUER: given.JWT_ALLAUTH_TOTP_ISSUER ?? given.BRAND_NAME,
    EMAIL_PORT: given.EMAIL_PORT ?? (given.EMAIL_USE_SSL ? 465 : given.EMAIL_USE_TLS ? 587 : 25),
    DEFAULT_FROM_EMAIL:
      given.DEFAULT_FROM_EMAIL ??
      `${given.BRAND_NAME.replaceAll(/[<>"]/g, '')} <no-reply@${new URL(publicUrl).hostname}>`,
    HASH_CONCURRENCY: concurrency,
    HASH_QUEUE_LIMIT: given.HASH_QUEUE_LIMIT ?? 64 * concurrency,
    HOSTED_PAGES: given.HOSTED_PAGES ?? cookieReachesPages(given),
    production,
    warnings: [...unknownNames(env), ...mailless(given, production, publicUrl), ...openSmtp(given)]
  }
}

/** Whether browsers send the refresh cookie to the pages. They are signed in by it. */
function cookieReachesPages({
  JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH: path,
  BASE_PATH
}: Pick<Settings, 'JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH' | 'BASE_PATH'>): boolean {
  return `${BASE_PATH}/`.startsWith(path.endsWith('/') ? path : `${path}/`)
}

/** The name of the system user, or its number where the system knows no name, as in containers. */
function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

function ownSecretKey(dataDir: string): string {
  try {
    return readOrCreateSecretKey(dataDir)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError([
      `The secret key in DATA_DIR cannot be read or created (${code}). Run this command as the user of the service.`
    ])
  }
}

function parseOne(
  name: string,
  definition: Setting<unknown>,
  raw: string | undefined,
  problems: string[]
) {
  if (raw === '' && definition.secret) {
    problems.push(`${name} is empty; remove it or set a value.`)
  }
  if (raw === undefined || raw === '') return definition.default
  try {
    return definition.kind.parse(raw)
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    problems.push(`${name} ${error.message}.`)
    return definition.default
  }
}

/** OWASP's least memory in KiB for 1, 2, 3 and 4 iterations; then for more. */
const argonFloors = [47_104, 19_456, 12_288, 9216]
const leastMemory = 7168

const neverFalseInProduction = [
  'RATE_LIMIT_ENABLED',
  'JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_HTTP_ONLY'
] as const

const secureCookies = [
  'JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE',
  'PASSWORD_SET_COOKIE_SECURE',
  'PASSWORD_RESET_COOKIE_SECURE'
] as const

type SameSiteOf<Name extends string> = Name extends `${infer Cookie}SECURE`
  ? `${Cookie}SAME_SITE`
  : never

/** Claims that `JWT_ALLAUTH_USER_ATTRIBUTES` cannot redefine. */
const reservedClaims = [
  'token_type',
  'exp',
  'iat',
  'nbf',
  'jti',
  'client_id',
  'user_id',
  'sub',
  'iss',
  'aud',
  'session',
  'sid',
  'session_iat',
  'role',
  'role_name',
  'email_verified',
  'auth_time',
  'amr',
  'acr'
] as const

/** A sentence for each combination of settings that is not allowed. */
function contradictions(config: Completed, given: Settings, env: Environment): string[] {
  const { hostname, protocol } = new URL(config.PUBLIC_URL)
  const https = protocol === 'https:'
  const loopback = isLoopback(hostname)
  const floor = argonFloors[config.ARGON2_ITERATIONS - 1] ?? leastMemory
  const dkim = [config.DKIM_DOMAIN, config.DKIM_SELECTOR, config.DKIM_PRIVATE_KEY_FILE]
  const clash = reservedClaims.filter(name =>
    config.JWT_ALLAUTH_USER_ATTRIBUTES.some(({ path }) => path[0] === name)
  )
  const rules: [boolean, string][] = [
    [
      config.production && !env.PUBLIC_URL,
      'PUBLIC_URL must be set in production: links and tokens contain it.'
    ],
    [
      config.production && !https && !loopback,
      'PUBLIC_URL must be https in production; http is allowed only for a loopback host.'
    ],
    [
      given.BRAND_LOGO_DARK_URL !== null && given.BRAND_LOGO_URL === null,
      'BRAND_LOGO_DARK_URL needs BRAND_LOGO_URL, which is shown on a light screen.'
    ],
    [given.PUBLIC_URL === null && given.PORT === 0, 'PUBLIC_URL must be set when PORT is 0.'],
    [
      given.DATABASE_URL !== null && env.SECRET_KEY === undefined,
      'SECRET_KEY must be set together with DATABASE_URL; generate one with: openssl rand -base64 48.'
    ],
    [
      config.production && given.DATABASE_URL === null && !env.DATA_DIR,
      'Set DATABASE_URL in production, or DATA_DIR to use the embedded database in a small single-node installation.'
    ],
    ...neverFalseInProduction.map((name): [boolean, string] => [
      config.production && !config[name],
      `${name} cannot be false in production.`
    ]),
    ...secureCookies.map((name): [boolean, string] => [
      https && !config[name],
      `${name} cannot be false while PUBLIC_URL is https.`
    ]),
    ...secureCookies.map((name): [boolean, string] => {
      const sameSite = name.replace(/SECURE$/, 'SAME_SITE') as SameSiteOf<typeof name>
      return [
        given[sameSite] === 'None' && !config[name],
        `${sameSite}=None needs ${name}: browsers ignore such a cookie otherwise.`
      ]
    }),
    [
      config.COOKIE_PARTITIONED && !secureCookies.every(name => config[name]),
      'COOKIE_PARTITIONED needs secure cookies: with an https PUBLIC_URL they are.'
    ],
    [
      !/^\/[\x21-\x3a\x3c-\x7e]*$/.test(config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH),
      'JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH must be a path such as /, without spaces or semicolons.'
    ],
    [
      config.HOSTED_PAGES && !cookieReachesPages(config),
      'HOSTED_PAGES=true needs a JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH that covers the pages, such as /.'
    ],
    [
      config.COOKIE_HOST_PREFIX &&
        !(
          secureCookies.every(name => config[name]) &&
          config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH === '/'
        ),
      'COOKIE_HOST_PREFIX needs secure cookies and the path /. Cookies are secure with an https PUBLIC_URL.'
    ],
    [
      config.ARGON2_MEMORY_KIB < floor,
      `ARGON2_MEMORY_KIB must be at least ${floor} with ARGON2_ITERATIONS=${config.ARGON2_ITERATIONS}.`
    ],
    [
      config.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME > config.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME,
      'JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME must not exceed JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME.'
    ],
    [
      config.production && config.EMAIL_HOST === null && !config.EMAIL_DISABLED,
      'EMAIL_HOST must be set in production, or EMAIL_DISABLED=true to send no mail.'
    ],
    [
      config.EMAIL_DISABLED && config.EMAIL_VERIFICATION !== 'none',
      'EMAIL_VERIFICATION needs mail, and EMAIL_DISABLED is true.'
    ],
    [
      !config.MAIL_WORKER &&
        given.DATABASE_URL === null &&
        !(config.EMAIL_DISABLED && config.EVENTS_WEBHOOK_URL === null),
      'MAIL_WORKER=false needs DATABASE_URL: with the embedded database only the service can send mails and events.'
    ],
    [
      config.WORKERS > 1 && given.DATABASE_URL === null,
      'WORKERS needs DATABASE_URL: the embedded database is for one process.'
    ],
    [
      config.WORKERS > 1 && config.EMAIL_HOST === null && !config.EMAIL_DISABLED,
      'WORKERS needs EMAIL_HOST, or EMAIL_DISABLED=true: one process alone has the mailbox for development.'
    ],
    [
      config.WORKERS > 1 && config.METRICS_TOKEN !== null,
      'WORKERS cannot be combined with METRICS_TOKEN, which answers for one process. Use METRICS_PORT.'
    ],
    [
      config.WORKERS > 1 && (config.METRICS_PORT ?? 0) + config.WORKERS > 65_535,
      'METRICS_PORT must leave a port for each of the WORKERS.'
    ],
    [
      config.METRICS_PORT !== null &&
        config.PORT > config.METRICS_PORT &&
        config.PORT <= config.METRICS_PORT + config.WORKERS &&
        config.WORKERS > 1,
      'PORT must not be one of the ports after METRICS_PORT, which the WORKERS take.'
    ],
    [
      (config.EVENTS_WEBHOOK_URL === null) !== (config.EVENTS_WEBHOOK_SECRET.length === 0),
      'EVENTS_WEBHOOK_URL and EVENTS_WEBHOOK_SECRET must be set together.'
    ],
    [
      config.EMAIL_USE_TLS && config.EMAIL_USE_SSL,
      'EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other.'
    ],
    [
      config.JWT_ALLAUTH_REGISTRATION_ALLOWED_ROLES.some(
        role => createRoles(config.ROLES).numberOf(role) === null
      ),
      'JWT_ALLAUTH_REGISTRATION_ALLOWED_ROLES names a role that is neither built in nor in ROLES.'
    ],
    [
      (config.JWT_ALLAUTH_INVITATIONS || config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION) &&
        config.EMAIL_DISABLED,
      'Invitations need mail, and EMAIL_DISABLED is true.'
    ],
    [
      config.ADMIN_EMAIL !== null && canonicalAddress(config.ADMIN_EMAIL) === null,
      'ADMIN_EMAIL must be an e-mail address.'
    ],
    [
      dkim.includes(null) && dkim.some(value => value !== null),
      'DKIM_DOMAIN, DKIM_SELECTOR and DKIM_PRIVATE_KEY_FILE must be set together.'
    ],
    [clash.length > 0, `JWT_ALLAUTH_USER_ATTRIBUTES cannot redefine ${clash.join(', ')}.`]
  ]
  return rules.filter(([broken]) => broken).map(([, sentence]) => sentence)
}

/** In development on another host than loopback, mails are neither sent nor shown on a page. */
function mailless(given: Settings, production: boolean, publicUrl: string): string[] {
  const { hostname } = new URL(publicUrl)
  const isLogged = !production && given.EMAIL_HOST === null && !given.EMAIL_DISABLED
  return isLogged && !isLoopback(hostname)
    ? ['EMAIL_HOST is not set: mails are not sent, and their links are written to the log.']
    : []
}

/** Without TLS whoever is in between reads the password. On this machine nobody is. */
function openSmtp({ EMAIL_HOST: host, EMAIL_HOST_USER, EMAIL_USE_TLS, EMAIL_USE_SSL }: Settings) {
  const isOpen = EMAIL_HOST_USER !== null && !EMAIL_USE_TLS && !EMAIL_USE_SSL
  return isOpen && host !== null && !isLoopback(host)
    ? [
        'EMAIL_HOST_USER signs in without EMAIL_USE_TLS or EMAIL_USE_SSL: the password may travel unencrypted. Set one of the two.'
      ]
    : []
}

/** Beginnings of names that no other program has. */
const ownPrefix = /^(JWT_ALLAUTH|EVENTS_WEBHOOK|LOGIN_FAILURES|RATE_LIMIT)_/
/** Names of other programs are as short as `HOST`, and often close to it. */
const shortestName = 7
const mostTypos = 2

/**
 * Reports misspelt names: the service would otherwise use the default without a message. A name counts as
 * ours by its beginning, or if it is nearly a setting.
 */
function unknownNames(env: Environment): string[] {
  const known = [...Object.keys(settings), ...secretNames.map(name => `${name}_FILE`)]
  return Object.keys(env)
    .filter(name => name.length >= shortestName && !known.includes(name))
    .flatMap(name => {
      const isOurs = ownPrefix.test(name)
      const nearest = known
        .filter(other => isOurs || Math.abs(other.length - name.length) <= mostTypos)
        .map(other => ({ other, typos: distance(name, other) }))
        .toSorted((a, b) => a.typos - b.typos)[0]
      return nearest && (isOurs || nearest.typos <= mostTypos)
        ? [`${name} is not a setting; the nearest is ${nearest.other}.`]
        : []
    })
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const swap = (row[j] as number) + (letter === other ? 0 : 1)
      next.push(Math.min(swap, (row[j + 1] as number) + 1, (next[j] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
