import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { startApp, type TestApp } from '../support/app.js'
import { activate, appCode, beginSetup, verify } from '../support/factor.js'
import { askReset, queuedMails, setNew, unsent } from '../support/links.js'
import {
  type Answer,
  type Client,
  claimsOf,
  newClient,
  newPerson,
  readUser,
  refresh,
  signIn,
  signUp
} from '../support/people.js'

// MODEL_RUNS says how many stories to try, MODEL_SEED repeats what a failure printed.
const runs = Number(process.env.MODEL_RUNS ?? 12)
const seed = process.env.MODEL_SEED === undefined ? {} : { seed: Number(process.env.MODEL_SEED) }

test('UND-01 UND-03 UND-04 ACC-06 an owner who presses the link in time has the account, and the thief holds nothing', async t => {
  const service = await startApp(t, {
    ...unsent,
    EMAIL_VERIFICATION: 'mandatory',
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
    JWT_ALLAUTH_MFA_MAX_ATTEMPTS: '0',
    JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '86400',
    ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: '30',
    ACCOUNT_DELETION_GRACE: '365d',
    LOGIN_FAILURES_PER_ACCOUNT: '100000/15m',
    LOGIN_FAILURES_PER_NETWORK: '100000/15m',
    LOGIN_FAILURES_PER_PAIR: '100000/15m'
  })
  await play(t, service)
})

async function play(t: TestContext, service: TestApp) {
  const seen: Record<string, number> = {}
  const property = fc.asyncProperty(
    fc.boolean(),
    fc.array(deed, { minLength: 3, maxLength: 22, size: 'max' }),
    async (hasFactor, deeds) => {
      const drama = await openDrama(service, hasFactor, outcome => {
        seen[outcome] = (seen[outcome] ?? 0) + 1
      })
      for (const each of deeds) await drama.act(each)
      await drama.end()
    }
  )
  // The story that failed is short enough; a shorter one costs many sign-ins.
  await fc.assert(property, { ...seed, endOnFailure: true, numRuns: runs })
  t.diagnostic(JSON.stringify(seen))
}

const player = fc.constantFrom<'owner' | 'thief'>('thief', 'thief', 'owner')
const hour = 3600

/** Who does what; `pick` and `other` choose among what the player has, the newest first. */
const deed = fc.record({
  does: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        'move' as const,
        'confirm' as const,
        'moveAtOnce' as const,
        'undo' as const
      )
    },
    {
      weight: 5,
      arbitrary: fc.constantFrom('signIn' as const, 'enrol' as const, 'askReset' as const)
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        'setNew' as const,
        'changePassword' as const,
        'deactivate' as const,
        'beginSetup' as const,
        'signOut' as const,
        'signUp' as const,
        'verifySignUp' as const,
        'steal' as const,
        'delete' as const,
        'keep' as const,
        'wait' as const
      )
    }
  ),
  who: player,
  pick: fc.nat(2),
  other: fc.nat(3)
})
type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never

/** What a player owns and knows. */
type Player = {
  readonly mailboxes: readonly string[]
  readonly passwords: string[]
  /** The secrets of authenticator apps. */
  readonly secrets: string[]
  readonly clients: Client[]
  /** Browsers that hold the cookie of a reset. */
  readonly browsers: Client[]
  readonly challenges: string[]
}

type AccountRow = { email: string; authenticatorId: string | null }

