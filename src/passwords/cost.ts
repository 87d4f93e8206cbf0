import { decoyOf, type ForeignCheck } from './foreign-hash.js'

/** CPU milliseconds of one comparison of each kind on this machine. */
export type Costs = {
  /** The time that every comparison takes: that of the dearest kind. */
  readonly full: number
  /** The dearest imported kind; null when our own is dearer. */
  readonly dearest: ForeignCheck | null
  /** Iterations of PBKDF2 that fill up the time after a comparison of this scheme; null: of our own. */
  fillAfter(scheme: string | null, spellings: number): number
}

type Measure = (check: ForeignCheck | null, rounds: number) => Promise<number>

const probe = 100_000

const pbkdf2Probe = (digest: 'sha256' | 'sha1'): ForeignCheck => ({
  kind: 'pbkdf2',
  digest,
  iterations: probe,
  salt: 'probe',
  expected: new Uint8Array(digest === 'sha256' ? 32 : 20)
})

/**
 * Measures the schemes, once for each process. The fastest of a few rounds counts, because load only
 * makes a round slower. PBKDF2 and bcrypt are measured at a small cost and scaled.
 *
 * @param measure Milliseconds of the fastest round; null stands for our own hash.
 */
export async function measureCosts(schemes: readonly string[], measure: Measure): Promise<Costs> {
  const own = await measure(null, 5)
  const perIteration = (await measure(pbkdf2Probe('sha256'), 5)) / probe
  const times = new Map<string, { readonly ms: number; readonly check: ForeignCheck }>()
  for (const scheme of schemes) {
    const check = decoyOf(scheme)?.check
    if (check !== undefined)
      times.set(scheme, { ms: await msOf(check, perIteration, measure), check })
  }
  const ranked = [...times.values()].toSorted((a, b) => b.ms - a.ms)
  const dearest = ranked[0] !== undefined && ranked[0].ms > own ? ranked[0] : null
  const full = dearest?.ms ?? own
  return {
    full,
    dearest: dearest?.check ?? null,
    fillAfter(scheme, spellings) {
      // Our own hash takes one spelling.
      const spent = scheme === null ? own : (times.get(scheme)?.ms ?? full) * spellings
      return Math.max(0, Math.round((full * spellings - spent) / perIteration))
    }
  }
}

async function msOf(check: ForeignCheck, perIteration: number, measure: Measure): Promise<number> {
  switch (check.kind) {
    case 'pbkdf2':
      return check.digest === 'sha256'
        ? check.iterations * perIteration
        : (check.iterations * (await measure(pbkdf2Probe('sha1'), 5))) / probe
    case 'bcrypt': {
      const cost = Number(check.hash.slice(4, 6))
      const small = Math.min(cost, 8)
      const cheap = check.hash.replace(/^(\$2[aby]\$)\d\d/, `$1${String(small).padStart(2, '0')}`)
      return (await measure({ ...check, hash: cheap }, 5)) * 2 ** (cost - small)
    }
    default:
      return measure(check, 3)
  }
}
