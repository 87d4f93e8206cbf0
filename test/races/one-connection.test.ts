import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.js'
import { patient } from '../support/expect.js'
import {
  type Answer,
  changePassword,
  endSession,
  listSessions,
  logout,
  logoutAll,
  newMember,
  readUser,
  refresh,
  revokeOthers,
  type Service,
  signedIn
} from '../support/people.js'
import { atOnce } from '../support/until.js'

/** Everything that one does with an account and its sessions, each step with its answer. */
async function live(service: Service) {
  const { client, person } = await newMember(service)
  const expect = async (status: number, answer: Promise<Answer>) => {
    const { statusCode, body } = await answer
    assert.equal(statusCode, status, body)
  }
  await expect(200, refresh(client))
  await expect(200, readUser(client))
  await expect(200, client.send('PATCH', '/user/', { first_name: 'Ada' }))
  const [phone, tablet] = await Promise.all([
    signedIn(service, person, { transport: 'body' }),
    signedIn(service, person)
  ])
  await expect(200, listSessions(client))
  await expect(204, endSession(client, tablet.sessionId))
  await expect(401, refresh(tablet))
  await Promise.all([expect(200, refresh(phone)), expect(200, refresh(client))])
  await expect(200, changePassword(client, person, 'another purple hat'))
  await expect(401, refresh(phone))
  await expect(200, signedIn(service, person).then(revokeOthers))
  await expect(401, readUser(client))
  const [one, other] = [await signedIn(service, person), await signedIn(service, person)]
  await expect(200, logout(one))
  await expect(200, logoutAll(other))
}

test('FLT-15 a pool of one connection serves everything, for ten people at once', async t => {
  const service = await startApp(t, { ...patient, DATABASE_POOL_SIZE: '1' })
  await atOnce(10, () => live(service))
  assert.deepEqual(await service.query('SELECT 1 FROM "Session"'), [])
})
