/** How a session's refresh token travels. */
export type Transport = 'cookie' | 'body'

/** Who sends a request, as far as the rules ask. */
export type Sender = {
  /** What sessions and the trail keep; null with `JWT_ALLAUTH_COLLECT_USER_AGENT` off, and for an operator. */
  readonly ip: string | null
  readonly userAgent: string | null
  /** The network that limits count: an IPv4 address or an IPv6 /64. */
  readonly network: string
  /** How this client wants its refresh token. */
  readonly transport: Transport
  /** The language for an account that has none of its own. */
  readonly locale: string
  /** Fires when the client is gone. Its place in the hash queue then goes to the next one (HSH-06). */
  readonly signal?: AbortSignal
  /** The id of a device that signed in to this address before; null for any other. */
  readonly knownDevice: (address: string) => string | null
}
