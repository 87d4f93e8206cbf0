#!/usr/bin/env node
// What the Prisma CLI takes for its native schema engine (prisma.config.ts tells it to), so that no
// program has to be downloaded: requests come as lines of JSON-RPC, answers go the same way.
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { clientOptions, openSchemaEngine } from './engine.js'

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    datasource: { type: 'string' },
    datamodels: { type: 'string', multiple: true }
  }
})
const { url } = JSON.parse(values.datasource ?? '{}')

process.once('uncaughtException', giveUp) // how an engine of WebAssembly panics

if (positionals.includes('can-connect-to-database')) await query(url, 'SELECT 1')
else if (positionals.includes('create-database')) await createDatabase()
else await serve()

function giveUp(error) {
  const fields = { message: error.message, error_code: prismaCode(error) }
  // The CLI reads its engine's log from the second line on.
  const lines = [
    { level: 'INFO', fields: {} },
    { level: 'ERROR', target: 'schema_engine::logger', fields }
  ]
  process.stderr.write(lines.map(line => JSON.stringify(line)).join('\n'), () => process.exit(1))
}

async function serve() {
  const paths = values.datamodels ?? []
  const datamodels = await Promise.all(
    paths.map(async path => [path, await readFile(path, 'utf8')])
  )
  const { engine, close } = await openSchemaEngine(
    url === undefined ? undefined : { url },
    datamodels.length > 0 ? datamodels : undefined
  )
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line)
    // Without a method it is the CLI's answer to a request of ours, `print`.
    if (method !== undefined) await answer(engine, id, method, params)
  }
  await close()
}

async function answer(engine, id, method, params) {
  const send = message =>
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...message })}\n`)
  try {
    const result = await engine[method](params)
    if (method === 'diff' && result.stdout)
      send({ method: 'print', params: { content: result.stdout } })
    send({ result: result ?? null })
  } catch (error) {
    const { message, code } = error
    const data = { message, is_panic: false, meta: { full_error: message }, error_code: code }
    send({ error: { code: 4466, message, data } })
  }
}

async function createDatabase() {
  const admin = new URL(url)
  const name = decodeURIComponent(admin.pathname.slice(1))
  admin.pathname = 'postgres'
  await query(admin.href, `CREATE DATABASE ${pg.escapeIdentifier(name)}`)
}

async function query(url, text) {
  const client = new pg.Client(clientOptions(url).connectionString)
  await client.connect()
  await client.query(text).finally(() => client.end())
}

function prismaCode({ code }) {
  const codes = { '3D000': 'P1003', '28P01': 'P1000', 28000: 'P1000', '42P04': 'P1009' }
  return codes[code] ?? 'P1001'
}
