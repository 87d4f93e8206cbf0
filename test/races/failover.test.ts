import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { startAppOn } from '../support/app.js'
import { noCluster, startCluster, startStandby } from '../support/cluster.js'
import { type Answer, newMember, present, refresh, type Service } from '../support/people.js'
import { atOnce } from '../support/until.js'

/** Rotations are a second apart, so that a client moves on several times within the test. */
const settings = { MIGRATE_ON_START: 'true', REFRESH_REUSE_GRACE_SECONDS: '1' }

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<Row>(text)
  await client.end()
  return rows
}

test('SES-26 FLT-10 a standby takes over that has not heard of the last refreshes: everybody goes on', {
  skip: noCluster
}, async t => {
  const primary = await startCluster(t)
  let service = await startAppOn(t, primary.url, settings)
  const current: Service = { inject: request => service.inject(request) }
  const clients = await atOnce(10, async index => {
    const transport = index % 2 === 0 ? 'cookie' : 'body'
    const { client } = await newMember(current, { transport })
    return { client, transport } as const
  })
  const refreshAll = () => Promise.all(clients.map(({ client }) => expect(200, refresh(client))))
  await refreshAll()
  const standby = await startStandby(t, primary)
  await forgetWhatFollows(standby.url)

  // Some move on once, some often, some not at all, and of some the last answer is lost.
  for (let time = 0; time < 3; time++) {
    await pause(1100)
    const moving = clients.filter((_client, index) => time < index % 4)
    await Promise.all(moving.map(({ client }) => expect(200, refresh(client))))
  }
  await pause(1100)
  const unlucky = clients.filter((_client, index) => index % 5 === 0)
  for (const { client, transport } of unlucky)
    await expect(200, present(current, client.refreshToken ?? '', transport))
  await primary.crash()
  await standby.run('pg_ctl', 'promote', '-w', '-D', standby.directory)

  service = await startAppOn(t, standby.url, settings)
  for (let round = 0; round < 3; round++) {
    await refreshAll()
    await pause(1100)
  }
})

async function expect(status: number, asking: Promise<Answer>): Promise<void> {
  const answer = await asking
  assert.equal(answer.statusCode, status, answer.body)
}

/** The standby hears no more of its primary. */
async function forgetWhatFollows(url: string): Promise<void> {
  await query(url, "ALTER SYSTEM SET primary_conninfo = ''")
  await query(url, 'SELECT pg_reload_conf()')
  for (;;) {
    const rows = await query(url, "SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'")
    if (rows.length === 0) return
    await pause(20)
  }
}
