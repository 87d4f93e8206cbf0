import type { Config } from '../../base/config/load.js'
import { isLoopback } from '../../base/config/loopback.js'
import { type Finding, findingsOf, orElse } from './finding.js'

/** Roughly what a browser calls a site: scheme and the last two labels of the name. */
function siteOf(origin: string): string {
  const { protocol, hostname } = new URL(origin)
  const isName = /[a-z]$/i.test(hostname)
  return `${protocol}${isName ? hostname.split('.').slice(-2).join('.') : hostname}`
}

/** Whether the origin that people use fits where and how the service runs. */
export function examinePublicUrl(config: Config): Finding[] {
  const { ok, warn } = findingsOf('public-url')
  const { PUBLIC_URL, HOST, production } = config
  const { hostname, protocol } = new URL(PUBLIC_URL)
  const local = isLoopback(hostname)
  const isOpen = !isLoopback(HOST) && HOST !== '::1'
  return orElse(
    [
      [
        local && isOpen,
        warn(
          `PUBLIC_URL is ${PUBLIC_URL}, and the service listens on ${HOST}: mailed links will work on this machine only. Set PUBLIC_URL to the origin that people use.`
        )
      ],
      [
        !local && protocol === 'http:',
        warn(
          `PUBLIC_URL is ${PUBLIC_URL}: passwords and tokens travel unencrypted. Put TLS in front and make it https.`
        )
      ],
      [
        !local && protocol === 'https:' && !production,
        warn(
          'PUBLIC_URL looks like production, and NODE_ENV is not "production": what is for development only is not refused.'
        )
      ]
    ],
    ok(`People reach the service at ${PUBLIC_URL}.`)
  )
}

/** Whether browsers will keep the cookies, and bring them where they are read. */
export function examineCookies(config: Config): Finding[] {
  const { ok, warn, fail } = findingsOf('cookies')
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
  return orElse(
    [
      [
        secure && protocol === 'http:' && !isLoopback(hostname),
        fail(
          'A cookie is set to be Secure, and PUBLIC_URL is http: browsers will drop it. Make PUBLIC_URL https.'
        )
      ],
      [
        !`${BASE_PATH}/refresh/`.startsWith(path.endsWith('/') ? path : `${path}/`),
        fail(
          `JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH is ${path}: browsers will not send the refresh token to ${BASE_PATH}/refresh/. Make it / or a prefix of that.`
        )
      ],
      [
        foreign.length > 0 && sameSite !== 'None',
        warn(
          `CORS_ORIGINS lists ${foreign.join(', ')}, another site than PUBLIC_URL: with JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE=${sameSite} browsers send no cookie from there. Use the same domain, SameSite=None, or the refresh token in the body.`
        )
      ],
      ...unlisted.map(
        ([name, origin]) =>
          [
            true,
            warn(
              `${name} leads to ${origin}, which is not in CORS_ORIGINS: what its page posts will be refused as cross-site.`
            )
          ] as const
      )
    ],
    ok('Browsers will keep the cookies and send them where they are read.')
  )
}

/** Pages of the deployer's own that post to the service from an origin of their own. */
function formOrigins(config: Config): (readonly [name: string, origin: string])[] {
  const { PASSWORD_RESET_REDIRECT, PASSWORD_SET_REDIRECT, PUBLIC_URL } = config
  return Object.entries({ PASSWORD_RESET_REDIRECT, PASSWORD_SET_REDIRECT })
    .filter(([, target]) => target !== null)
    .map(([name, target]) => [name, new URL(target as string, PUBLIC_URL).origin] as const)
    .filter(([, origin]) => origin !== PUBLIC_URL)
}

/** Whether the service can tell its clients apart. */
export function examineProxy({ PUBLIC_URL, TRUST_PROXY }: Config): Finding[] {
  const { ok, warn, fail } = findingsOf('proxy')
  const everybody = TRUST_PROXY.filter(range => range.endsWith('/0'))
  return orElse(
    [
      [
        everybody.length > 0,
        fail(
          `TRUST_PROXY lists ${everybody.join(', ')}: whoever connects can claim any address, and the limits per network limit nobody. List the proxy's own addresses.`
        )
      ],
      [
        PUBLIC_URL.startsWith('https:') && TRUST_PROXY.length === 0,
        warn(
          'PUBLIC_URL is https, so something in front speaks TLS, but TRUST_PROXY is empty: every client counts as that proxy, and all share its limits. List its address in TRUST_PROXY.'
        )
      ]
    ],
    ok(
      TRUST_PROXY.length > 0
        ? `X-Forwarded-For is believed from ${TRUST_PROXY.join(', ')} only.`
        : 'No proxy is expected: clients are known by the address they connect from.'
    )
  )
}
