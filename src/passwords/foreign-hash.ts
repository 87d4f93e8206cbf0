/**
 * The hash of a password in one of Django's formats, as data that a worker thread can verify.
 * `argon2` and `bcrypt` keep the string of their library.
 */
export type ForeignCheck =
  | {
      readonly kind: 'pbkdf2'
      readonly digest: 'sha256' | 'sha1'
      readonly iterations: number
      readonly salt: string
      readonly expected: Uint8Array
    }
  | {
      readonly kind: 'scrypt'
      readonly cost: { readonly N: number; readonly r: number; readonly p: number }
      readonly salt: string
      readonly expected: Uint8Array
    }
  | { readonly kind: 'argon2'; readonly phc: string }
  | { readonly kind: 'bcrypt'; readonly hash: string; readonly prehashed: boolean }

export type ForeignHash = {
  /** Kind and cost, such as `pbkdf2_sha256$1000000`: hashes of one scheme take the same time. */
  readonly scheme: string
  /** The text that every hash of the scheme begins with. */
  readonly prefix: string
  readonly check: ForeignCheck
}

/**
 * Why a stored text is not taken as a password. `unusable`: its owner has none. `unsupported`: another
 * format. `damaged`: a known format that cannot be read. `costly`: above {@link caps}.
 */
export type HashProblem = 'unusable' | 'unsupported' | 'damaged' | 'costly'

const MiB = 1_048_576

/** A hash above them would occupy a thread for seconds. */
const caps = {
  pbkdf2Iterations: 2_000_000,
  memory: 256 * MiB,
  scryptWork: 1024 * MiB,
  argon2Iterations: 10,
  lanes: 16,
  bcryptCost: 15
}

type Parsed = ForeignHash | HashProblem
type Reader = (text: string) => Parsed

const readers: Readonly<Record<string, Reader>> = {
  pbkdf2_sha256: text => readPbkdf2(text, 'sha256', 32),
  pbkdf2_sha1: text => readPbkdf2(text, 'sha1', 20),
  scrypt: readScrypt,
  argon2: readArgon2,
  bcrypt: text => readBcrypt(text, false),
  bcrypt_sha256: text => readBcrypt(text, true)
}

/** Reads a hash in a format of Django. The digest must have its full length, so that it is no easier to match. */
export function readForeignHash(text: string): ForeignHash | HashProblem {
  if (text === '' || text.startsWith('!')) return 'unusable'
  if (text.length > 1024) return 'damaged'
  const name = text.slice(0, text.indexOf('$'))
  const read = Object.hasOwn(readers, name) ? readers[name] : undefined
  return read === undefined ? 'unsupported' : read(text)
}

/** The decoded digest, if it is canonical base64 of this many bytes. */
function digestOf(base64: string, bytes: number): Buffer | null {
  const digest = Buffer.from(base64, 'base64')
  return digest.length === bytes && digest.toString('base64') === base64 ? digest : null
}

function readPbkdf2(text: string, digest: 'sha256' | 'sha1', bytes: number): Parsed {
  const match = /^(pbkdf2_\w+)\$([1-9]\d{0,11})\$([^$]+)\$([A-Za-z0-9+/=]+)$/.exec(text)
  const [, name = '', written = '', salt = '', base64 = ''] = match ?? []
  const expected = digestOf(base64, bytes)
  if (expected === null) return 'damaged'
  const iterations = Number(written)
  if (iterations > caps.pbkdf2Iterations) return 'costly'
  const scheme = `${name}$${written}`
  const check = { kind: 'pbkdf2', digest, iterations, salt, expected } as const
  return { scheme, prefix: `${scheme}$`, check }
}

function readScrypt(text: string): Parsed {
  const match =
    /^scrypt\$([1-9]\d{0,11})\$([^$]+)\$([1-9]\d{0,5})\$([1-9]\d{0,5})\$([A-Za-z0-9+/=]+)$/.exec(
      text
    )
  const [, written = '', salt = '', block = '', parallel = '', base64 = ''] = match ?? []
  const expected = digestOf(base64, 64)
  const [N, r, p] = [Number(written), Number(block), Number(parallel)]
  if (expected === null || N < 2 || !Number.isInteger(Math.log2(N))) return 'damaged'
  const memory = 128 * N * r
  if (memory > caps.memory || memory * p > caps.scryptWork || p > caps.lanes) return 'costly'
  const check = { kind: 'scrypt', cost: { N, r, p }, salt, expected } as const
  return { scheme: `scrypt$${N}$${r}$${p}`, prefix: `scrypt$${N}$`, check }
}

function readArgon2(text: string): Parsed {
  const match =
    /^argon2(\$argon2(?:id|i|d)\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9}))(\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{43,86})$/.exec(
      text
    )
  if (match === null) return 'damaged'
  const [, head = '', m, t, p, tail = ''] = match
  const [memoryKib, iterations, lanes] = [Number(m), Number(t), Number(p)]
  if (iterations < 1 || lanes < 1 || memoryKib < 8 * lanes) return 'damaged'
  const isCostly =
    memoryKib * 1024 > caps.memory || iterations > caps.argon2Iterations || lanes > caps.lanes
  if (isCostly) return 'costly'
  const scheme = `argon2${head}`
  return { scheme, prefix: `${scheme}$`, check: { kind: 'argon2', phc: head + tail } }
}

function readBcrypt(text: string, prehashed: boolean): Parsed {
  const match = /^(bcrypt(?:_sha256)?\$)(\$2[aby]\$(\d\d))(\$[./A-Za-z0-9]{53})$/.exec(text)
  if (match === null) return 'damaged'
  const [, name = '', head = '', written, tail = ''] = match
  const cost = Number(written)
  if (cost < 4) return 'damaged'
  if (cost > caps.bcryptCost) return 'costly'
  const check = { kind: 'bcrypt', hash: head + tail, prehashed } as const
  return { scheme: name + head, prefix: `${name}${head}$`, check }
}

/** A hash of a scheme that no password matches, for the decoy. Null for a text that is no scheme. */
export function decoyOf(scheme: string): ForeignHash | null {
  const zeros = (bytes: number) => Buffer.alloc(bytes).toString('base64')
  const bare = (bytes: number) => zeros(bytes).replaceAll('=', '')
  const [name = '', ...rest] = scheme.split('$')
  const texts: Readonly<Record<string, string>> = {
    pbkdf2_sha256: `${scheme}$decoy$${zeros(32)}`,
    pbkdf2_sha1: `${scheme}$decoy$${zeros(20)}`,
    scrypt: `scrypt$${rest[0]}$decoy$${rest[1]}$${rest[2]}$${zeros(64)}`,
    argon2: `${scheme}$${bare(16)}$${bare(32)}`,
    bcrypt: `${scheme}$${'.'.repeat(53)}`,
    bcrypt_sha256: `${scheme}$${'.'.repeat(53)}`
  }
  const parsed = readForeignHash(Object.hasOwn(texts, name) ? (texts[name] ?? '') : '')
  return typeof parsed === 'string' || parsed.scheme !== scheme ? null : parsed
}
