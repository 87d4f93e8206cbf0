import { createHash, createHmac } from 'node:crypto'

/** HMAC-SHA-256, base64url: names something in a table or cookie without telling what it is. */
export function keyedDigest(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url')
}

/** SHA-256, base64url, for secrets of full entropy: what is stored cannot be presented (LNK-01). */
export function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
