import type { Kind } from './kinds.js'
import * as kinds from './kinds.js'

/** One setting: how it is written, what holds without it, and what the documentation says of it. */
export type Setting<T> = {
  readonly kind: Kind<T>
  readonly default: T
  /** How the default is written in the documentation, where the value alone would not say it. */
  readonly defaultText?: string
  readonly secret?: true
  readonly description: string
}

function setting<T>(
  kind: Kind<T>,
  fallback: T,
  description: string,
  more: Partial<Setting<T>> = {}
): Setting<T> {
  return { kind, default: fallback, description, ...more }
}

function optional<T>(
  kind: Kind<T>,
  description: string,
  more: Partial<Setting<T | null>> = {}
): Setting<T | null> {
  return { kind, default: null, description, ...more }
}

/** User fields that may become claims of an access token. */
export const claimFields = ['email', 'first_name', 'last_name', 'locale', 'created_at'] as const

/**
 * Every setting, in the order of the documentation. A group's heading is the key above it. The
 * names are the environment variables; those that the compatible API names keep its names.
 */
export const groups = {
  'Where it runs': {
    HOST: setting(kinds.text, '127.0.0.1', 'Address to listen on.'),
    PORT: setting(kinds.integer(0, 65_535), 3000, 'Port to listen on; 0 takes a free one.'),
    PUBLIC_URL: optional(
      kinds.origin,
      'Origin under which people and apps reach the service: `iss` of tokens, start of every mailed link, the own origin of the cross-site check. Required in production.',
      { defaultText: '`http://localhost:PORT`' }
    ),
    BASE_PATH: setting(
      kinds.pathPrefix,
      '',
      'Prefix of the API and the pages, `/jwt-allauth` for instance. `/health`, `/docs` and `/.well-known` stay at the root.'
    ),
    CORS_ORIGINS: setting(
      kinds.listOf(kinds.origin),
      [],
      'Origins of browser apps that may call the API with cookies, comma-separated. `*` is refused.'
    ),
    TRUST_PROXY: setting(
      kinds.listOf(kinds.cidr),
      [],
      'Addresses or CIDR ranges of the proxies whose `X-Forwarded-For` is believed. Empty: none.'
    ),
    LOG_LEVEL: setting(
      kinds.oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
      'info',
      'Least severity that is logged. No level logs a secret, but for the links of mails where there is no `EMAIL_HOST`.'
    )
  },
  Database: {
    DATABASE_URL: optional(
      kinds.url('postgresql', 'postgres'),
      'PostgreSQL 14 or later. Without it an embedded PostgreSQL runs under `DATA_DIR`.',
      { secret: true }
    ),
    DATABASE_POOL_SIZE: setting(
      kinds.integer(1, 200),
      10,
      'Connections to the database, per instance.'
    ),
    DATABASE_STATEMENT_TIMEOUT: setting(
      kinds.duration('s', 1, 600),
      10,
      'Longest that one statement may take before the request is answered 503.',
      { defaultText: '`10s`' }
    ),
    DATA_DIR: setting(
      kinds.text,
      'data',
      'Folder of the embedded database and its generated secret key. Must be set explicitly in production without `DATABASE_URL`.'
    ),
    MIGRATE_ON_START: optional(
      kinds.bool,
      'Apply pending migrations at start, one instance at a time. Otherwise a pending migration makes the service refuse to start.',
      { defaultText: '`true` with the embedded database, else `false`' }
    ),
    REDIS_URL: optional(
      kinds.url('redis', 'rediss'),
      'Counts requests in Redis instead of the database.',
      { secret: true }
    )
  },
  'Keys and tokens': {
    SECRET_KEY: optional(
      kinds.secret,
      'Every key of the service is derived from it. Required with `DATABASE_URL`; generated under `DATA_DIR` otherwise.',
      { secret: true }
    ),
    SECRET_KEY_FALLBACKS: setting(
      kinds.listOf(kinds.secret),
      [],
      'Earlier values of `SECRET_KEY`: what they signed or encrypted stays valid.',
      { secret: true }
    ),
    JWT_ALGORITHM: setting(
      kinds.oneOf('ES256', 'EdDSA', 'RS256'),
      'ES256',
      'Signature of access tokens.'
    ),
    JWT_AUDIENCE: optional(kinds.text, '`aud` of access tokens.', {
      defaultText: 'the value of `PUBLIC_URL`'
    }),
    JWT_PRIVATE_KEY_FILE: optional(
      kinds.text,
      'PEM file with the key that signs access tokens, instead of keys kept in the database.'
    ),
    SIGNING_KEY_LIFETIME: setting(
      kinds.duration('d', 86_400),
      90 * 86_400,
      'Age at which the signing key in the database is rotated.',
      { defaultText: '`90d`' }
    ),
    JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: setting(
      kinds.duration('s', 10, 86_400),
      1800,
      'Life of an access token. Other services that verify it by its signature alone learn of a revocation this late.',
      { defaultText: '`30m`' }
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME: setting(
      kinds.duration('s', 60),
      14 * 86_400,
      'A session ends when it was not refreshed for this long.',
      { defaultText: '`14d`' }
    ),
    JWT_ALLAUTH_SESSION_LIFETIME: optional(
      kinds.duration('s', 60),
      'A session ends this long after sign-in, however often it is refreshed.',
      { defaultText: 'none' }
    ),
    JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK: setting(
      kinds.bool,
      true,
      'The service’s own endpoints refuse an access token whose session has ended. With `false` it may still read, and changes nothing of its account.'
    ),
    JWT_ALLAUTH_USER_ATTRIBUTES: setting(
      kinds.pairsOf(kinds.oneOf(...claimFields)),
      {},
      `User fields that become claims, \`claim=field,…\`. Fields: ${claimFields.join(', ')}.`
    ),
    REFRESH_REUSE_GRACE_SECONDS: setting(
      kinds.duration('s', 0, 300),
      10,
      'How long the refresh token just rotated away still answers, with the same successor: two tabs and lost answers. 0 is strict.'
    ),
    MAX_SESSIONS_PER_USER: setting(
      kinds.integer(1, 1000),
      50,
      'Sessions one account may hold; one more ends the oldest.'
    ),
    JWT_ALLAUTH_COLLECT_USER_AGENT: setting(
      kinds.bool,
      true,
      'Keep IP address and user agent of each session, for the list of devices.'
    )
  },
  'Refresh cookie': {
    JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE: setting(
      kinds.bool,
      true,
      'Refresh tokens travel in a cookie unless a client asks otherwise with `X-Refresh-Transport`; `false` turns the default round.'
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_HTTP_ONLY: setting(
      kinds.bool,
      true,
      '`HttpOnly` of the cookie; `false` is refused in production.'
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE: optional(
      kinds.bool,
      '`Secure` of the cookie; `false` is refused where `PUBLIC_URL` is https.',
      { defaultText: '`true` unless `PUBLIC_URL` is http' }
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE: setting(
      kinds.oneOf('Strict', 'Lax', 'None'),
      'Lax',
      '`SameSite` of the cookie.'
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_MAX_AGE: optional(
      kinds.duration('s'),
      '`Max-Age` of the cookie, never longer than the session.',
      { defaultText: 'the session’s idle deadline' }
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH: setting(kinds.text, '/', '`Path` of the cookie.'),
    COOKIE_HOST_PREFIX: setting(
      kinds.bool,
      false,
      'Name every cookie `__Host-…` and refuse the plain name. Needs https and path `/`.'
    )
  },
  Passwords: {
    PASSWORD_MIN_LENGTH: setting(
      kinds.integer(8, 128),
      8,
      'Fewest characters of a new password. 15 is recommended where no second factor is required.'
    ),
    PASSWORD_MIN_SCORE: setting(
      kinds.integer(0, 4),
      2,
      'Least strength of a new password, from 0 (anything) to 4 (very hard to guess), as zxcvbn estimates it.'
    ),
    PASSWORD_BREACHED_CHECK: setting(
      kinds.bool,
      false,
      'Refuse passwords that a public breach list knows. Sends five characters of a digest to `PASSWORD_BREACHED_URL`; never blocks when that does not answer.'
    ),
    PASSWORD_BREACHED_URL: setting(
      kinds.webUrl,
      'https://api.pwnedpasswords.com/range/',
      'Range API of the breach list.'
    ),
    OLD_PASSWORD_FIELD_ENABLED: setting(
      kinds.bool,
      true,
      '`POST /password/change/` asks for `old_password`.'
    ),
    LOGOUT_ON_PASSWORD_CHANGE: setting(
      kinds.bool,
      true,
      'A new password ends every session; the answer carries a fresh one.'
    ),
    PASSWORD_PEPPERS: setting(
      kinds.listOf(kinds.secret),
      [],
      'Secrets that go into password hashes and lie outside the database: the first into new ones, the others are still understood.',
      { secret: true }
    ),
    ARGON2_MEMORY_KIB: setting(
      kinds.integer(7168, 1_048_576),
      19_456,
      'Memory of one argon2id hash. The floor depends on the iterations (OWASP): 47104 with 1, 19456 with 2, 12288 with 3, 9216 with 4, 7168 with 5.'
    ),
    ARGON2_ITERATIONS: setting(kinds.integer(1, 20), 2, 'Passes of one argon2id hash.'),
    ARGON2_PARALLELISM: setting(kinds.integer(1, 16), 1, 'Lanes of one argon2id hash.'),
    HASH_CONCURRENCY: optional(kinds.integer(1, 64), 'Hashes computed at the same time.', {
      defaultText: 'the number of cores'
    }),
    HASH_QUEUE_LIMIT: optional(
      kinds.integer(1, 10_000),
      'Hashes that may wait; one more is answered 503 at once.',
      { defaultText: '64 for each hash at the same time' }
    )
  },
  'E-mail verification': {
    EMAIL_VERIFICATION: setting(
      kinds.verification,
      'none',
      '`mandatory` (or `True`): no sign-in before the address is confirmed. `optional`: a mail is sent, everything works. `none` (or `False`): addresses count as confirmed.'
    ),
    ACCOUNT_PREVENT_ENUMERATION: setting(
      kinds.bool,
      true,
      'With mandatory verification a sign-up with a taken address is answered like any other, and the owner is told by mail.'
    ),
    ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: setting(
      kinds.duration('d', 60),
      3 * 86_400,
      'Life of a confirmation or invitation link.',
      { defaultText: '`3d`' }
    ),
    EMAIL_VERIFIED_REDIRECT: optional(kinds.target, 'Where a confirmation link leads in the end.', {
      defaultText: 'a page of the service'
    }),
    EMAIL_VERIFICATION_CONFIRM_BUTTON: setting(
      kinds.bool,
      false,
      'A confirmation link shows a button, and confirms only when it is pressed.'
    ),
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: setting(
      kinds.bool,
      false,
      'The first confirmation of an account also signs in, by cookie, unless a second factor is due.'
    )
  },
  'Roles and invitations': {
    ROLES: setting(
      kinds.roleList,
      [],
      'Roles of your own, `name:number,…`, highest authority first. They stand below `superuser` (900) and `staff` (1000) and above `user` (0).'
    ),
    JWT_ALLAUTH_INVITATIONS: setting(
      kinds.bool,
      false,
      'Lets people with the roles below invite others.'
    ),
    JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION: setting(
      kinds.bool,
      false,
      'Invitations only: `POST /registration/` is absent.'
    ),
    JWT_ALLAUTH_REGISTRATION_ALLOWED_ROLES: setting(
      kinds.listOf(kinds.text),
      ['staff', 'superuser'],
      'Roles that may invite, by name or number. Nobody can grant more than they have.',
      { defaultText: '`staff,superuser`' }
    ),
    PASSWORD_SET_REDIRECT: optional(
      kinds.target,
      'Your own page for the first password of an invited person; it posts to `/registration/set-password/`.',
      { defaultText: 'a page of the service' }
    ),
    PASSWORD_SET_COOKIE_HTTP_ONLY: setting(
      kinds.bool,
      true,
      '`HttpOnly` of the cookie that an invitation leaves.'
    ),
    PASSWORD_SET_COOKIE_SECURE: optional(kinds.bool, '`Secure` of that cookie.', {
      defaultText: '`true` unless `PUBLIC_URL` is http'
    }),
    PASSWORD_SET_COOKIE_SAME_SITE: setting(
      kinds.oneOf('Strict', 'Lax'),
      'Lax',
      '`SameSite` of that cookie.'
    ),
    PASSWORD_SET_COOKIE_MAX_AGE: setting(
      kinds.duration('s', 60, 7 * 86_400),
      86_400,
      'Life of that cookie and of what it allows, never longer than its link.',
      { defaultText: '`1d`' }
    ),
    ADMIN_EMAIL: optional(
      kinds.text,
      'Invites this address as superuser at start, once, while there is no superuser.'
    ),
    AUDIT_RETENTION: setting(
      kinds.duration('d', 86_400),
      365 * 86_400,
      'How long audit events are kept.',
      {
        defaultText: '`365d`'
      }
    )
  },
  'Password reset': {
    PASSWORD_RESET_TIMEOUT: setting(
      kinds.duration('s', 60, 7 * 86_400),
      3600,
      'Life of a reset link.',
      {
        defaultText: '`1h`'
      }
    ),
    PASSWORD_RESET_REDIRECT: optional(
      kinds.target,
      'Your own page for the new password; it posts to `/password/reset/set-new/`.',
      { defaultText: 'a page of the service' }
    ),
    PASSWORD_RESET_REQUEST_URL: optional(
      kinds.target,
      'Where mails send somebody who wants to ask for a reset.',
      { defaultText: 'a page of the service' }
    ),
    PASSWORD_RESET_COOKIE_HTTP_ONLY: setting(
      kinds.bool,
      true,
      '`HttpOnly` of the cookie that allows one new password.'
    ),
    PASSWORD_RESET_COOKIE_SECURE: optional(kinds.bool, '`Secure` of that cookie.', {
      defaultText: '`true` unless `PUBLIC_URL` is http'
    }),
    PASSWORD_RESET_COOKIE_SAME_SITE: setting(
      kinds.oneOf('Strict', 'Lax'),
      'Lax',
      '`SameSite` of that cookie.'
    ),
    PASSWORD_RESET_COOKIE_MAX_AGE: setting(
      kinds.duration('s', 60, 86_400),
      3600,
      'Life of that cookie and of what it allows, never longer than its link.',
      { defaultText: '`1h`' }
    )
  },
  'Second factor': {
    JWT_ALLAUTH_MFA_TOTP_MODE: setting(
      kinds.oneOf('disabled', 'optional', 'required'),
      'disabled',
      '`disabled`: sign-in asks for the password alone. `optional`: who has set up an authenticator app is asked for its code. `required`: everybody is, and sets one up first.'
    ),
    JWT_ALLAUTH_TOTP_ISSUER: optional(kinds.text, 'Name of your product in authenticator apps.', {
      defaultText: 'the value of `BRAND_NAME`'
    }),
    JWT_ALLAUTH_MFA_CHALLENGE_MAX_ATTEMPTS: setting(
      kinds.integer(0, 1000),
      5,
      'Wrong codes that one sign-in may have before it has to begin again; 0: no limit.'
    ),
    JWT_ALLAUTH_MFA_MAX_ATTEMPTS: setting(
      kinds.integer(0, 100_000),
      10,
      'Wrong codes that one account may have, over all sign-ins, before codes are refused for a while; 0: no limit.'
    ),
    JWT_ALLAUTH_MFA_LOCKOUT_SECONDS: setting(
      kinds.duration('s', 1, 86_400),
      900,
      'How long codes are then refused, and after how long without a wrong code the count is forgotten.',
      { defaultText: '`15m`' }
    ),
    MFA_COMPLETE_REDIRECT: optional(
      kinds.target,
      'Where the pages of the second factor lead in the end.',
      { defaultText: 'a page of the service' }
    )
  },
  Mail: {
    EMAIL_HOST: optional(
      kinds.text,
      'SMTP server. Without it, outside production, mails are shown at `/dev/mailbox/` and their links logged; where `PUBLIC_URL` is no loopback host they are only logged.'
    ),
    EMAIL_PORT: optional(kinds.integer(1, 65_535), 'Port of the SMTP server.', {
      defaultText: '465 with `EMAIL_USE_SSL`, 587 with `EMAIL_USE_TLS`, else 25'
    }),
    EMAIL_HOST_USER: optional(kinds.text, 'User at the SMTP server.'),
    EMAIL_HOST_PASSWORD: optional(kinds.text, 'Password at the SMTP server.', { secret: true }),
    EMAIL_USE_TLS: setting(kinds.bool, false, 'Demand STARTTLS.'),
    EMAIL_USE_SSL: setting(kinds.bool, false, 'Speak TLS from the first byte.'),
    DEFAULT_FROM_EMAIL: optional(kinds.mailbox, 'Sender of every mail, `Name <address>`.', {
      defaultText: '`BRAND_NAME <no-reply@host of PUBLIC_URL>`'
    }),
    EMAIL_DISABLED: setting(
      kinds.bool,
      false,
      'Send no mail at all; whatever needs mail is absent. Production needs this or `EMAIL_HOST`.'
    ),
    MAIL_WORKER: setting(
      kinds.bool,
      true,
      'Send mails from this process. Off where `npm run worker` does it, which needs `DATABASE_URL`.'
    ),
    DKIM_DOMAIN: optional(
      kinds.text,
      'Signs mails for this domain (DKIM), with the two settings below.'
    ),
    DKIM_SELECTOR: optional(kinds.text, 'DKIM selector.'),
    DKIM_PRIVATE_KEY_FILE: optional(kinds.text, 'PEM file with the DKIM key.'),
    MAILS_PER_ADDRESS: setting(
      kinds.rate,
      { count: 5, seconds: 3600 },
      'Mails that strangers can cause to one address. More are not sent; the answers stay the same.',
      { defaultText: '`5/hour`' }
    ),
    MAILS_PER_NETWORK: setting(
      kinds.rate,
      { count: 50, seconds: 3600 },
      'Mails that one network can cause.',
      { defaultText: '`50/hour`' }
    ),
    MAILS_OVER_ALL: setting(
      kinds.rate,
      { count: 2000, seconds: 3600 },
      'Mails that strangers can cause in total.',
      { defaultText: '`2000/hour`' }
    )
  },
  'Pages and languages': {
    BRAND_NAME: setting(kinds.text, 'Postern', 'Name of your product, on pages and in mails.'),
    BRAND_LOGO_URL: optional(
      kinds.webUrl,
      'Image shown on pages; the only thing they load from elsewhere.'
    ),
    BRAND_COLOR: setting(kinds.colour, '#3454d1', 'Colour of buttons and links.'),
    TEMPLATES_DIR: optional(
      kinds.folder,
      'Folder whose templates replace those of `views/` with the same names; `views/README.md` says what each is given. A broken one stops the start.'
    ),
    DEFAULT_LOCALE: setting(
      kinds.language,
      'en',
      'Language where neither the account nor the browser names one that there is.'
    )
  },
  Limits: {
    RATE_LIMIT_ENABLED: setting(
      kinds.bool,
      true,
      'Request limits per network; `false` is refused in production.'
    ),
    RATE_LIMIT_LOGIN: setting(
      kinds.rate,
      { count: 30, seconds: 60 },
      'Sign-in requests per network (IPv4 address or IPv6 /64).',
      { defaultText: '`30/min`' }
    ),
    RATE_LIMIT_REGISTRATION: setting(
      kinds.rate,
      { count: 20, seconds: 3600 },
      'Sign-up requests per network.',
      { defaultText: '`20/hour`' }
    ),
    RATE_LIMIT_REFRESH: setting(
      kinds.rate,
      { count: 300, seconds: 60 },
      'Refresh requests per network.',
      { defaultText: '`300/min`' }
    ),
    RATE_LIMIT_PASSWORD_RESET: setting(
      kinds.rate,
      { count: 20, seconds: 60 },
      'Requests around password reset, verification and address change per network.',
      { defaultText: '`20/min`' }
    ),
    RATE_LIMIT_MFA: setting(
      kinds.rate,
      { count: 30, seconds: 60 },
      'Requests around the second factor and re-authentication per network.',
      { defaultText: '`30/min`' }
    ),
    RATE_LIMIT_DEFAULT: setting(
      kinds.rate,
      { count: 600, seconds: 60 },
      'All other requests per network.',
      { defaultText: '`600/min`' }
    ),
    LOGIN_FAILURES_PER_ACCOUNT: setting(
      kinds.rate,
      { count: 20, seconds: 900 },
      'Wrong passwords for one account, from anywhere, before each further one has to wait, twice as long each time up to 15 minutes; forgotten after the period.',
      { defaultText: '`20/15m`' }
    ),
    LOGIN_FAILURES_PER_NETWORK: setting(
      kinds.rate,
      { count: 50, seconds: 900 },
      'The same for one network, over all accounts.',
      { defaultText: '`50/15m`' }
    ),
    LOGIN_FAILURES_PER_PAIR: setting(
      kinds.rate,
      { count: 5, seconds: 300 },
      'The same for one account from one network, and for one account from a device that signed in to it before.',
      { defaultText: '`5/5m`' }
    )
  }
} as const

type Groups = typeof groups
type Flattened = { [G in keyof Groups]: Groups[G] }[keyof Groups]
type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (
  i: infer I
) => void
  ? I
  : never
type Definitions = UnionToIntersection<Flattened>
type Valued = {
  readonly [Name in keyof Definitions]: Definitions[Name] extends Setting<infer T> ? T : never
}

/** Every setting by name. */
export const settings = Object.assign({}, ...Object.values(groups)) as Definitions

/** What the environment said, before what depends on several settings is filled in. */
export type Settings = Valued
