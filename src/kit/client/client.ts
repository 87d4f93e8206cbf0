import { PosternError } from './error.js'
import { fromAnswer, toBody } from './names.js'
import {
  type Answer,
  type Call,
  type Fetch,
  insist,
  lost,
  openService,
  read,
  type Transport
} from './service.js'
import { isOver, now, openSession, type SessionState, type TokenStorage } from './session.js'
import { type Locks, openTabs } from './tabs.js'

export { type FieldErrors, PosternError, type PosternProblem } from './error.js'
export type { Fetch, Locks, SessionState, TokenStorage, Transport }

/** Where the service is, and what the client works with. */
export type ClientOptions = {
  /** `PUBLIC_URL` of the service, with its `BASE_PATH`. */
  readonly url: string
  /** In place of the global `fetch`. */
  readonly fetch?: Fetch
  /** In place of `navigator.locks`, for several processes or windows that share one `storage`. */
  readonly locks?: Locks
} & (
  | {
      /** The refresh token is in an `HttpOnly` cookie: for browsers, and the default. */
      readonly transport?: 'cookie'
      readonly storage?: undefined
    }
  | {
      /** The refresh token is in bodies and kept in `storage`: for native apps and programs. */
      readonly transport: 'body'
      readonly storage: TokenStorage
    }
)

/** What a sign-in leads to. */
export type SignInResult =
  | { readonly status: 'signed-in' }
  /** Ask for a code, and call `verifyMfa` or `verifyRecovery`. */
  | { readonly status: 'mfa-required'; readonly challengeId: string }
  /** The installation demands a second factor: call `setUpMfa` and `activateMfa`. */
  | { readonly status: 'mfa-setup-required'; readonly setupChallengeId: string }
  /** A mail is on its way. The person signs in once the address is confirmed. */
  | { readonly status: 'verification-sent' }

/** The account of the person who is signed in. */
export type User = {
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  /** The new address, until the link in its mail is followed. */
  readonly pendingEmail?: string
  readonly firstName: string
  readonly lastName: string
  readonly role: number
  readonly roleName: string
  readonly mfaEnabled: boolean
  readonly createdAt: string
}

/** A device on which the person is signed in. */
export type Device = {
  readonly id: string
  /** Whether it is this one. */
  readonly current: boolean
  readonly createdAt: string
  readonly lastUsedAt: string
  readonly expiresAt: string
  readonly transport: Transport
  /** How the person proved who they are (RFC 8176). */
  readonly amr: readonly string[]
  readonly ip: string | null
  readonly browser: string | null
  readonly os: string | null
  readonly device: string | null
}

/** What an authenticator app is set up with. */
export type MfaSetup = {
  /** In base32, to be typed. */
  readonly secret: string
  /** The secret as an `otpauth:` URI. */
  readonly provisioningUri: string
  /** The URI as a QR code: an SVG document. */
  readonly qrCode: string
}

/** A password or a code that is asked for again, before a change that could take the account away. */
export type Proof = {
  readonly password?: string
  readonly code?: string
  readonly recoveryCode?: string
}

/** A new account. */
export type SignUp = {
  readonly email: string
  readonly password: string
  readonly firstName?: string
  readonly lastName?: string
}

/** What changes of an account. A new `email` may ask for a {@link Proof}. */
export type UserChanges = Proof & {
  readonly email?: string
  readonly firstName?: string
  readonly lastName?: string
}

