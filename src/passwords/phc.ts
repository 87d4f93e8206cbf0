/** Cost of one argon2id hash. */
export type HashParameters = {
  readonly memoryKib: number
  readonly iterations: number
  readonly parallelism: number
}

/** The parts of a stored hash. */
export type ParsedHash = {
  readonly parameters: HashParameters
  /** Identifies its pepper. */
  readonly keyId: string | undefined
  /** The string without the key id, which the argon2 library does not support. */
  readonly bare: string
}

// PHC string format, argon2id version 0x13 only. At least 8 bytes of salt and 32 of digest, so that a
// truncated hash is not easier to match.
const format =
  /^(\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2}))(?:,keyid=([A-Za-z0-9+/]{1,11}))?(\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{43,86})$/

/** Parses an argon2id hash. `null` for another text, or if its cost is not a valid setting. */
export function parsePhc(text: string): ParsedHash | null {
  const match = format.exec(text)
  if (match === null) return null
  const [, head = '', memoryKib, iterations, parallelism, keyId, tail = ''] = match
  const parameters = {
    memoryKib: Number(memoryKib),
    iterations: Number(iterations),
    parallelism: Number(parallelism)
  }
  return isAffordable(parameters) ? { parameters, keyId, bare: head + tail } : null
}

/** Adds the id of the pepper to a hash. */
export function withKeyId(phc: string, keyId: string): string {
  return phc.replace(/^(\$argon2id\$v=19\$[^$]*)/, `$1,keyid=${keyId}`)
}

/** A valid hash of no password. Verifying it takes as long as a real one. */
export function decoyPhc({ memoryKib, iterations, parallelism }: HashParameters): string {
  const zeros = (bytes: number) => Buffer.alloc(bytes).toString('base64').replaceAll('=', '')
  const cost = `m=${memoryKib},t=${iterations},p=${parallelism}`
  return `$argon2id$v=19$${cost}$${zeros(16)}$${zeros(32)}`
}

/** Whether the cost is in the range of the settings: a stored hash must not occupy a thread for minutes. */
function isAffordable({ memoryKib, iterations, parallelism }: HashParameters): boolean {
  const laneMinimum = 8 * parallelism
  return (
    memoryKib >= laneMinimum &&
    memoryKib <= 1_048_576 &&
    iterations >= 1 &&
    iterations <= 20 &&
    parallelism >= 1 &&
    parallelism <= 16
  )
}

// OWASP Password Storage Cheat Sheet and ASVS 5.0 appendix C: fewer iterations need more memory.
const floors = [47_104, 19_456, 12_288, 9_216, 7_168] as const

/** Whether the cost is below the minimum of OWASP and ASVS 11.4.2. */
export function isBelowFloor({ memoryKib, iterations }: HashParameters): boolean {
  const floor = floors[Math.min(iterations, floors.length) - 1]
  return floor === undefined || memoryKib < floor
}
