import { createHash } from 'node:crypto'

type Options = {
  /** URL of the range API, to which five hexadecimal digits are appended. */
  readonly url: string
  readonly timeoutMs: number
  readonly fetch: typeof fetch
  /** Called if the list does not answer. */
  readonly onUnavailable: (error: unknown) => void
}

// A padded range is about 40 kB. An answer of more than ten times that is not a range.
const maxBytes = 400_000

/**
 * Whether a public list of leaked passwords contains this one. Sends only five digits of its SHA-1
 * digest (k-anonymity). If the list does not answer, the password counts as not leaked.
 */
export async function isBreached(password: string, options: Options): Promise<boolean> {
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
  const [prefix, suffix] = [digest.slice(0, 5), digest.slice(5)]
  try {
    const range = parseRange(await fetchRange(prefix, options))
    return (range.get(suffix) ?? 0) > 0
  } catch (error) {
    options.onUnavailable(error)
    return false
  }
}

async function fetchRange(prefix: string, { url, timeoutMs, fetch }: Options): Promise<string> {
  const response = await fetch(`${url.replace(/\/*$/, '/')}${prefix}`, {
    headers: { 'add-padding': 'true', 'user-agent': 'postern' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs)
  })
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel()
    throw new Error(`The list of breached passwords answered ${response.status}.`)
  }
  return readBounded(response.body)
}

async function readBounded(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > maxBytes)
      throw new Error('The answer of the list of breached passwords is too long.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('latin1')
}

/** Parses lines `SUFFIX:COUNT`. A count of 0 is padding. */
function parseRange(text: string): Map<string, number> {
  const lines = text.split(/\r?\n/).filter(line => line !== '')
  const entries = lines.map(line => {
    const match = /^([0-9A-F]{35}):(\d{1,15})$/i.exec(line)
    if (match === null)
      throw new Error('The answer of the list of breached passwords is not valid.')
    return [(match[1] as string).toUpperCase(), Number(match[2])] as const
  })
  return new Map(entries)
}
