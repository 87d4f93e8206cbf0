import assert from 'node:assert/strict'
import type { Answer } from './people.js'

/** Asserts that an answer is this error, in the one shape of errors, and says so for these fields. */
export function assertProblem(
  answer: Answer,
  status: number,
  code: string,
  errors?: Readonly<Record<string, readonly string[]>>
): void {
  assert.equal(answer.statusCode, status, answer.body)
  assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  const { detail, ...rest } = answer.json()
  assert.deepEqual(rest, errors === undefined ? { code } : { code, errors })
  assert.ok(typeof detail === 'string' && detail.length > 0)
  if (status === 401) assert.equal(answer.headers['www-authenticate'], 'Bearer')
}

/** A `Set-Cookie` of an answer, taken apart; `Expires` is left out, because it is a time. */
export function cookieOf(
  answer: Answer,
  name: string
): { value: string; attributes: Record<string, string> } | null {
  const lines = [answer.headers['set-cookie'] ?? []].flat().map(String)
  const line = lines.find(text => text.startsWith(`${name}=`))
  if (line === undefined) return null
  const [pair = '', ...rest] = line.split('; ')
  const attributes = rest
    .map(attribute => attribute.split('='))
    .filter(([key]) => key !== 'Expires')
    .map(([key, value]) => [key, value ?? ''])
  return { value: pair.slice(name.length + 1), attributes: Object.fromEntries(attributes) }
}

/** Asserts what a cookie is set with; `maxAge` may have lost seconds since the moment it counts from. */
export function assertCookie(
  answer: Answer,
  name: string,
  { 'Max-Age': maxAge, ...attributes }: Readonly<Record<string, string>>
): string {
  const cookie = cookieOf(answer, name)
  assert.ok(cookie !== null, `no ${name} in ${answer.headers['set-cookie']}`)
  const { 'Max-Age': actual, ...others } = cookie.attributes
  assert.deepEqual(others, attributes)
  assertAbout(Number(actual), Number(maxAge))
  return cookie.value
}

/** Asserts a number of seconds of which a few may have passed. */
export function assertAbout(actual: number, expected: number): void {
  assert.ok(actual <= expected && actual > expected - 30, `${actual} is not about ${expected}`)
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** What of an answer may differ between two that must not be told apart: when, and which. */
export function withoutTraces({ statusCode, headers, body }: Answer) {
  const { date: _date, 'x-request-id': _id, ...rest } = headers
  return { statusCode, headers: rest, body }
}

/** Settings under which wrong passwords have no consequence, for tests that are about other things. */
export const patient = {
  LOGIN_FAILURES_PER_ACCOUNT: '10000/min',
  LOGIN_FAILURES_PER_NETWORK: '10000/min',
  LOGIN_FAILURES_PER_PAIR: '10000/min'
}
