import assert from 'node:assert/strict'
import type { AddressInfo, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'
import { atEnd } from './at-end.js'
import { beforeServerEnds } from './database.js'

/** How the server can go wrong, by the place. `taken`: it keeps the mail, but its answer is lost. */
type Faults = {
  greeting: 'hang' | 421
  'sign-in': 535
  recipient: 'hang' | 450 | 550
  data: 'hang' | 'drop' | 451 | 554
  taken: 'drop'
}
type Place = keyof Faults
type FaultAt<At extends Place> = { readonly at: At; readonly by: Faults[At] }

export type Fault = { [At in Place]: FaultAt<At> }[Place] & {
  /** Only for this recipient. */
  readonly address?: string
}

export type Received = ParsedMail & {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly secure: boolean
}

export type Mailbox = Awaited<ReturnType<typeof openMailbox>>

const patienceMs = 60_000

/** Mailboxes of tests that are over, empty: a service that sends there is spare as well. */
const spare: Opened[] = []
type Opened = Awaited<ReturnType<typeof open>>
beforeServerEnds(async () => {
  for (const one of spare.splice(0)) await one.end()
})

/** A real SMTP server that keeps what it is sent, and goes wrong when it is told to. */
export async function openMailbox(t: TestContext, { tls = false } = {}) {
  const opened = (tls ? undefined : spare.pop()) ?? (await open(tls))
  atEnd(t, async () => {
    if (!tls && opened.becomesEmpty()) spare.push(opened)
    else await opened.end()
  })
  return opened.mailbox
}

async function open(tls: boolean) {
  const received: Received[] = []
  const untaken = new Set<Received>()
  const sockets = new Map<number, Socket>()
  const watchers = new Set<() => void>()
  let fault: Fault | null = null
  let faults = 0
  let isFlawless = true

  const tell = () => {
    for (const watcher of watchers) watcher()
  }
  /** Whether the server goes wrong now, and how. */
  function wrong<At extends Place>(at: At, address?: string): Faults[At] | null {
    if (fault?.at !== at || (fault.address ?? address) !== address) return null
    faults++
    tell()
    return fault.by as Faults[At]
  }
  const refusal = (responseCode: number) =>
    Object.assign(new Error('Refused by the test'), { responseCode })
  const drop = ({ remotePort }: SMTPServerSession) => sockets.get(remotePort)?.destroy()

  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: tls ? [] : ['STARTTLS'],
    onAuth({ username }, _session, answer) {
      const by = wrong('sign-in')
      if (by === null) answer(null, { user: username ?? '' })
      else answer(refusal(by))
    },
    onConnect(_session, answer) {
      const by = wrong('greeting')
      if (by !== 'hang') answer(by && refusal(by))
    },
    onRcptTo({ address }, _session, answer) {
      const by = wrong('recipient', address)
      if (by !== 'hang') answer(by && refusal(by))
    },
    async onData(stream, session, answer) {
      const { envelope, secure } = session
      const parsed = await simpleParser(stream).catch(() => null)
      if (parsed === null) return
      const by = wrong('data')
      if (by === 'hang') return
      if (by === 'drop') return drop(session)
      if (by !== null) return answer(refusal(by))
      const mail = {
        ...parsed,
        secure,
        sender: envelope.mailFrom ? envelope.mailFrom.address : '',
        recipients: envelope.rcptTo.map(({ address }) => address)
      }
      received.push(mail)
      untaken.add(mail)
      tell()
      if (wrong('taken') === 'drop') drop(session)
      else answer(null)
    }
  })
  server.on('error', () => {})
  server.server.on('connection', socket => {
    const port = socket.remotePort as number
    sockets.set(port, socket)
    socket.on('close', () => sockets.delete(port))
  })

  const listen = (port: number) =>
    new Promise<void>(resolve => void server.server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.server.address() as AddressInfo

  async function down() {
    const closed = new Promise<void>(resolve => server.server.close(() => resolve()))
    for (const socket of sockets.values()) socket.destroy()
    isFlawless = false
    await closed
  }

  /** Waits until `look` finds something. */
  async function eventually<T>(look: () => T | undefined, complaint: string): Promise<T> {
    let found = look()
    if (found !== undefined) return found
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(
        () => end(() => reject(new assert.AssertionError({ message: complaint }))),
        patienceMs
      )
      function end(settle: () => void) {
        clearTimeout(timer)
        watchers.delete(watch)
        settle()
      }
      function watch() {
        found = look()
        if (found !== undefined) end(() => resolve(found as T))
      }
      watchers.add(watch)
    })
  }

  /** The next mail to this address that nobody has asked for yet. */
  async function next(address: string): Promise<Received> {
    const isFor = (mail: Received) => mail.recipients.includes(address.toLowerCase())
    const mail = await eventually(() => [...untaken].find(isFor), `no mail to ${address}`)
    untaken.delete(mail)
    return mail
  }

  const mailbox = {
    /** Settings under which the service sends its mails here. */
    settings: { EMAIL_HOST: '127.0.0.1', EMAIL_PORT: String(port) },
    received,
    next,
    /** The link in the next mail to this address. */
    linkFor: async (address: string) => linkIn(await next(address)),
    /** The code to type in the next mail to this address. */
    codeFor: async (address: string) => codeIn(await next(address)),
    /** Waits until so many mails have come, from the beginning: to an address, if one is given. */
    count: (number: number, address?: string) =>
      eventually(() => {
        const { length } = received.filter(
          ({ recipients }) => address === undefined || recipients.includes(address)
        )
        return length >= number ? length : undefined
      }, `fewer than ${number} mails`),
    /** Lets every request go wrong like this from now on; null: none. */
    misbehave: (next: Fault | null) => {
      fault = next
      faults = 0
      isFlawless = false
    },
    /** Waits until that has happened so often. */
    misbehaved: (times = 1) =>
      eventually(() => (faults >= times ? faults : undefined), 'the fault was never reached'),
    /** Refuses connections, and cuts those that are open. */
    down,
    up: () => listen(port)
  }
  return {
    mailbox,
    /** Forgets its mails; false where a test let it go wrong, which may go on. */
    becomesEmpty() {
      received.length = 0
      untaken.clear()
      return isFlawless
    },
    async end() {
      if (server.server.listening) await down()
    }
  }
}

/** The link of a mail: the URL that carries a token. */
export function linkIn({ text = '' }: ParsedMail): string {
  const [link] = /https?:\/\/\S+\/[A-Za-z0-9_-]{43}\/?/.exec(text) ?? []
  assert.ok(link, `no link in ${text}`)
  return link
}

/** The code of a mail, as it is shown: four letters, a hyphen, four letters. */
export function codeIn({ text = '' }: ParsedMail): string {
  const [code] = /\b[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}\b/.exec(text) ?? []
  assert.ok(code, `no code in ${text}`)
  return code
}
