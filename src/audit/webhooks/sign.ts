import { createHmac } from 'node:crypto'

/** What a signature is made over. */
export type Message = {
  readonly id: string
  /** When this attempt is made, in seconds since 1970. */
  readonly timestamp: number
  readonly body: string
}

/**
 * The headers of Standard Webhooks. Each secret, `whsec_` and key in base64, makes a signature, so that a
 * receiver accepts messages while one secret replaces another.
 */
export function signedHeaders(
  { id, timestamp, body }: Message,
  secrets: readonly string[]
): Record<string, string> {
  const signatures = secrets.map(secret => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    return `v1,${mac}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' ')
  }
}
