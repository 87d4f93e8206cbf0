/** How a session's refresh token travels. */
export type Transport = 'cookie' | 'body'

/** An account that signed in from a device, and its credential epoch at that time. */
export type KnownAccount = { readonly id: string; readonly credentialEpoch: number }

/** A device that accounts signed in from. */
export type KnownDevice = { readonly id: string; readonly accounts: readonly KnownAccount[] }

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
  /** Who runs the command of an operator; absent for a request. */
  readonly operator?: string
  /** The device, if an account signed in from it before. */
  readonly knownDevice: KnownDevice | null
}
