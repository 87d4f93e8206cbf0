import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

export type Request = {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly payload?: object
  readonly headers?: Record<string, string>
  readonly cookies?: Record<string, string>
  readonly remoteAddress?: string
}

export type Answer = {
  readonly statusCode: number
  readonly headers: Record<string, string | string[] | number | undefined>
  readonly body: string
  // biome-ignore lint/suspicious/noExplicitAny: a test says by its asserts what it expects of a body.
  json(): any
}

/** Whatever answers requests: an app in this process, or one behind a socket. */
export type Service = { inject(request: Request): Promise<Answer> }

export type Person = { readonly email: string; password: string }

/** Somebody nobody else has met. */
export function newPerson(name = 'ada'): Person {
  // One long word: a short group of the id can spell a part of the password, which is then refused.
  const id = randomUUID().replaceAll('-', '')
  return { email: `${name}-${id}@example.com`, password: 'gigantic purple hat' }
}

type Options = {
  /** Asked for with `X-Refresh-Transport`; without it the installation's default holds. */
  readonly transport?: 'cookie' | 'body'
  readonly address?: string
  readonly headers?: Record<string, string>
}

/** A browser or an app: keeps cookies and tokens as answers give and take them, and sends them along. */
export type Client = {
  readonly cookies: Map<string, string>
  access: string | null
  /** The refresh token, however it travels. */
  refreshToken: string | null
  /** The `session` that the access token names. */
  readonly sessionId: string
  /** Sends a request with what this client holds; `headers` are added to its own. */
  send(
    method: Request['method'],
    url: string,
    payload?: object,
    headers?: Record<string, string>
  ): Promise<Answer>
}

export const refreshCookie = 'refresh_token'

/** A client that holds nothing yet. */
export function newClient(service: Service, options: Options = {}): Client {
  const cookies = new Map<string, string>()
  let inBody: string | null = null
  const own: Record<string, string> = {
    ...options.headers,
    ...(options.transport === undefined ? {} : { 'x-refresh-transport': options.transport })
  }
  const client: Client = {
    cookies,
    access: null,
    get refreshToken() {
      return cookies.get(refreshCookie) ?? inBody
    },
    set refreshToken(token) {
      if (inBody !== null || options.transport === 'body') inBody = token
      else if (token === null) cookies.delete(refreshCookie)
      else cookies.set(refreshCookie, token)
    },
    get sessionId() {
      return String(claimsOf(client.access ?? '').session)
    },
    async send(method, url, payload, headers = {}) {
      const bearer = client.access === null ? {} : { authorization: `Bearer ${client.access}` }
      const answer = await service.inject({
        method,
        url,
        ...(payload === undefined ? {} : { payload }),
        headers: { ...own, ...bearer, ...headers },
        cookies: Object.fromEntries(cookies),
        ...(options.address === undefined ? {} : { remoteAddress: options.address })
      })
      keepCookies(cookies, answer)
      const given = answer.statusCode < 300 && answer.body.startsWith('{') ? answer.json() : {}
      if (typeof given.access === 'string') client.access = given.access
      if (typeof given.refresh === 'string') inBody = given.refresh
      return answer
    }
  }
  return client
}

function keepCookies(cookies: Map<string, string>, answer: Answer) {
  for (const [name, value] of setCookies(answer)) {
    if (value === '') cookies.delete(name)
    else cookies.set(name, value)
  }
}

/** The cookies that an answer sets, by name; a cleared one is empty. */
export function setCookies(answer: Answer): Map<string, string> {
  const lines = [answer.headers['set-cookie'] ?? []].flat()
  return new Map(
    lines.map(line => {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(String(line)) ?? []
      return [name, value] as const
    })
  )
}

/** The payload of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}')
}

export const signUp = (client: Client, { email, password }: Person): Promise<Answer> =>
  client.send('POST', '/registration/', { email, password1: password, password2: password })

export const signIn = (client: Client, { email, password }: Person): Promise<Answer> =>
  client.send('POST', '/login/', { email, password })

/** Exchanges the refresh token that the client holds, or the one that is given. */
export function refresh(client: Client, token: string | null = null): Promise<Answer> {
  if (token !== null) client.refreshToken = token
  return client.send('POST', '/refresh/', bodyWithToken(client))
}

/** Signs out by whatever the client holds: its bearer, its refresh token, or both. */
export const logout = (client: Client): Promise<Answer> =>
  client.send('POST', '/logout/', bodyWithToken(client))

function bodyWithToken({ cookies, refreshToken }: Client): { refresh?: string } {
  return cookies.has(refreshCookie) || refreshToken === null ? {} : { refresh: refreshToken }
}

export const logoutAll = (client: Client): Promise<Answer> =>
  client.send('POST', '/logout-all/', {})

export const revokeOthers = (client: Client): Promise<Answer> =>
  client.send('POST', '/sessions/revoke-others/', {})

export const endSession = (client: Client, sessionId: string): Promise<Answer> =>
  client.send('DELETE', `/sessions/${sessionId}/`)

export const listSessions = (client: Client): Promise<Answer> => client.send('GET', '/sessions/')

export const readUser = (client: Client): Promise<Answer> => client.send('GET', '/user/')

/** What a person can change in an answer of `/user/`. */
export function profileIn(answer: Answer): Record<string, unknown> {
  const { id: _i, role: _r, role_name: _n, email_verified: _v, ...rest } = answer.json()
  const { mfa_enabled: _m, created_at: _c, ...profile } = rest
  return profile
}

/** Changes the password; the person remembers the new one when it was taken. */
export async function changePassword(
  client: Client,
  person: Person,
  newPassword: string
): Promise<Answer> {
  const answer = await client.send('POST', '/password/change/', {
    old_password: person.password,
    new_password1: newPassword,
    new_password2: newPassword
  })
  if (answer.statusCode === 200) person.password = newPassword
  return answer
}

/** A new person who has just signed up, and the client it was done with. */
export async function newMember(
  service: Service,
  options: Options = {}
): Promise<{ person: Person; client: Client }> {
  const person = newPerson()
  const client = newClient(service, options)
  const answer = await signUp(client, person)
  assert.equal(answer.statusCode, 201, answer.body)
  return { person, client }
}

/** One more client on which a person has signed in. */
export async function signedIn(
  service: Service,
  person: Person,
  options: Options = {}
): Promise<Client> {
  const client = newClient(service, options)
  const answer = await signIn(client, person)
  assert.equal(answer.statusCode, 200, answer.body)
  return client
}

/** Presents a refresh token on behalf of nobody in particular: keeps nothing of the answer. */
export function present(
  service: Service,
  token: string,
  transport: 'cookie' | 'body' = 'cookie'
): Promise<Answer> {
  const url = '/refresh/'
  return transport === 'cookie'
    ? service.inject({ method: 'POST', url, payload: {}, cookies: { [refreshCookie]: token } })
    : service.inject({ method: 'POST', url, payload: { refresh: token } })
}

/** Presents an access token on behalf of nobody in particular. */
export const presentAccess = (service: Service, token: string): Promise<Answer> =>
  service.inject({ method: 'GET', url: '/user/', headers: { authorization: `Bearer ${token}` } })

/** The refresh token that an answer gives, however it travels. */
export function refreshTokenOf(answer: Answer): string {
  const token = setCookies(answer).get(refreshCookie) || answer.json().refresh
  assert.ok(typeof token === 'string', `no refresh token in ${answer.body}`)
  return token
}