/** A client of Postern. Every method rejects with a {@link PosternError}, but for errors of `fetch` and of the storage. */
export type PosternClient = {
  readonly state: SessionState
  /** The id of the account that is signed in, as its tokens say; null where they cannot be read. */
  readonly userId: string | null
  /** Calls the listener with the state at once and when state or account change. Returns what ends that. */
  subscribe(listener: (state: SessionState) => void): () => void
  /** A token that is good for at least 30 seconds more. Null: nobody is signed in. */
  accessToken(): Promise<string | null>
  /**
   * `fetch` with the access token. A 401 leads to one refresh and one repetition; a body that is a stream
   * or belongs to a `Request` is not sent again. The token goes to whatever address is given.
   */
  readonly fetch: Fetch
  signUp(account: SignUp): Promise<SignInResult>
  signIn(credentials: { readonly email: string; readonly password: string }): Promise<SignInResult>
  /** Finishes a sign-in with a code of the authenticator app. */
  verifyMfa(answer: { readonly challengeId: string; readonly code: string }): Promise<SignInResult>
  /** Finishes a sign-in with a recovery code, which is used up. */
  verifyRecovery(answer: {
    readonly challengeId: string
    readonly recoveryCode: string
  }): Promise<SignInResult>
  /** Begins to set up an authenticator app, for who is signed in or has a challenge. */
  setUpMfa(owner?: { readonly setupChallengeId?: string }): Promise<MfaSetup>
  /** Turns the second factor on. The recovery codes are not shown again. */
  activateMfa(answer: {
    readonly code: string
    readonly setupChallengeId?: string
  }): Promise<SignInResult & { readonly recoveryCodes: readonly string[] }>
  /**
   * Proves again who is there, before a change or a request that asks for a recent proof. The access
   * token that follows says so.
   */
  reauthenticate(proof: Proof & { readonly password: string }): Promise<void>
  /** Ends the session here, in every tab. Rejects without a connection: the session is still alive. */
  signOut(): Promise<void>
  /** Ends every session of the account. */
  signOutEverywhere(): Promise<void>
  user(): Promise<User>
  updateUser(changes: UserChanges): Promise<User>
  /** Every other session ends, unless the installation keeps them. */
  changePassword(change: {
    /** Needed unless the installation does not ask for it. */
    readonly oldPassword?: string
    readonly newPassword: string
  }): Promise<SignInResult>
  /** Mails a link, if there is such an account. The answer does not tell. */
  requestPasswordReset(account: { readonly email: string }): Promise<void>
  /** The devices, most recently used first. */
  sessions(): Promise<readonly Device[]>
  revokeSession(session: { readonly id: string }): Promise<void>
}

/** A server that refuses each token is not asked again with a token that is younger. */
const leastAgeSeconds = 5

