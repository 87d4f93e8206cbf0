/** How a session's refresh token travels. */
export type Transport = 'cookie' | 'body'

/** The sender of a request. */
export type Sender = {
  /** Stored with sessions and audit events. Null for an operator, and without `JWT_ALLAUTH_COLLECT_USER_AGENT`. */
  readonly ip: string | null
  readonly userAgent: string | null
  /** The network for limits: an IPv4 address or an IPv6 /64. */
  readonly network: string
  /** How the client receives its refresh token. */
  readonly transport: Transport
  /** The language for an account without a language. */
  readonly locale: string
  /** Aborts when the client disconnects. Its place in the hash queue becomes free (HSH-06). */
  readonly signal?: AbortSignal
  /** The id of the device if it signed in to this address before, else null. */
  readonly knownDevice: (address: string) => string | null
}
