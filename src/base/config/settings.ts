import { claimList } from './claims.js'
import type { Kind } from './kinds.js'
import * as kinds from './kinds.js'

/** One setting: how it is written, its default, and its description in the documentation. */
export type Setting<T> = {
  readonly kind: Kind<T>
  readonly default: T
  /** The default in the documentation, where the value alone does not say it. */
  readonly defaultText?: string
  readonly secret?: true
  readonly description: string
}

type More = Pick<Setting<unknown>, 'defaultText' | 'secret'>

function setting<T>(kind: Kind<T>, fallback: T, description: string, more?: More): Setting<T> {
  return { kind, default: fallback, description, ...more }
}

const optional = <T>(kind: Kind<T>, description: string, more?: More) =>
  setting<T | null>(kind, null, description, more)

const flag = (fallback: boolean, description: string) => setting(kinds.bool, fallback, description)

/** A setting whose default is shown in the documentation as it is written here. */
const written = <T>(kind: Kind<T>, fallback: string, description: string) =>
  setting(kind, kind.parse(fallback), description, { defaultText: `\`${fallback}\`` })

const page = (description: string) =>
  optional(kinds.target, description, { defaultText: 'a page of the service' })

const secureByDefault = { defaultText: '`true` unless `PUBLIC_URL` is http' }

/** User fields that may become claims of an access token. */
const claimFields = [
  'id',
  'email',
  'first_name',
  'last_name',
  'locale',
  'role',
  'role_name',
  'created_at',
  'legacy_id'
] as const

/**
 * Every setting, in the order of the documentation, under the heading of its group. Names are
 * environment variables; settings that django-jwt-allauth has too keep their names.
 */