/** A client for one installation. Make one and share it: it holds the access token. */
export function createClient(options: ClientOptions): PosternClient {
  const { url, transport = 'cookie', storage, locks } = options
  if (transport === 'body' && storage === undefined)
    throw new TypeError('Body transport needs a storage.')
  const fetch: Fetch = options.fetch ?? ((...given) => globalThis.fetch(...given))
  const service = openService(url, transport, fetch)
  const tabs = openTabs(`postern:${service.url}`, locks)
  const session = openSession(service, storage ?? null, tabs)

  async function authorizedFetch(...[input, init]: Parameters<Fetch>): Promise<Response> {
    const token = await session.accessToken()
    const answer = await fetch(input, withBearer(input, init, token))
    if (answer.status !== 401 || token === null) return answer
    const target = input instanceof Request ? input.url : String(input)
    if (!target.startsWith(service.url) && session.age() < leastAgeSeconds) return answer
    const next = await session.accessTokenAfter(token).catch(() => null)
    if (next === null || !canRepeat(input, init)) return answer
    await answer.body?.cancel()
    return fetch(input, withBearer(input, init, next))
  }

  /** A request of the person who is signed in that leaves the session alone. */
  const ask = async (call: Call): Promise<Answer> => {
    const answer = authorizedFetch(...service.requestOf(call)).catch((error: unknown) => {
      throw error instanceof PosternError ? error : lost(error)
    })
    return read(await answer)
  }

  /** A request that opens or replaces the session. No refresh runs meanwhile, in any tab. */
  function enter(call: Call, bearer: string | null = null): Promise<Answer> {
    return session.exclusive(async () => {
      const since = now()
      const answer = await service.call(call, bearer)
      if ('access' in answer) await session.adopt(answer, since)
      return answer
    })
  }

  /** {@link enter} for the person who is signed in. */
  async function enterAgain(call: Call): Promise<Answer> {
    const token = await session.accessToken()
    try {
      return await enter(call, token)
    } catch (error) {
      const isRefused = error instanceof PosternError && error.code === 'token_not_valid'
      const next = isRefused && token !== null ? await session.accessTokenAfter(token) : null
      if (next === null) throw error
      return enter(call, next)
    }
  }

  const signingIn = async (path: string, body: Answer) => outcome(await enter({ path, body }))

  return {
    get state() {
      return session.state()
    },
    get userId() {
      return session.userId()
    },
    subscribe: session.subscribe,
    accessToken: session.accessToken,
    fetch: authorizedFetch,

    signUp: ({ password, ...account }) =>
      signingIn('/registration/', {
        ...toBody(account),
        password1: password,
        password2: password
      }),
    signIn: credentials => signingIn('/login/', toBody(credentials)),
    verifyMfa: answer => signingIn('/mfa/verify/', toBody(answer)),
    verifyRecovery: answer => signingIn('/mfa/verify-recovery/', toBody(answer)),

    async setUpMfa(owner = {}) {
      const call = { path: '/mfa/setup/', body: toBody(owner) }
      const isChallenge = owner.setupChallengeId !== undefined
      const answer = isChallenge ? await service.call(call) : await ask(call)
      return fromAnswer(answer) as MfaSetup
    },

    async activateMfa(given) {
      const call = { path: '/mfa/activate/', body: toBody(given) }
      const isChallenge = given.setupChallengeId !== undefined
      const answer = isChallenge ? await enter(call) : await ask(call)
      const recoveryCodes = answer.recovery_codes as string[]
      return { ...outcome(answer, isChallenge ? undefined : 'signed-in'), recoveryCodes }
    },

    async reauthenticate(proof) {
      await enterAgain({ path: '/reauthenticate/', body: toBody(proof) })
    },

    signOut: () =>
      session.exclusive(async () => {
        const body = await session.refreshBody()
        const bearer = session.goodToken()
        const call = { path: '/logout/', body: body ?? {} }
        try {
          if (body !== null || bearer !== null) await insist(() => service.call(call, bearer))
        } catch (error) {
          if (!isOver(error)) throw error
        }
        await session.forget()
      }),

    async signOutEverywhere() {
      await enterAgain({ path: '/logout-all/', body: {} })
      await session.forget()
    },

    async user() {
      return fromAnswer(await ask({ method: 'GET', path: '/user/' })) as User
    },

    async updateUser(changes) {
      const body = toBody(changes)
      return fromAnswer(await ask({ method: 'PATCH', path: '/user/', body })) as User
    },

    async changePassword({ oldPassword, newPassword }) {
      const body = {
        old_password: oldPassword,
        new_password1: newPassword,
        new_password2: newPassword
      }
      const result = outcome(await enterAgain({ path: '/password/change/', body }), 'signed-in')
      if (result.status !== 'signed-in') await session.forget()
      return result
    },

    async requestPasswordReset(account) {
      await service.call({ path: '/password/reset/', body: toBody(account) })
    },

    async sessions() {
      const { results } = await ask({ method: 'GET', path: '/sessions/' })
      return (results as Answer[]).map(device => fromAnswer(device) as Device)
    },

    async revokeSession({ id }) {
      const isOwn = id === session.id()
      await ask({ method: 'DELETE', path: `/sessions/${encodeURIComponent(id)}/` })
      if (isOwn) await session.forget()
    }
  }
}

/** What an answer without tokens or a challenge means is up to the request. */
function outcome(
  answer: Answer,
  otherwise: 'signed-in' | 'verification-sent' = 'verification-sent'
): SignInResult {
  const { access, challenge_id, setup_challenge_id } = answer
  if (access !== undefined) return { status: 'signed-in' }
  if (challenge_id !== undefined)
    return { status: 'mfa-required', challengeId: String(challenge_id) }
  if (setup_challenge_id !== undefined)
    return { status: 'mfa-setup-required', setupChallengeId: String(setup_challenge_id) }
  return { status: otherwise }
}

/** A header that the caller chose stays. */
function withBearer(
  input: Parameters<Fetch>[0],
  init: RequestInit | undefined,
  token: string | null
): RequestInit {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}))
  if (token !== null && !headers.has('authorization'))
    headers.set('authorization', `Bearer ${token}`)
  return { ...init, headers }
}

/** The body of a `Request` cannot be told from a stream. Both are used up by the first sending. */
function canRepeat(input: Parameters<Fetch>[0], init: RequestInit | undefined): boolean {
  const body = init?.body ?? null
  if (body === null) return !(input instanceof Request) || /^(GET|HEAD)$/.test(input.method)
  return typeof body === 'string' || !('getReader' in body || Symbol.asyncIterator in body)
}
