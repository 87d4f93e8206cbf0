import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import {
  type Answer,
  type Client,
  newClient,
  newPerson,
  type Person,
  type Service,
  signUp
} from './people.js'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The bytes of a base32 text (RFC 4648 §6). */
export function fromBase32(text: string): Buffer {
  const bits = [...text]
    .map(letter => alphabet.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2)))
}

/**
 * What an authenticator app shows (RFC 6238, RFC 4226 §5.3): written here once more, so that the
 * service is not measured by the library it uses. `steps` looks that many steps ahead or back.
 */
export function appCode(secret: string, when: Date, steps = 0): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(when.getTime() / 30_000) + steps))
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest()
  const offset = (mac.at(-1) as number) & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Six digits that the app shows neither now nor in the steps around it. */
export function wrongCode(secret: string, when: Date, salt = 0): string {
  const right = [-1, 0, 1].map(steps => appCode(secret, when, steps))
  for (let number = salt; ; number++) {
    const code = String(number % 1_000_000).padStart(6, '0')
    if (!right.includes(code)) return code
  }
}

export type Enrolled = {
  readonly person: Person
  /** Signed in, with the second factor in its `amr`. */
  readonly client: Client
  readonly secret: string
  readonly recoveryCodes: readonly string[]
}

type Clocked = Service & { readonly clock: () => Date; advance(seconds: number): Promise<void> }

export const beginSetup = (client: Client, setupChallengeId?: string): Promise<Answer> =>
  client.send(
    'POST',
    '/mfa/setup/',
    setupChallengeId === undefined ? {} : { setup_challenge_id: setupChallengeId }
  )

export const activate = (
  client: Client,
  code: string,
  setupChallengeId?: string
): Promise<Answer> =>
  client.send('POST', '/mfa/activate/', {
    code,
    ...(setupChallengeId === undefined ? {} : { setup_challenge_id: setupChallengeId })
  })

/** Sets up an authenticator for whom the client is; the code that proved it is used up afterwards. */
export async function enrol(service: Clocked, client: Client, setupChallengeId?: string) {
  const begun = await beginSetup(client, setupChallengeId)
  assert.equal(begun.statusCode, 200, begun.body)
  const { secret } = begun.json()
  const activated = await activate(client, appCode(secret, service.clock()), setupChallengeId)
  assert.equal(activated.statusCode, 200, activated.body)
  return { secret: secret as string, recoveryCodes: activated.json().recovery_codes as string[] }
}

/** Somebody with a second factor whose app shows a fresh code: a step has passed since the setup. */
export async function newEnrolled(service: Clocked): Promise<Enrolled> {
  const person = newPerson()
  const client = newClient(service)
  const answer = await signUp(client, person)
  assert.equal(answer.statusCode, 201, answer.body)
  const { setup_challenge_id } = answer.json()
  const factor = await enrol(service, client, setup_challenge_id)
  await service.advance(30)
  return { person, client, ...factor }
}

/** Gives the right password, and returns the challenge that it is answered with. */
export async function challengeFor(
  service: Service,
  { email, password }: Person,
  client = newClient(service)
): Promise<string> {
  const answer = await client.send('POST', '/login/', { email, password })
  assert.equal(answer.statusCode, 200, answer.body)
  const { challenge_id, ...rest } = answer.json()
  assert.deepEqual(rest, { mfa_required: true })
  return challenge_id
}

export const verify = (client: Client, challengeId: string, code: string): Promise<Answer> =>
  client.send('POST', '/mfa/verify/', { challenge_id: challengeId, code })

export const verifyRecovery = (
  client: Client,
  challengeId: string,
  code: string
): Promise<Answer> =>
  client.send('POST', '/mfa/verify-recovery/', { challenge_id: challengeId, recovery_code: code })
