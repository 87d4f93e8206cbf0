/** How a session's refresh token travels. */
export type Transport = 'cookie' | 'body'

/** What the rules need to know of the client that sends a request. */
export type Sender = {
  /** Stored in sessions and the trail; null with `JWT_ALLAUTH_COLLECT_USER_AGENT` off, and for an operator. */
  readonly ip: string | null
  readonly userAgent: string | null
  /** The network that limits count: an IPv4 address or an IPv6 /64. */
  readonly network: string
  /** How this client wants its refresh token. */
  readonly transport: Transport
  /** The language for an account without a language. */
  readonly locale: string
  /** Aborts when the client disconnects, which frees its place in the hash queue (HSH-06). */
  readonly signal?: AbortSignal
  /** The id of a device that signed in to this address before; null for any other. */
  readonly knownDevice: (address: string) => string | null
}
