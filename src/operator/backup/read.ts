import { type FileHandle, open } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { openStream, openStreamKey, SealedStreamError } from '../../base/crypto/sealed-stream.js'
import { Refusal } from '../refusal.js'
import { type Header, type Line, magic, newChecksum } from './format.js'

/** Longest line: the largest row of any table is far below. */
const mostLine = 4 * 1024 * 1024
const mostHeader = 64 * 1024

export type OpenBackup = {
  readonly header: Header
  /** Every line but the end, which is compared with what was read. @throws {Refusal} */
  lines(): AsyncGenerator<Line>
  close(): Promise<void>
}

/** Opens a file, and derives the key of an encrypted one. @throws {Refusal} for every fault of the file. */
export async function openBackup(file: string, passphrase: string | null): Promise<OpenBackup> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(`${file} cannot be read (${error.code}).`)
  })
  try {
    return { ...(await openContent(handle, passphrase)), close: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function openContent(handle: FileHandle, passphrase: string | null) {
  const stream = handle.createReadStream({ autoClose: false })
  const bytes = stream[Symbol.asyncIterator]() as AsyncGenerator<Buffer>
  const { text, header, rest } = await readHeader(bytes)
  if (header.lock === null && passphrase !== null)
    throw new Refusal('The backup is not encrypted. Leave the passphrase out.')
  if (header.lock !== null && passphrase === null)
    throw new Refusal('The backup is encrypted. Give its passphrase with --passphrase-file.')
  const key =
    header.lock === null || passphrase === null
      ? null
      : await openStreamKey(passphrase, header.lock).catch(refuse)
  const all = joined(rest, bytes)
  const plain = key === null ? all : openStream(all, key, text)
  return { header, lines: () => checked(text, linesOf(plain)) }
}

async function* joined(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

async function readHeader(bytes: AsyncGenerator<Buffer>) {
  let read = Buffer.alloc(0)
  for (;;) {
    const end = read.indexOf('\n', magic.length + 1)
    if (
      read.length >= magic.length &&
      !read.subarray(0, magic.length + 1).equals(Buffer.from(`${magic}\n`))
    )
      throw new Refusal(
        'The file is no backup of Postern, or of another format than this version reads.'
      )
    if (end > 0) {
      const text = read.subarray(magic.length + 1, end).toString()
      return { text, header: parse<Header>(text), rest: read.subarray(end + 1) }
    }
    const { value, done } = await bytes.next()
    if (done === true) throw read.length < magic.length ? notOurs() : truncated()
    read = Buffer.concat([read, value])
    if (read.length > mostHeader && read.indexOf('\n', magic.length + 1) < 0) throw changed()
  }
}

async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const plain = pipeline(Readable.from(source), createGunzip(), () => undefined)
  let waiting = ''
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const part of plain as AsyncIterable<Buffer>) {
      const texts = (waiting + decoder.decode(part, { stream: true })).split('\n')
      waiting = texts.pop() ?? ''
      if (waiting.length > mostLine) throw changed()
      yield* texts
    }
  } catch (error) {
    refuse(error)
  }
  if (waiting !== '') throw truncated()
}

async function* checked(header: string, texts: AsyncGenerator<string>): AsyncGenerator<Line> {
  const checksum = newChecksum(header)
  const counts: Record<string, number> = {}
  let table = ''
  let isComplete = false
  for await (const text of texts) {
    const line = parse<Line>(text)
    if (isComplete) throw changed()
    if (!Array.isArray(line) && 'end' in line) {
      if (checksum.digest('hex') !== line.sha256) throw changed()
      if (JSON.stringify(counts) !== JSON.stringify(line.end)) throw changed()
      isComplete = true
      continue
    }
    checksum.update(`${text}\n`)
    if (!Array.isArray(line) && 'table' in line) {
      table = line.table
      counts[table] = 0
    } else counts[table] = (counts[table] ?? 0) + 1
    yield line
  }
  if (!isComplete) throw truncated()
}

function parse<T>(text: string): T {
  try {
    return JSON.parse(text)
  } catch {
    throw changed()
  }
}

const notOurs = () => new Refusal('The file is no backup of Postern.')
const truncated = () => new Refusal('The backup is not complete: its end is missing.')
const changed = () =>
  new Refusal('The backup was changed or damaged: its content does not fit its checksum.')

/** Faults of decryption and decompression as sentences. */
function refuse(error: unknown): never {
  const { code = '' } = error as NodeJS.ErrnoException
  if (error instanceof SealedStreamError && error.reason === 'passphrase')
    throw new Refusal('The passphrase is not the one of this backup.')
  if (
    (error instanceof SealedStreamError && error.reason === 'truncated') ||
    code === 'Z_BUF_ERROR'
  )
    throw truncated()
  if (error instanceof SealedStreamError || /^Z_|ENCODING_INVALID/.test(code)) throw changed()
  throw error
}