/** One account, its owner, and a thief who begins with a session of it and with its password. */
async function openDrama(
  service: TestApp,
  startsWithFactor: boolean,
  count: (outcome: string) => void
) {
  const log: string[] = []
  let passwords = 0
  const first = newPerson('owner')
  const newPlayer = (name: string, ...more: string[]): Player => ({
    mailboxes: [...more, newPerson(name).email, newPerson(name).email],
    passwords: [first.password],
    secrets: [],
    clients: [],
    browsers: [],
    challenges: []
  })
  const players = { owner: newPlayer('home', first.email), thief: newPlayer('lair') }
  const { owner, thief } = players

  /** What the rules say of the right. `links`: those that are its keys. */
  let right: { address: string; until: number; before: AccountRow; links: Set<string> } | null =
    null
  const known = new Set<string>()
  const now = () => service.clock().getTime() / 1000
  const isOpen = () => right !== null && right.until > now()

  await signUp(newClient(service), first)
  const [welcome] = await queuedMails(service, first.email)
  await newClient(service).send('POST', String(welcome?.path), {})
  const client = await enter(owner, first.password)
  assert.ok(client !== null, 'the owner is in')
  const userId = String(claimsOf(client.access ?? '').user_id)
  if (startsWithFactor) {
    await enrol(owner, client)
    await service.advance(73 * hour)
    await refresh(client)
  }
  for (const { path } of await linksOf(owner, /email\/undo/)) known.add(path)
  await steal()

  /** Signs in with what a player knows. */
  async function enter(who: Player, password: string, email = who.mailboxes[0]) {
    const entering = newClient(service)
    const answer = await signIn(entering, { email: String(email), password })
    return finish(who, entering, answer)
  }

  /** Answers the challenge of a sign-in, if there is one; returns the client when it has a session. */
  async function finish(who: Player, entering: Client, answer: Answer): Promise<Client | null> {
    if (answer.statusCode !== 200) return null
    const { challenge_id } = answer.json()
    if (challenge_id === undefined) {
      who.clients.unshift(entering)
      return entering
    }
    for (const secret of who.secrets) {
      // Each code works once.
      await service.advance(31)
      const proved = await verify(entering, challenge_id, appCode(secret, service.clock()))
      if (proved.statusCode !== 200) continue
      who.clients.unshift(entering)
      return entering
    }
    who.challenges.unshift(challenge_id)
    return null
  }

  async function enrol(who: Player, member: Client) {
    const begun = await beginSetup(member)
    if (begun.statusCode !== 200) return begun
    const { secret } = begun.json()
    const answer = await activate(member, appCode(secret, service.clock()))
    if (answer.statusCode === 200) who.secrets.unshift(secret)
    return answer
  }

  /** The thief gets a session that the owner has just opened, and learns the password. */
  async function steal() {
    const { email } = await readAccount()
    const [password] = owner.passwords
    const stolen = await enter(owner, String(password), email)
    if (stolen === null) return null
    owner.clients.splice(owner.clients.indexOf(stolen), 1)
    thief.clients.unshift(stolen)
    thief.passwords.unshift(String(password))
    return stolen
  }

  async function readAccount(): Promise<AccountRow> {
    const [row] = await service.query<AccountRow>(
      `SELECT u."email", a."id" AS "authenticatorId" FROM "User" u
       LEFT JOIN "Authenticator" a ON a."userId" = u."id" WHERE u."id" = $1`,
      [userId]
    )
    assert.ok(row, 'the account is there')
    return row
  }

  const isOwn = (each: Client) => claimsOf(each.access ?? '').user_id === userId
  const choose = <T>(list: readonly T[], position: number): T | undefined =>
    list[position % Math.max(1, list.length)]
  const nextPassword = () => `${++passwords} gigantic green coats`

  /** The links of a kind that a player can read, the newest of each mailbox first. */
  async function linksOf({ mailboxes }: Player, like: RegExp) {
    const mails = await Promise.all(
      mailboxes.map(async address =>
        (await queuedMails(service, address)).map(mail => ({ ...mail, address }))
      )
    )
    return mails
      .flat()
      .flatMap(({ path, address, userId: id }) =>
        path !== null && like.test(path) ? [{ path, address, userId: id }] : []
      )
  }

  async function press(who: Player, like: RegExp, position: number) {
    const link = choose(await linksOf(who, like), position)
    if (link === undefined) return null
    return newClient(service).send('POST', link.path, {}, { accept: 'application/json' })
  }

  async function undo(name: 'owner' | 'thief', position: number): Promise<Answer | null> {
    const who = players[name]
    const link = choose(await linksOf(who, /email\/undo/), position)
    if (link === undefined) return null
    const browser = newClient(service)
    const before = right
    const opens = isOpen() && right?.links.has(link.path)
    const answer = await browser.send('POST', link.path, {})
    assert.equal(answer.statusCode, opens ? 200 : 400, `${link.address}: ${answer.body}`)
    if (!opens || before === null) return answer
    right = null
    if (name === 'owner') await assertTakenBack(browser, before.address, before.before)
    else who.browsers.unshift(browser)
    return answer
  }

  /** The account is its owner's, and the thief holds nothing. */
  async function assertTakenBack(browser: Client, address: string, before: AccountRow) {
    count('taken back')
    const account = await readAccount()
    assert.equal(account.email, address)
    assert.ok([null, before.authenticatorId].includes(account.authenticatorId), 'no new factor')
    const held = await service.query(
      `SELECT "id"::text FROM "Session" WHERE "userId" = $1
       UNION ALL SELECT "id"::text FROM "MfaChallenge" WHERE "userId" = $1`,
      [userId]
    )
    assert.deepEqual(held, [], 'no session and no challenge')
    for (const each of thief.clients.filter(isOwn)) {
      assert.equal((await readUser(each)).statusCode, 401)
      assert.notEqual((await refresh(each)).statusCode, 200, 'no session')
    }
    for (const each of thief.browsers)
      assert.notEqual((await setNew(each, nextPassword())).statusCode, 200, 'no flow cookie')
    for (const id of thief.challenges)
      for (const secret of thief.secrets)
        assert.equal(
          (await verify(newClient(service), id, appCode(secret, service.clock()))).statusCode,
          400
        )
    const links = (await linksOf(thief, /./)).filter(link => link.userId === userId)
    for (const { path } of links) {
      const method = path.includes('/password/') ? 'GET' : 'POST'
      const answer = await newClient(service).send(method, path, ...(method === 'GET' ? [] : [{}]))
      assert.equal(answer.statusCode, 400, `${path} ${answer.body}`)
    }
    for (const password of new Set(thief.passwords))
      assert.equal(
        (await signIn(newClient(service), { email: address, password })).statusCode,
        401,
        'no password'
      )

    const password = nextPassword()
    await service.advance(31)
    const set = await setNew(browser, password)
    assert.equal(set.statusCode, 200, set.body)
    owner.passwords.unshift(password)
    const member = await finish(owner, browser, set)
    assert.ok(member !== null, 'the owner is not locked out')
    assert.equal((await readUser(member)).json().email, address)
    for (const list of [thief.clients, thief.browsers, thief.challenges, owner.browsers])
      list.splice(0)
    owner.clients.splice(0, owner.clients.length, member)
  }

  async function move(who: Player, { pick, other }: Deed) {
    const member = choose(who.clients.filter(isOwn), pick)
    if (member === undefined) return null
    const email = choose(who.mailboxes, other)
    const [password] = who.passwords
    const answer = await member.send('PATCH', '/user/', { email, password })
    const [secret] = who.secrets
    if (answer.json().code !== 'reauthentication_required' || secret === undefined) return answer
    await service.advance(31)
    const code = appCode(secret, service.clock())
    return member.send('PATCH', '/user/', { email, password, code })
  }

  const deeds: Record<Deed['does'], (how: Deed) => Promise<Answer | Client | null>> = {
    signIn: async ({ who, pick }) => {
      const { email } = await readAccount()
      return enter(players[who], choose(players[who].passwords, pick) ?? '', email)
    },
    move: how => move(players[how.who], how),
    confirm: ({ who, pick }) => press(players[who], /email\/confirm/, pick),
    delete: async ({ who, pick }) => {
      const member = choose(players[who].clients.filter(isOwn), pick)
      const [password] = players[who].passwords
      return member?.send('DELETE', '/user/', { password }) ?? null
    },
    keep: ({ who, pick }) => press(players[who], /delete\/undo/, pick),
    moveAtOnce: async how => {
      const asked = await move(players[how.who], how)
      const { pending_email } = asked?.statusCode === 200 ? asked.json() : {}
      if (pending_email === undefined) return asked
      const [mail] = await queuedMails(service, pending_email)
      if (!mail?.path?.includes('confirm')) return asked
      return newClient(service).send('POST', mail.path, {})
    },
    undo: ({ who, pick }) => undo(who, pick),
    enrol: async ({ who, pick }) => {
      const member = choose(players[who].clients.filter(isOwn), pick)
      return member === undefined ? null : enrol(players[who], member)
    },
    beginSetup: async ({ who, pick }) => {
      const member = choose(players[who].clients.filter(isOwn), pick)
      return member === undefined ? null : beginSetup(member)
    },
    deactivate: async ({ who, pick }) => {
      const member = choose(players[who].clients.filter(isOwn), pick)
      const [password] = players[who].passwords
      return member?.send('POST', '/mfa/deactivate/', { password }) ?? null
    },
    askReset: async ({ who, other }) => {
      const email = choose(players[who].mailboxes, other) as string
      await askReset(newClient(service), email)
      const [mail] = await queuedMails(service, email)
      if (!mail?.path?.includes('/password/reset/')) return null
      const browser = newClient(service)
      const answer = await browser.send('GET', mail.path)
      // Players may sign up for accounts of their own; those are not what this is about.
      if (mail.userId === userId) players[who].browsers.unshift(browser)
      return answer
    },
    setNew: async ({ who, pick }) => {
      const browser = choose(players[who].browsers, pick)
      if (browser === undefined) return null
      const password = nextPassword()
      const answer = await setNew(browser, password)
      if (answer.statusCode === 200) {
        players[who].passwords.unshift(password)
        await finish(players[who], browser, answer)
      }
      return answer
    },
    changePassword: async ({ who, pick }) => {
      const member = choose(players[who].clients.filter(isOwn), pick)
      if (member === undefined) return null
      const [old_password] = players[who].passwords
      const password = nextPassword()
      const body = { old_password, new_password1: password, new_password2: password }
      const answer = await member.send('POST', '/password/change/', body)
      if (answer.statusCode === 200) players[who].passwords.unshift(password)
      return answer
    },
    signOut: async ({ who, pick }) =>
      choose(players[who].clients.filter(isOwn), pick)?.send('POST', '/logout-all/') ?? null,
    signUp: async ({ who, other, pick }) => {
      const all = [...owner.mailboxes, ...thief.mailboxes]
      const email = all[(other + pick) % all.length] as string
      return signUp(newClient(service), { email, password: players[who].passwords[0] ?? '' })
    },
    verifySignUp: ({ who, pick }) => press(players[who], /registration\/verification/, pick),
    steal: () => steal(),
    wait: async ({ other }) => {
      await service.advance(([1.12, 23, 49, 73][other % 4] as number) * hour)
      for (const { clients } of [owner, thief]) for (const each of clients) await refresh(each)
      return null
    }
  }

  /** Brings the model up to date with what a deed did, and compares. */
  async function compare(before: AccountRow) {
    const after = await readAccount()
    const isNew = after.authenticatorId !== null && after.authenticatorId !== before.authenticatorId
    if (right === null || !isOpen()) {
      if (after.email !== before.email || isNew)
        right = { address: before.email, until: now() + 72 * hour, before, links: new Set() }
      else right = null
    } else if (after.email !== before.email || isNew) right.until = now() + 72 * hour
    for (const { path, address, userId: id } of await linksOf(
      { ...owner, mailboxes: [...owner.mailboxes, ...thief.mailboxes] },
      /email\/undo/
    )) {
      if (known.has(path) || id !== userId) continue
      known.add(path)
      assert.equal(address, right?.address, 'an undo is mailed to the address of the right alone')
      right?.links.add(path)
    }
    const rows = await service.query<{ address: string }>(
      `SELECT "address" FROM "UndoRight" WHERE "userId" = $1 AND "expiresAt" > now()`,
      [userId]
    )
    assert.deepEqual(rows, right === null ? [] : [{ address: right.address }])
    const others = await service.query(
      `SELECT 1 FROM "UndoRight" r JOIN "User" u ON u."email" = r."address" AND u."id" <> r."userId"`
    )
    assert.deepEqual(others, [], 'nobody has a reserved address')
  }

  const told = (cause: unknown, how: unknown) => {
    const story = [...log, JSON.stringify(how)].join('\n')
    return new Error(`${(cause as Error).message}\n${story}`, { cause })
  }

  return {
    async act(how: Deed) {
      const before = await readAccount()
      const undone = right
      try {
        const answer = await deeds[how.does](how)
        const outcome =
          answer === null ? 'nothing' : 'statusCode' in answer ? answer.statusCode : 'signed in'
        count(`${how.does} ${outcome}`)
        log.push(`${JSON.stringify(how)} -> ${outcome}`)
        if (answer !== null && 'statusCode' in answer)
          assert.ok(answer.statusCode < 500, answer.body)
        // An undo is no change that gives a right.
        await compare(
          how.does === 'undo' && undone !== null && right === null ? await readAccount() : before
        )
      } catch (error) {
        throw told(error, how)
      }
    },
    /** The owner presses the newest link that is still good. */
    async end() {
      if (right === null || !isOpen() || !owner.mailboxes.includes(right.address)) return
      const { links } = right
      const position = (await linksOf(owner, /email\/undo/)).findIndex(({ path }) =>
        links.has(path)
      )
      try {
        assert.notEqual(position, -1, 'the owner was mailed a link')
        assert.equal((await undo('owner', position))?.statusCode, 200)
      } catch (error) {
        throw told(error, 'the end')
      }
    }
  }
}
