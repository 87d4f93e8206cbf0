import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { JSONParser } from '@streamparser/json'
import { Refusal } from '../refusal.js'
import { isObject, type SourceRecord } from './record.js'

/** A record that is larger is no row of the tables that are read. */
const longestRecord = 16 * 1024 * 1024

type Dump = { readonly stream: Readable; readonly bytes: number | null }

/**
 * Opens a file, or standard input for `-`.
 *
 * @throws {Refusal} if it cannot be read.
 */
export async function openDump(source: string): Promise<Dump> {
  if (source === '-') return { stream: process.stdin, bytes: null }
  try {
    const { size, isFile } = await stat(source).then(found => ({
      size: found.size,
      isFile: !found.isDirectory()
    }))
    if (!isFile) throw new Error('it is a directory')
    return { stream: createReadStream(source), bytes: size }
  } catch (error) {
    throw new Refusal(`${source} cannot be read: ${(error as Error).message}`)
  }
}

/**
 * Reads the records of a `dumpdata` file one after another, in bounded memory.
 *
 * @throws {Refusal} for a text that is not such a file, or ends early.
 */
export async function* readDump(
  stream: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void
): AsyncGenerator<SourceRecord> {
  const found: SourceRecord[] = []
  let sinceRecord = 0
  let count = 0
  const parser = new JSONParser({
    paths: ['$.*'],
    keepStack: false,
    stringBufferSize: 65_536,
    numberBufferSize: 64
  })
  let complete = false
  parser.onValue = ({ value, key }) => {
    if (typeof key !== 'number') throw new Refusal('The dump is not a list of records.')
    sinceRecord = 0
    count++
    found.push(recordOf(value, count))
  }
  parser.onEnd = () => {
    complete = true
  }
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const write = (text: string) => {
    if (complete && text.trim() === '') return
    parser.write(text)
  }
  try {
    for await (const chunk of stream) {
      onBytes(chunk.length)
      sinceRecord += chunk.length
      if (count === 0 && sinceRecord === chunk.length) requireUtf8(chunk)
      write(decoder.decode(chunk, { stream: true }))
      if (sinceRecord > longestRecord)
        throw new Refusal(`Record ${count + 1} of the dump is larger than 16 MiB.`)
      yield* found.splice(0)
    }
    write(decoder.decode())
  } catch (error) {
    throw error instanceof Refusal ? error : unreadable(error as NodeJS.ErrnoException, count)
  }
  if (!complete)
    throw new Refusal(
      count === 0
        ? 'The dump is empty or ends before its first record.'
        : `The dump ends early, after ${count} records. Write it again with dumpdata.`
    )
}

function unreadable(error: NodeJS.ErrnoException, count: number): Refusal {
  if (error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return new Refusal('The dump is not UTF-8. Write it with dumpdata --output FILE.')
  if (error.syscall !== undefined) return new Refusal(`The dump cannot be read: ${error.message}`)
  return new Refusal(`The dump is not JSON, or is damaged after record ${count}.`)
}

/** PowerShell writes redirected output as UTF-16. */
function requireUtf8(chunk: Uint8Array): void {
  const isUtf16 = (chunk[0] === 0xff && chunk[1] === 0xfe) || chunk[1] === 0
  if (isUtf16) throw new Refusal('The dump is not UTF-8. Write it with dumpdata --output FILE.')
}

function recordOf(value: unknown, count: number): SourceRecord {
  if (isObject(value)) {
    const { model, pk, fields } = value
    if (typeof model === 'string' && isObject(fields))
      return { model: model.toLowerCase(), pk, fields }
  }
  throw new Refusal(`Record ${count} of the dump has no model and fields. Is it from dumpdata?`)
}
