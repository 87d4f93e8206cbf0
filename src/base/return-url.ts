import type { Config } from './config/load.js'

type Allowing = Pick<Config, 'BASE_PATH' | 'HOSTED_PAGES' | 'PUBLIC_URL' | 'RETURN_URLS'>

const longest = 2048

/**
 * The address that a `return_to` names, as browsers read it (WHATWG URL), if `RETURN_URLS` or the account
 * page allows it; null otherwise. It is the normalised text, so what was checked is where the browser goes.
 */
export function allowedReturn(config: Allowing, returnTo: unknown): string | null {
  if (typeof returnTo !== 'string' || returnTo.length > longest || !URL.canParse(returnTo))
    return null
  const url = new URL(returnTo)
  // A scheme without a host has the origin `null`, which would equal that of another such scheme.
  if (!/^https?:$/.test(url.protocol) || url.username + url.password !== '') return null
  const { BASE_PATH, HOSTED_PAGES, PUBLIC_URL, RETURN_URLS } = config
  const own = HOSTED_PAGES ? [`${PUBLIC_URL}${BASE_PATH}/account/`] : []
  const isAllowed = [...RETURN_URLS, ...own].some(entry => {
    const { origin, pathname } = new URL(entry)
    if (url.origin !== origin) return false
    return (
      url.pathname === pathname || (pathname.endsWith('/') && url.pathname.startsWith(pathname))
    )
  })
  return isAllowed ? url.href : null
}
