// A whole life with the client of swagger-typescript-api: compiled strictly, then run against a service.
import { Api, type Tokens, type User } from './generated/api.js'

const [baseUrl = ''] = process.argv.slice(2)
let access = ''
const api = new Api({
  baseUrl,
  baseApiParams: { headers: { 'x-refresh-transport': 'body' }, secure: true, format: 'json' },
  securityWorker: () => (access === '' ? {} : { headers: { authorization: `Bearer ${access}` } })
})
const email = `api-${Date.now()}@example.com`
const password = 'gigantic purple hat'

await api.registration.register({ email, password1: password, password2: password })
let tokens = await signIn()
const user: User = (await api.user.readUser()).data
if (user.email !== email || user.mfa_enabled) throw new Error('not the person')
await api.user.updateUser({ last_name: 'Lovelace' })
tokens = (await api.refresh.refresh({ refresh: tokens.refresh ?? null })).data
access = tokens.access
const { results } = (await api.sessions.listSessions()).data
if (!results.some(({ current }) => current)) throw new Error('no current session')
await api.sessions.endOtherSessions()
// Without a body, as a careless caller has it.
await api.logout.logout()
const gone = await api.user.readUser().catch((failure: { error: { code: string } }) => failure)
if (!('error' in gone) || gone.error?.code !== 'token_not_valid') throw new Error('still there')
process.stdout.write('lived')

async function signIn(): Promise<Tokens> {
  const { data } = await api.login.login({ email, password })
  if (!('access' in data)) throw new Error('a second factor was asked for')
  access = data.access
  return data
}
