import type { Config } from '../../base/config/load.js'
import { isLoopback } from '../../base/config/loopback.js'
import { type Finding, findingsOf, problemsOr } from './finding.js'

/** Approximately the site of an origin as browsers define it: scheme and the last two labels of the name. */
function siteOf(origin: string): string {
  const { protocol, hostname } = new URL(origin)
  const isName = /[a-z]$/i.test(hostname)
  return `${protocol}${isName ? hostname.split('.').slice(-2).join('.') : hostname}`
}

/** Checks `PUBLIC_URL` against `HOST` and `NODE_ENV`. */
export function examinePublicUrl(config: Config): Finding[] {
  const { ok, warnIf } = findingsOf('public-url')
  const { PUBLIC_URL, HOST, production } = config
  const { hostname, protocol } = new URL(PUBLIC_URL)
  const local = isLoopback(hostname)
  const isOpen = !isLoopback(HOST) && HOST !== '::1'
  return problemsOr(
    ok(`People reach the service at ${PUBLIC_URL}.`),
    warnIf(
      local && isOpen,
      `PUBLIC_URL is ${PUBLIC_URL}, and the service listens on ${HOST}: mailed links will work on this machine only. Set PUBLIC_URL to the origin that people use.`
    ),
    warnIf(
      !local && protocol === 'http:',
      `PUBLIC_URL is ${PUBLIC_URL}: passwords and tokens travel unencrypted. Use a proxy with TLS and an https PUBLIC_URL.`
    ),
    warnIf(
      !local && protocol === 'https:' && !production,
      'PUBLIC_URL looks like production, and NODE_ENV is not "production": settings for development are not refused.'
    )
  )
}

/** Least characters where a password is all that is asked for (NIST SP 800-63B-4 §3.1.1.2). */
const lengthWithoutFactor = 15

/** Checks whether passwords are long enough where nothing else is asked for. */
export function examinePasswords({
  PASSWORD_MIN_LENGTH: length,
  JWT_ALLAUTH_MFA_TOTP_MODE: mode
}: Config): Finding[] {
  const { ok, warnIf } = findingsOf('passwords')
  return problemsOr(
    ok('New passwords are long enough for what else a sign-in asks for.'),
    warnIf(
      mode !== 'required' && length < lengthWithoutFactor,
      `Passwords of ${length} characters are accepted, and a second factor is ${mode === 'optional' ? 'optional' : 'off'}. Set PASSWORD_MIN_LENGTH=15, or JWT_ALLAUTH_MFA_TOTP_MODE=required.`
    )
  )
}

/** Checks whether browsers will store the cookies and send them to the service. */
export function examineCookies(config: Config): Finding[] {
  const { ok, warnIf, failIf } = findingsOf('cookies')
  const { PUBLIC_URL, BASE_PATH, CORS_ORIGINS } = config
  const path = config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH
  const sameSite = config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE
  const { hostname, protocol } = new URL(PUBLIC_URL)
  const secure =
    config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE ||
    config.PASSWORD_RESET_COOKIE_SECURE ||
    config.PASSWORD_SET_COOKIE_SECURE
  const foreign = CORS_ORIGINS.filter(origin => siteOf(origin) !== siteOf(PUBLIC_URL))
  const unlisted = formOrigins(config).filter(([, origin]) => !CORS_ORIGINS.includes(origin))
  return problemsOr(
    ok('Browsers will store the cookies and send them to the service.'),
    failIf(
      secure && protocol === 'http:' && !isLoopback(hostname),
      'A cookie is set to be Secure, and PUBLIC_URL is http: browsers will ignore it. Set an https PUBLIC_URL.'
    ),
    failIf(
      !`${BASE_PATH}/refresh/`.startsWith(path.endsWith('/') ? path : `${path}/`),
      `JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH is ${path}: browsers will not send the refresh token to ${BASE_PATH}/refresh/. Set it to / or to a prefix of that path.`
    ),
    warnIf(
      foreign.length > 0 && sameSite !== 'None',
      `CORS_ORIGINS lists ${foreign.join(', ')}, another site than PUBLIC_URL: with JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE=${sameSite} browsers send no cookie from there. Use the same domain, SameSite=None, or the refresh token in the body.`
    ),
    ...unlisted.map(([name, origin]) =>
      warnIf(
        true,
        `${name} leads to ${origin}, which is not in CORS_ORIGINS: requests from that page will be refused as cross-site.`
      )
    )
  )
}

/** Origins of the operator's own pages, if they are not the origin of the service. */
function formOrigins(config: Config): (readonly [name: string, origin: string])[] {
  const { PASSWORD_RESET_REDIRECT, PASSWORD_SET_REDIRECT, PUBLIC_URL } = config
  return Object.entries({ PASSWORD_RESET_REDIRECT, PASSWORD_SET_REDIRECT })
    .filter(([, target]) => target !== null)
    .map(([name, target]) => [name, new URL(target as string, PUBLIC_URL).origin] as const)
    .filter(([, origin]) => origin !== PUBLIC_URL)
}

/** Checks whether the service knows the addresses of its clients. */
export function examineProxy({ PUBLIC_URL, TRUST_PROXY, TRUST_PROXY_HEADER }: Config): Finding[] {
  const { ok, warnIf, failIf } = findingsOf('proxy')
  const allAddresses = TRUST_PROXY.filter(range => range.endsWith('/0'))
  return problemsOr(
    ok(
      TRUST_PROXY.length > 0
        ? `${TRUST_PROXY_HEADER} is trusted only from ${TRUST_PROXY.join(', ')}.`
        : 'No proxy is expected: a client has the address of its connection.'
    ),
    failIf(
      allAddresses.length > 0,
      `TRUST_PROXY lists ${allAddresses.join(', ')}: every client can claim any address, so limits per network have no effect. List only the addresses of the proxy.`
    ),
    warnIf(
      PUBLIC_URL.startsWith('https:') && TRUST_PROXY.length === 0,
      'PUBLIC_URL is https, so a proxy handles TLS, but TRUST_PROXY is empty: every client counts as that proxy, and all share its limits. List the address of the proxy in TRUST_PROXY.'
    )
  )
}
