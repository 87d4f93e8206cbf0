import { createHash, createHmac } from 'node:crypto'

/** HMAC-SHA-256 in base64url: identifies a value in a table or cookie without revealing it. */
export function keyedDigest(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url')
}

/** SHA-256 in base64url, for random secrets: the stored digest cannot be used as the secret (LNK-01). */
export function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
