import { isLoopback } from '../../base/config/loopback.js'
import type { Deps } from '../../deps.js'
import { listSigningKeys } from '../../tokens/keys/store.js'
import { type Finding, findingsOf } from './finding.js'

const patienceMs = 4000

/** Checks whether `PUBLIC_URL` leads to a service with the signing keys of this database. */
export async function examineReach({ db, config }: Deps): Promise<Finding[]> {
  const { ok, warn, fail } = findingsOf('reach')
  const { PUBLIC_URL } = config
  const { hostname } = new URL(PUBLIC_URL)
  try {
    const published = await readKeyIds(`${PUBLIC_URL}/.well-known/jwks.json`)
    if (published === null)
      return [
        fail(
          `Something else answers at PUBLIC_URL (${PUBLIC_URL}): it has no /.well-known/jwks.json. Let the name and the proxy lead to this service.`
        )
      ]
    const own = (await listSigningKeys(db, config)).map(({ kid }) => kid)
    if (config.JWT_PRIVATE_KEY_FILE !== null)
      return [
        ok(
          `A service with a key set answers at PUBLIC_URL (${PUBLIC_URL}). Whether it is this one is not known with JWT_PRIVATE_KEY_FILE.`
        )
      ]
    if (own.some(kid => published.includes(kid)))
      return [ok(`PUBLIC_URL (${PUBLIC_URL}) leads to this service.`)]
    return [
      fail(
        `PUBLIC_URL (${PUBLIC_URL}) leads to a service with other signing keys: another installation. Mend PUBLIC_URL, the proxy, or DATABASE_URL.`
      )
    ]
  } catch (error) {
    const reason = reasonOf(error)
    // The usual case before the first start and on a development machine.
    if (reason === 'nobody answers there' && isLoopback(hostname))
      return [ok(`Nobody answers at ${PUBLIC_URL}, so whether it leads here is not known yet.`)]
    return [
      warn(
        `Whether PUBLIC_URL (${PUBLIC_URL}) leads to this service is not known: ${reason}. Start the service, and check name, certificate and proxy; or run this command from where people connect.`
      )
    ]
  }
}

/** The ids of the published keys; null if the answer is no key set. */
async function readKeyIds(url: string): Promise<unknown[] | null> {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(patienceMs) })
  // While its database is away the service answers 503.
  if (answer.status === 503) throw new Error('503')
  const set = (await answer.json().catch(() => null)) as { keys?: unknown } | null
  if (!answer.ok || !Array.isArray(set?.keys)) return null
  return set.keys.map((key: { kid?: unknown } | null) => key?.kid)
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } }
  const code = cause?.code ?? ''
  const rules: [boolean, string][] = [
    [/ENOTFOUND|EAI_AGAIN/.test(code), 'its name cannot be resolved'],
    [/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH/.test(code), 'nobody answers there'],
    [name === 'TimeoutError', 'nobody answers there in time'],
    [message === '503', 'a service answers 503 there'],
    [/redirect/.test(cause?.message ?? ''), 'it redirects elsewhere'],
    [/CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(code), `its certificate is not trusted (${code})`]
  ]
  return rules.find(([applies]) => applies)?.[1] ?? `the request failed (${code || name})`
}
