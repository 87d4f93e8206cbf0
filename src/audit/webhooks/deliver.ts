import type { Failure } from '../../base/outbox/retry.js'
import { version } from '../../base/version.js'
import type { Deps } from '../../deps.js'
import type { ClaimedEvent } from './queue.js'
import { signedHeaders } from './sign.js'

const longestRetryAfter = 3600

/**
 * Posts one event to the endpoint. Returns null when that answers 2xx. Never throws. No redirect is
 * followed and no answer is read, so whoever controls the endpoint learns nothing through this service
 * and leads it nowhere else.
 */
export async function deliver(
  { config, clock }: Pick<Deps, 'config' | 'clock'>,
  { id, type, at, data }: ClaimedEvent,
  signal: AbortSignal
): Promise<Failure | null> {
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data })
  const timestamp = Math.floor(clock().getTime() / 1000)
  try {
    const response = await fetch(config.EVENTS_WEBHOOK_URL as string, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': `Postern/${version}`,
        ...signedHeaders({ id, timestamp, body }, config.EVENTS_WEBHOOK_SECRET)
      },
      body,
      redirect: 'manual',
      signal
    })
    await response.body?.cancel()
    return response.ok ? null : refusal(response)
  } catch (error) {
    return { permanent: false, summary: describe(error as FetchError) }
  }
}

/** 410 says that the endpoint is gone for good. Others may be an error that is mended within days. */
const refusal = ({ status, headers }: Response): Failure => ({
  permanent: status === 410,
  summary: `answer ${status}`,
  retryAfterSeconds: secondsOf(headers.get('retry-after'))
})

/** Seconds in a `Retry-After`, within an hour; dates count as none. */
const secondsOf = (text: string | null): number =>
  /^\d{1,9}$/.test(text ?? '') ? Math.min(Number(text), longestRetryAfter) : 0

type FetchError = Error & { readonly cause?: { readonly code?: string } }

/** The code of the cause. Messages may quote the URL, whose path can be a secret. */
const describe = ({ name, cause }: FetchError): string =>
  name === 'AbortError' ? 'no answer in time' : (cause?.code ?? name)
