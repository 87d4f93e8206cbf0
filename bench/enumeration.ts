import { parseArgs } from 'node:util'
import { importPeople } from './people.js'
import { median } from './report.js'
import { type Measurable, openWorld, password } from './world.js'

/**
 * Asks whether time or bytes tell known addresses from unknown ones (ENU-01, ENU-02, ENU-04,
 * ENU-05, ENU-07); at last with people imported from Django beside them. Each endpoint gets interleaved requests of two classes, which are compared by
 * their medians and by a rank test.
 * It reports; no test asserts a time, because machines are noisy.
 */
const { values } = parseArgs({ options: { samples: { type: 'string', default: '200' } } })
const samples = Number(values.samples)

type Answer = { readonly ms: number; readonly status: number; readonly shape: string }
type Probe = {
  readonly name: string
  readonly path: string
  /** The body of the n-th request of a class. */
  readonly known: (n: number) => object
  readonly unknown: (n: number) => object
}

const known = (n: number) => `known${n % 20}@example.com`
const unknown = (n: number) => `nobody${n}@example.com`
const signUp = (email: string) => ({ email, password1: password, password2: password })

const probes: readonly Probe[] = [
  {
    name: 'login, wrong password',
    path: '/login/',
    known: n => ({ email: known(n), password: 'not the password' }),
    unknown: n => ({ email: unknown(n), password: 'not the password' })
  },
  {
    name: 'registration',
    path: '/registration/',
    known: n => signUp(known(n)),
    unknown: n => signUp(`fresh${n}@example.com`)
  },
  {
    name: 'password reset',
    path: '/password/reset/',
    known: n => ({ email: known(n) }),
    unknown: n => ({ email: unknown(n) })
  },
  {
    name: 'verification resend',
    path: '/registration/verification/resend/',
    known: n => ({ email: `fresh${n}@example.com` }),
    unknown: n => ({ email: unknown(n) })
  }
]

const plenty = {
  EMAIL_DISABLED: 'false',
  EMAIL_HOST: '127.0.0.1',
  MAIL_WORKER: 'false',
  EMAIL_VERIFICATION: 'mandatory',
  RATE_LIMIT_PASSWORD_RESET: '999999/min',
  MAILS_PER_ADDRESS: '999999/min',
  MAILS_PER_NETWORK: '999999/min',
  MAILS_OVER_ALL: '999999/min'
}

/** Everybody's wrong password takes as long as the dearest imported kind, whoever has it. */
const wrong = (email: string) => ({ email, password: 'not the password' })
const importedOf = (n: number) => `imported-${n % 20}@example.test`
const importedProbes: readonly Probe[] = [
  {
    name: 'login, imported',
    path: '/login/',
    known: n => wrong(importedOf(n)),
    unknown: n => wrong(unknown(n))
  },
  {
    name: 'login beside imported',
    path: '/login/',
    known: n => wrong(known(n)),
    unknown: n => wrong(unknown(n))
  }
]

async function send({ port }: Measurable, path: string, body: object): Promise<Answer> {
  const began = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  const text = await response.text()
  const ms = performance.now() - began
  const headers = [...response.headers.keys()].filter(name => name !== 'content-length').sort()
  // The address that was sent comes back from a sign-up; everything else has to be the same bytes.
  const sent = (body as { email: string }).email
  return { ms, status: response.status, shape: `${headers} ${text.replaceAll(sent, '<email>')}` }
}

/** Mann and Whitney's U, by its normal approximation: how likely such a difference is by chance. */
function rankTest(a: readonly number[], b: readonly number[]): number {
  const ranked = [...a.map(ms => ({ ms, own: true })), ...b.map(ms => ({ ms, own: false }))]
  ranked.sort((x, y) => x.ms - y.ms)
  const rankSum = ranked.reduce((sum, { own }, index) => (own ? sum + index + 1 : sum), 0)
  const u = rankSum - (a.length * (a.length + 1)) / 2
  const spread = Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12)
  return 2 * (1 - normal(Math.abs(u - (a.length * b.length) / 2) / spread))
}

/** The standard normal distribution (Abramowitz and Stegun 26.2.17). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const poly =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly
}

async function run(service: Measurable, { name, path, known, unknown }: Probe): Promise<void> {
  const times = { known: [] as number[], unknown: [] as number[] }
  const shapes = { known: new Set<string>(), unknown: new Set<string>() }
  await send(service, path, unknown(-1)) // measures the kinds of hashes
  for (let n = 0; n < samples; n++) {
    // Taking turns in who goes first keeps drift of the machine out of the comparison.
    const turns = n % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)
    for (const turn of turns) {
      const { ms, status, shape } = await send(
        service,
        path,
        turn === 'known' ? known(n) : unknown(n)
      )
      times[turn].push(ms)
      shapes[turn].add(`${status} ${shape}`)
    }
  }
  const [a, b] = [median(times.known), median(times.unknown)]
  const p = rankTest(times.known, times.unknown)
  const same = [...shapes.known].join('\n') === [...shapes.unknown].join('\n')
  const verdict = same && (Math.abs(a - b) / b < 0.1 || p > 0.01) ? 'alike' : 'TOLD APART'
  console.log(
    `${name.padEnd(22)} known ${a.toFixed(2)} ms  unknown ${b.toFixed(2)} ms  ` +
      `p ${p.toFixed(3)}  bodies ${same ? 'equal' : 'DIFFER'}  ${verdict}`
  )
  if (!same) console.log([...shapes.known, ...shapes.unknown].join('\n'))
}

const world = await openWorld()
try {
  const service = await world.startService(plenty)
  for (let n = 0; n < 20; n++) await send(service, '/registration/', signUp(known(n)))
  await world.query(`UPDATE "User" SET "emailVerifiedAt" = now()`)
  for (const probe of probes) await run(service, probe)
  await importPeople(world, 20, 1_000_000)
  for (const probe of importedProbes) await run(service, probe)
  await service.stop()
} finally {
  await world.close()
}
