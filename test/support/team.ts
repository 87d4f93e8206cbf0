import assert from 'node:assert/strict'
import { setRole } from '../../src/operator/accounts.js'
import { operatorSender } from '../../src/operator/no-sender.js'
import { invite } from '../../src/registration/invite.js'
import type { TestApp } from './app.js'
import {
  type Answer,
  type Client,
  claimsOf,
  newClient,
  newMember,
  newPerson,
  type Person
} from './people.js'

/** Settings under which people may invite. */
export const inviting = { JWT_ALLAUTH_INVITATIONS: 'true' }

/** The id of the account that a client is signed in to. */
export const userIdOf = (client: Client): string => String(claimsOf(client.access ?? '').user_id)

/** Somebody with this role. Where a sign-up signs nobody in they come by an invitation. */
export async function newMemberAs(
  service: TestApp,
  role: string
): Promise<{ person: Person; client: Client; userId: string }> {
  if (service.config.EMAIL_VERIFICATION === 'mandatory') {
    const person = newPerson(role)
    const client = await accept(
      service,
      await inviteByOperator(service, person.email, role),
      person.password
    )
    return { person, client, userId: userIdOf(client) }
  }
  const { person, client } = await newMember(service)
  const userId = userIdOf(client)
  const { deps } = service.app
  await setRole(deps, userId, deps.roles.numberOf(role) as number)
  return { person, client, userId }
}

export const sendInvitation = (
  client: Client,
  email: string,
  role = 0,
  names: object = {}
): Promise<Answer> => client.send('POST', '/registration/user-register/', { email, role, ...names })

/** Invites as an operator does, and returns the link. */
export async function inviteByOperator(
  { app: { deps } }: TestApp,
  email: string,
  role = 'user'
): Promise<string> {
  const invitee = { email, role, firstName: '', lastName: '' }
  const how = { inviterId: null, locale: 'en', mail: null, sender: operatorSender(deps) }
  return (await invite(deps, invitee, how)).link
}

/** Opens a mailed link as a browser does, and returns who did. */
export async function openLink(
  service: TestApp,
  link: string,
  headers: Record<string, string> = {}
): Promise<{ client: Client; answer: Answer }> {
  const client = newClient(service)
  const answer = await client.send('GET', new URL(link).pathname, undefined, headers)
  return { client, answer }
}

export const setPassword = (client: Client, first: string, second = first): Promise<Answer> =>
  client.send('POST', '/registration/set-password/', {
    new_password1: first,
    new_password2: second
  })

/** Follows an invitation to the end; the client is signed in then. */
export async function accept(service: TestApp, link: string, password: string): Promise<Client> {
  const { client, answer } = await openLink(service, link)
  assert.equal(answer.statusCode, 302, answer.body)
  const done = await setPassword(client, password)
  assert.equal(done.statusCode, 200, done.body)
  return client
}

/** Posts what a browser's form would, with the cookies of a client, and asks for a page. */
export const postForm = (
  service: TestApp,
  { cookies }: Pick<Client, 'cookies'>,
  url: string,
  fields: Readonly<Record<string, string>>
) =>
  service.inject({
    method: 'POST',
    url,
    payload: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
    cookies: Object.fromEntries(cookies)
  })
