// A whole life with the types of openapi-typescript: compiled strictly, then run against a service.
import createClient from 'openapi-fetch'
import type { components, paths } from './generated/openapi-typescript.js'

const [baseUrl = ''] = process.argv.slice(2)
const client = createClient<paths, 'application/json'>({
  baseUrl,
  headers: { 'x-refresh-transport': 'body' }
})
const person = { email: `types-${Date.now()}@example.com`, password: 'gigantic purple hat' }
const other = 'another purple hat'

const taken = { password1: person.password, password2: person.password }
const registered = await client.POST('/registration/', {
  body: { email: person.email, first_name: 'A', ...taken }
})
if (registered.data === undefined) throw new Error(registered.error.code)

const wrong = await client.POST('/login/', { body: { ...person, password: 'wrong' } })
const code: string | undefined = wrong.error?.code
if (code !== 'incorrect_credentials') throw new Error(code)

let tokens = await signIn(person.password)
const read = await client.GET('/user/', auth())
const user: components['schemas']['User'] | undefined = read.data
if (user?.email !== person.email || user.role_name !== 'user') throw new Error('not the person')
const changed = await client.PATCH('/user/', { ...auth(), body: { first_name: 'Ada' } })
if (changed.data?.first_name !== 'Ada') throw new Error('not changed')

const refreshed = await client.POST('/refresh/', { body: { refresh: tokens.refresh ?? null } })
if (refreshed.data === undefined) throw new Error(refreshed.error.code)
tokens = refreshed.data
const sessions = await client.GET('/sessions/', auth())
const current = sessions.data?.results.find(session => session.current)
if (current === undefined) throw new Error('no current session')

const set = await client.POST('/password/change/', {
  ...auth(),
  body: { old_password: person.password, new_password1: other, new_password2: other }
})
if (set.data?.access === undefined) throw new Error('no new session')
tokens = await signIn(other)
const { data } = await client.POST('/logout/', auth())
if (data === undefined) throw new Error('not signed out')
const gone = await client.GET('/user/', auth())
if (gone.error?.code !== 'token_not_valid') throw new Error('still there')
await client.POST('/logout-all/', auth())
process.stdout.write('lived')

function auth() {
  return { headers: { authorization: `Bearer ${tokens.access}` } }
}

async function signIn(password: string): Promise<components['schemas']['Tokens']> {
  const answer = await client.POST('/login/', { body: { email: person.email, password } })
  if (answer.data === undefined) throw new Error(answer.error.code)
  if ('access' in answer.data) return answer.data
  throw new Error('a second factor was asked for')
}