export const groups = {
  'Where it runs': {
    HOST: setting(kinds.text, '127.0.0.1', 'Address to listen on.'),
    PORT: setting(kinds.integer(0, 65_535), 3000, 'Port to listen on; 0 takes a free one.'),
    PUBLIC_URL: optional(
      kinds.origin,
      'Origin at which people and apps reach the service. It is the `iss` of tokens, the start of every mailed link, and the service’s own origin in the cross-site check. Required in production.',
      { defaultText: '`http://localhost:PORT`' }
    ),
    BASE_PATH: setting(
      kinds.pathPrefix,
      '',
      'Prefix of the API and the pages, for example `/jwt-allauth`. `/health`, `/docs` and `/.well-known` stay at the root.'
    ),
    CORS_ORIGINS: setting(
      kinds.listOf(kinds.appOrigin),
      [],
      'Origins of browser apps that may call the API with cookies, comma-separated. Apps in a shell have a scheme of their own, such as `capacitor://localhost`. `*` is refused.'
    ),
    CORS_ALLOWED_HEADERS: setting(
      kinds.listOf(kinds.headerName),
      [],
      'Request headers that these apps may send besides the known ones, comma-separated.'
    ),
    TRUST_PROXY: setting(
      kinds.listOf(kinds.cidr),
      [],
      'Addresses or CIDR ranges of the proxies that the service trusts to name the client. Empty: none.'
    ),
    TRUST_PROXY_HEADER: setting(
      kinds.oneOf('X-Forwarded-For', 'Forwarded'),
      'X-Forwarded-For',
      'Header in which these proxies name the client. The other one is ignored, because a client may send it.'
    ),
    DRAIN_DELAY: written(
      kinds.duration('s', 0, 600),
      '0s',
      'How long `/health/ready` says no, after SIGTERM, before the service stops to accept requests. Set it where a load balancer learns only from that path: a little more than the time between two of its checks, times the failures it waits for.'
    ),
    WORKERS: setting(
      kinds.integer(1, 64),
      1,
      'Processes that answer requests. With more than one, a further process keeps house and sends mails, and `DATABASE_POOL_SIZE`, `HASH_CONCURRENCY` and `HASH_QUEUE_LIMIT` are divided among them. Needs `DATABASE_URL`. Helps on 4 cores and more.'
    ),
    LOG_LEVEL: setting(
      kinds.oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
      'info',
      'Lowest severity that is logged. No level logs a secret, with one exception: without `EMAIL_HOST` the links of mails are logged.'
    )
  },
  Watching: {
    POSTERN_OPERATOR: optional(
      kinds.text,
      'Who runs the commands: the audit trail names it in `details.operator` of each act.',
      { defaultText: 'the system user' }
    ),
    METRICS_PORT: optional(
      kinds.integer(0, 65_535),
      'Port of a listener of its own for `/metrics`, in the text format of Prometheus; 0 takes a free one. With `WORKERS` each process has one: this port, and the next ones for those that answer requests.'
    ),
    METRICS_HOST: setting(kinds.text, '127.0.0.1', 'Address of that listener.'),
    METRICS_TOKEN: optional(
      kinds.secret,
      'Bearer token with which `/metrics` answers on `PORT`. Without it there is no such path.',
      { secret: true }
    ),
    OTEL_EXPORTER_OTLP_ENDPOINT: optional(
      kinds.endpoint,
      'Where traces are sent by OTLP over HTTP, without `/v1/traces`. Without it nothing is traced, and the SDK of OpenTelemetry is not loaded.'
    ),
    OTEL_EXPORTER_OTLP_HEADERS: setting(
      kinds.headers,
      {},
      'Headers of these requests, for example an API key.',
      { secret: true }
    ),
    OTEL_SERVICE_NAME: setting(kinds.text, 'postern', '`service.name` of the traces.'),
    EVENTS_WEBHOOK_URL: optional(
      kinds.endpoint,
      'Where each event of the audit trail is posted, signed as Standard Webhooks ([operations](operations.md#webhook)). Needs `EVENTS_WEBHOOK_SECRET`.'
    ),
    EVENTS_WEBHOOK_SECRET: setting(
      kinds.listOf(kinds.webhookSecret),
      [],
      'Secret that signs them, `whsec_` and 24 to 64 bytes in base64. With several, comma-separated, each one signs, so that a receiver can change over.',
      { secret: true }
    )
  },
  Database: {
    DATABASE_URL: optional(
      kinds.databaseUrl,
      'PostgreSQL 14 or later. Without it an embedded PostgreSQL runs under `DATA_DIR`. Parameters that it may have are in [operations](operations.md#the-url).',
      { secret: true }
    ),
    DATABASE_POOL_SIZE: setting(
      kinds.integer(1, 200),
      10,
      'Connections to the database, per instance.'
    ),
    DATABASE_STATEMENT_TIMEOUT: written(
      kinds.duration('s', 1, 600),
      '10s',
      'Longest time for one statement. After it the request is answered with 503.'
    ),
    DATABASE_PREPARED_STATEMENTS: flag(
      true,
      'Plan statements once for each connection. Set it to `false` behind a pooler that does not keep them: PgBouncer before 1.21 in transaction mode.'
    ),
    DATA_DIR: setting(
      kinds.text,
      'data',
      'Folder of the embedded database and its generated secret key. Must be set explicitly in production without `DATABASE_URL`.'
    ),
    MIGRATE_ON_START: optional(
      kinds.bool,
      'Apply pending migrations at start, one instance at a time. With `false` the service does not start while a migration is pending.',
      { defaultText: '`true` with the embedded database, else `false`' }
    ),
    REDIS_URL: optional(
      kinds.url('redis', 'rediss'),
      'Redis that counts requests instead of the database.',
      { secret: true }
    )
  },
  'Keys and tokens': {
    SECRET_KEY: optional(
      kinds.secret,
      'Secret from which every key of the service is derived. Required with `DATABASE_URL`; otherwise generated under `DATA_DIR`.',
      { secret: true }
    ),
    SECRET_KEY_FALLBACKS: setting(
      kinds.listOf(kinds.secret),
      [],
      'Earlier values of `SECRET_KEY`. Tokens and data that were signed or encrypted with them stay valid.',
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
    JWT_CLIENT_ID: setting(
      kinds.text,
      'postern',
      '`client_id` of access tokens (RFC 9068). Some verifiers refuse tokens without it.'
    ),
    JWT_PRIVATE_KEY_FILE: optional(
      kinds.text,
      'PEM file with the key that signs access tokens, instead of keys kept in the database.'
    ),
    SIGNING_KEY_LIFETIME: written(
      kinds.duration('d', 86_400),
      '90d',
      'Age at which the signing key in the database is rotated.'
    ),
    JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: written(
      kinds.duration('s', 10, 86_400),
      '30m',
      'Lifetime of an access token. A service that checks only its signature accepts it this long after the session was revoked.'
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME: written(
      kinds.duration('s', 60),
      '14d',
      'A session ends when it has not been refreshed for this long.'
    ),
    JWT_ALLAUTH_SESSION_LIFETIME: optional(
      kinds.duration('s', 60),
      'A session ends this long after sign-in, even if it is refreshed.',
      { defaultText: 'none' }
    ),
    JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK: flag(
      true,
      'The service’s own endpoints refuse an access token whose session has ended. With `false` such a token can still read, but cannot change the account.'
    ),
    JWT_ALLAUTH_USER_ATTRIBUTES: setting(
      claimList(claimFields),
      [],
      `Claims that are added to tokens: \`claim=field\`, \`claim='text'\` or \`claim=["text","text"]\`, comma-separated. Fields: ${claimFields.join(', ')}. A dot leads into an object, and \`\\.\` is a dot: \`https://hasura\\.io/jwt/claims.x-hasura-user-id=id\`.`
    ),
    JWT_USER_ID: setting(
      kinds.oneOf('uuid', 'legacy'),
      'uuid',
      'The claim `user_id`: the id of the account, or with `legacy` the number that an imported account had before. `sub` is always the id.'
    ),
    REFRESH_REUSE_GRACE_SECONDS: setting(
      kinds.duration('s', 0, 300),
      10,
      'Refreshes within this time belong together: they get one new token. Tabs that refresh at once and answers that come late are then no theft. 0: each token works once, and any repetition is theft, also after a lost answer.'
    ),
    MAX_SESSIONS_PER_USER: setting(
      kinds.integer(1, 1000),
      50,
      'Most sessions of one account. A further sign-in ends the oldest session.'
    ),
    JWT_ALLAUTH_COLLECT_USER_AGENT: flag(
      true,
      'Store the IP address and the user agent of each session, for the list of devices.'
    )
  },
  'Refresh cookie': {
    JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE: flag(
      true,
      'Send refresh tokens in a cookie by default; with `false` in the body. A client can choose with the header `X-Refresh-Transport`.'
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_HTTP_ONLY: flag(
      true,
      '`HttpOnly` of the cookie; `false` is refused in production.'
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE: optional(
      kinds.bool,
      '`Secure` of the cookie; `false` is refused where `PUBLIC_URL` is https.',
      secureByDefault
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE: setting(
      kinds.oneOf('Strict', 'Lax', 'None'),
      'Lax',
      '`SameSite` of the cookie. `None`, for an app on another site, applies to every cookie that has no setting of its own.'
    ),
    COOKIE_PARTITIONED: flag(
      false,
      'Set cookies `Partitioned`, so that an app on another site keeps them where browsers block third-party cookies. Cookies of a navigation are not: they would be kept for our own site only. Needs https.'
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_MAX_AGE: optional(
      kinds.duration('s'),
      '`Max-Age` of the cookie, never longer than the session.',
      { defaultText: 'the session’s idle deadline' }
    ),
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH: setting(kinds.text, '/', '`Path` of the cookie.'),
    COOKIE_HOST_PREFIX: flag(
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
      'Lowest strength of a new password as zxcvbn estimates it, from 0 (any password) to 4 (very hard to guess).'
    ),
    PASSWORD_BREACHED_CHECK: flag(
      false,
      'Refuse passwords that are in a public breach list. Sends the first five characters of a SHA-1 digest to `PASSWORD_BREACHED_URL`. If the list does not answer, the password is accepted.'
    ),
    PASSWORD_BREACHED_URL: setting(
      kinds.webUrl,
      'https://api.pwnedpasswords.com/range/',
      'Range API of the breach list.'
    ),
    OLD_PASSWORD_FIELD_ENABLED: flag(true, '`POST /password/change/` asks for `old_password`.'),
    LOGOUT_ON_PASSWORD_CHANGE: flag(
      true,
      'A new password ends every session. The answer contains a new session.'
    ),
    PASSWORD_PEPPERS: setting(
      kinds.listOf(kinds.secret),
      [],
      'Secrets that are part of password hashes and are not stored in the database. New hashes use the first; hashes with the others can still be verified.',
      { secret: true }
    ),
    ARGON2_MEMORY_KIB: setting(
      kinds.integer(7168, 1_048_576),
      19_456,
      'Memory of one argon2id hash. The minimum depends on the iterations (OWASP): 47104 with 1, 19456 with 2, 12288 with 3, 9216 with 4, 7168 with 5.'
    ),
    ARGON2_ITERATIONS: setting(kinds.integer(1, 20), 2, 'Passes of one argon2id hash.'),
    ARGON2_PARALLELISM: setting(kinds.integer(1, 16), 1, 'Lanes of one argon2id hash.'),
    HASH_CONCURRENCY: optional(kinds.integer(1, 64), 'Hashes computed at the same time.', {
      defaultText: 'the number of cores less one, at least 1'
    }),
    HASH_QUEUE_LIMIT: optional(
      kinds.integer(1, 10_000),
      'Most hashes that wait. A further request is answered with 503 immediately.',
      { defaultText: '64 times `HASH_CONCURRENCY`' }
    )
  },
  'E-mail verification': {
    EMAIL_VERIFICATION: setting(
      kinds.verification,
      'none',
      '`mandatory` (or `True`): no sign-in before the address is confirmed. `optional`: a mail is sent, and sign-in works without confirmation. `none` (or `False`): every address counts as confirmed.'
    ),
    ACCOUNT_PREVENT_ENUMERATION: flag(
      true,
      'With mandatory verification, a sign-up with a taken address gets the same answer as any other, and the owner of the address is notified by mail.'
    ),
    ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: written(
      kinds.duration('d', 60),
      '3d',
      'Lifetime of a confirmation or invitation link.'
    ),
    EMAIL_VERIFIED_REDIRECT: page('Where the browser goes after a confirmation.'),
    EMAIL_VERIFICATION_CONFIRM_BUTTON: flag(
      false,
      'A confirmation link opens a page with a button. Only the button confirms.'
    ),
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: flag(
      false,
      'The first confirmation of an account also signs in with a cookie, unless a second factor is required.'
    )
  },
  'Roles and invitations': {
    ROLES: setting(
      kinds.roleList,
      [],
      'Your own roles, `name:number,…`, highest authority first. They rank below `superuser` (900) and `staff` (1000) and above `user` (0).'
    ),
    JWT_ALLAUTH_INVITATIONS: flag(false, 'People with one of the roles below can invite others.'),
    JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION: flag(
      false,
      'Accounts are created by invitation only: `POST /registration/` does not exist.'
    ),
    JWT_ALLAUTH_REGISTRATION_ALLOWED_ROLES: setting(
      kinds.listOf(kinds.text),
      ['staff', 'superuser'],
      'Roles that can invite, by name or number. A person cannot grant a role above their own.'
    ),
    PASSWORD_SET_REDIRECT: page(
      'Your own page where an invited person chooses the first password. It posts to `/registration/set-password/`.'
    ),
    PASSWORD_SET_COOKIE_HTTP_ONLY: flag(
      true,
      '`HttpOnly` of the cookie that an invitation link sets.'
    ),
    PASSWORD_SET_COOKIE_SECURE: optional(kinds.bool, '`Secure` of that cookie.', secureByDefault),
    PASSWORD_SET_COOKIE_SAME_SITE: optional(
      kinds.oneOf('Strict', 'Lax', 'None'),
      '`SameSite` of that cookie.',
      { defaultText: '`None` where the refresh cookie has it, else `Lax`' }
    ),
    PASSWORD_SET_COOKIE_MAX_AGE: written(
      kinds.duration('s', 60, 7 * 86_400),
      '1d',
      'Lifetime of that cookie, never longer than its link.'
    ),
    ADMIN_EMAIL: optional(
      kinds.text,
      'Address that is invited as superuser at start, once, if there is no superuser.'
    ),
    AUDIT_RETENTION: written(
      kinds.duration('d', 86_400),
      '365d',
      'How long audit events are stored.'
    )
  },
  'Closing an account': {
    ACCOUNT_DELETION_GRACE: written(
      kinds.duration('d', 0, 365 * 86_400),
      '14d',
      'How long an account that its owner deletes stays disabled, and can be taken back by the link in a mail, before it is erased. 0 erases it at once.'
    )
  },
  'Password reset': {
    PASSWORD_RESET_TIMEOUT: written(
      kinds.duration('s', 60, 7 * 86_400),
      '1h',
      'Lifetime of a reset link.'
    ),
    PASSWORD_RESET_REDIRECT: page(
      'Your own page for the new password. It posts to `/password/reset/set-new/`.'
    ),
    PASSWORD_RESET_REQUEST_URL: page('Page in mails where a person can request a password reset.'),
    PASSWORD_RESET_COOKIE_HTTP_ONLY: flag(true, '`HttpOnly` of the cookie that a reset link sets.'),
    PASSWORD_RESET_COOKIE_SECURE: optional(kinds.bool, '`Secure` of that cookie.', secureByDefault),
    PASSWORD_RESET_COOKIE_SAME_SITE: optional(
      kinds.oneOf('Strict', 'Lax', 'None'),
      '`SameSite` of that cookie.',
      { defaultText: '`None` where the refresh cookie has it, else `Lax`' }
    ),
    PASSWORD_RESET_COOKIE_MAX_AGE: written(
      kinds.duration('s', 60, 86_400),
      '1h',
      'Lifetime of that cookie, never longer than its link.'
    )
  },
  'Second factor': {
    JWT_ALLAUTH_MFA_TOTP_MODE: setting(
      kinds.oneOf('disabled', 'optional', 'required'),
      'disabled',
      '`disabled`: sign-in asks only for the password. `optional`: accounts with an authenticator app are also asked for its code. `required`: every account needs an authenticator app and sets it up at the first sign-in.'
    ),
    JWT_ALLAUTH_TOTP_ISSUER: optional(kinds.text, 'Name of your product in authenticator apps.', {
      defaultText: 'the value of `BRAND_NAME`'
    }),
    JWT_ALLAUTH_MFA_CHALLENGE_MAX_ATTEMPTS: setting(
      kinds.integer(0, 1000),
      5,
      'Wrong codes in one sign-in before it has to start again; 0: no limit.'
    ),
    JWT_ALLAUTH_MFA_MAX_ATTEMPTS: setting(
      kinds.integer(0, 100_000),
      10,
      'Wrong codes of one account, over all sign-ins, before codes are refused for a time; 0: no limit.'
    ),
    JWT_ALLAUTH_MFA_LOCKOUT_SECONDS: written(
      kinds.duration('s', 1, 86_400),
      '15m',
      'How long codes are then refused. After each such time one more wrong code is allowed; a right one gives all back.'
    ),
    MFA_COMPLETE_REDIRECT: page('Where the browser goes after the pages of the second factor.')
  },
  Mail: {
    EMAIL_HOST: optional(
      kinds.text,
      'SMTP server. Without it, outside production, mails are shown at `/dev/mailbox/` and their links are logged. If `PUBLIC_URL` is not a loopback host, they are only logged.'
    ),
    EMAIL_PORT: optional(kinds.integer(1, 65_535), 'Port of the SMTP server.', {
      defaultText: '465 with `EMAIL_USE_SSL`, 587 with `EMAIL_USE_TLS`, else 25'
    }),
    EMAIL_HOST_USER: optional(kinds.text, 'User at the SMTP server.'),
    EMAIL_HOST_PASSWORD: optional(kinds.text, 'Password at the SMTP server.', { secret: true }),
    EMAIL_USE_TLS: flag(false, 'Require STARTTLS.'),
    EMAIL_USE_SSL: flag(false, 'Use TLS from the first byte.'),
    DEFAULT_FROM_EMAIL: optional(kinds.mailbox, 'Sender of every mail, `Name <address>`.', {
      defaultText: '`BRAND_NAME <no-reply@host of PUBLIC_URL>`'
    }),
    EMAIL_DISABLED: flag(
      false,
      'Send no mail. Features that need mail are off. Production needs this or `EMAIL_HOST`.'
    ),
    MAIL_WORKER: flag(
      true,
      'Send mails and events from this process. Use `false` if `npm run worker` sends them, which needs `DATABASE_URL`.'
    ),
    DKIM_DOMAIN: optional(
      kinds.text,
      'Domain for which mails are signed (DKIM). Needs the two settings below.'
    ),
    DKIM_SELECTOR: optional(kinds.text, 'DKIM selector.'),
    DKIM_PRIVATE_KEY_FILE: optional(kinds.text, 'PEM file with the DKIM key.'),
    MAILS_PER_ADDRESS: written(
      kinds.rate,
      '5/hour',
      'Mails of one kind (sign-up, confirmation, reset, invitation, change of address) to one address. Further mails are not sent; the answers stay the same. Also the notices of one kind of security event to one address: further ones are folded into one mail.'
    ),
    MAILS_PER_NETWORK: written(
      kinds.rate,
      '50/hour',
      'Requests for a mail that one network can make. Requests that lead to no mail count too: else the answers to later ones would tell who has an account.'
    ),
    MAILS_OVER_ALL: written(
      kinds.rate,
      '2000/hour',
      'Mails that people ask for, in total; notices of security events do not count. The log and `postern doctor` warn at four fifths.'
    )
  },
  'Pages and languages': {
    HOSTED_PAGES: optional(
      kinds.bool,
      'Pages for sign-in, sign-up, sign-out and the account. With `false` only the pages of mailed links and of the second factor are there.',
      { defaultText: '`true`, unless the path of the refresh cookie keeps it from the pages' }
    ),
    APP_URL: optional(
      kinds.webUrl,
      'Your app: where a person goes from a page that ends something, unless `return_to` says more.',
      { defaultText: 'the account page' }
    ),
    RETURN_URLS: setting(
      kinds.listOf(kinds.returnUrl),
      [],
      'URLs that `return_to` may name, comma-separated. An entry that ends in `/` allows everything below it. Another address is ignored.'
    ),
    BRAND_NAME: setting(kinds.text, 'Postern', 'Name of your product, on pages and in mails.'),
    BRAND_LOGO_URL: optional(
      kinds.webUrl,
      'Image on pages and in mails. Many mail programs show PNG and JPEG, but no SVG. Pages load nothing from another origin but this and the two images below.'
    ),
    BRAND_LOGO_DARK_URL: optional(
      kinds.webUrl,
      'Image that takes the place of `BRAND_LOGO_URL` where people use a dark screen.'
    ),
    BRAND_COLOR: setting(kinds.colour, '#3454d1', 'Colour of buttons and links.'),
    BRAND_BACKGROUND: optional(
      kinds.background,
      'What is behind the pages: a colour such as `#f3f4f6`, which is darkened on a dark screen, or the URL of an image.'
    ),
    SUPPORT_URL: optional(
      kinds.contact,
      'Where people get help: a page, or `mailto:` and an address. It is linked at the foot of every page, and mails about events of an account name it.'
    ),
    PRIVACY_URL: optional(
      kinds.webUrl,
      'Your privacy notice. It is linked at the foot of every page and on the sign-up page.'
    ),
    TERMS_URL: optional(
      kinds.webUrl,
      'Your terms of use. They are linked at the foot of every page and on the sign-up page.'
    ),
    TEMPLATES_DIR: optional(
      kinds.folder,
      'Folder with templates that replace those of `views/` with the same names; `views/README.md` lists their fields. The service does not start with a broken template.'
    ),
    DEFAULT_LOCALE: setting(
      kinds.language,
      'en',
      'Language if neither the account nor the browser names an available one.'
    )
  },
  Limits: {
    RATE_LIMIT_ENABLED: flag(true, 'Request limits per network; `false` is refused in production.'),
    RATE_LIMIT_LOGIN: written(
      kinds.rate,
      '30/min',
      'Sign-in requests per network (IPv4 address or IPv6 /64).'
    ),
    RATE_LIMIT_REGISTRATION: written(kinds.rate, '20/hour', 'Sign-up requests per network.'),
    RATE_LIMIT_REFRESH: written(kinds.rate, '300/min', 'Refresh requests per network.'),
    RATE_LIMIT_PASSWORD_RESET: written(
      kinds.rate,
      '20/min',
      'Requests around password reset, verification and address change per network.'
    ),
    RATE_LIMIT_MFA: written(
      kinds.rate,
      '30/min',
      'Requests around the second factor and re-authentication per network.'
    ),
    RATE_LIMIT_DEFAULT: written(kinds.rate, '600/min', 'All other requests per network.'),
    LOGIN_FAILURES_PER_ACCOUNT: written(
      kinds.rate,
      '20/15m',
      'Wrong passwords for one account, from all networks. The budget refills continuously. When it is spent, each further failure has to wait twice as long, up to 15 minutes; the waits shrink with time.'
    ),
    LOGIN_FAILURES_PER_NETWORK: written(
      kinds.rate,
      '50/15m',
      'The same for one network, for all accounts. All known devices of a network have ten times as many.'
    ),
    LOGIN_FAILURES_PER_PAIR: written(
      kinds.rate,
      '5/5m',
      'The same for one account from one network, and for one account from a device that signed in to it before; all such devices of an account together have 10 in 5 minutes.'
    )
  }
} as const

type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (
  i: infer I
) => void
  ? I
  : never
type Definitions = UnionToIntersection<(typeof groups)[keyof typeof groups]>

/** Every setting by name. */
export const settings = Object.assign({}, ...Object.values(groups)) as Definitions

/** The values of the environment, before the defaults that depend on other settings. */
export type Settings = {
  readonly [Name in keyof Definitions]: Definitions[Name] extends Setting<infer T> ? T : never
}
