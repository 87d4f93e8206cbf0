import { readFile, stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { Option } from 'commander'
import { type Config, loadConfig } from '../../base/config/load.js'
import { deriveKeyChain, keyIdOf } from '../../base/crypto/derive.js'
import type { SessionOptions } from '../../base/database/connection.js'
import { Refusal } from '../refusal.js'
import { setRetention } from './migrate.js'
import { jsonOption } from './options.js'
import { remark, say, sayJson } from './output.js'

type Options = { readonly passphraseFile?: string; readonly json?: true }

const passphraseOption = () =>
  new Option('--passphrase-file <file>', 'file with the passphrase that encrypts the backup')

/** The commands that write all rows to a file, and fill an empty database from it. */
export function backupCommands(program: Command): void {
  program
    .command('backup')
    .argument('<file>', 'a new file')
    .description('write one consistent snapshot of everything to a file')
    .addOption(passphraseOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The service may run meanwhile. The file has every row of every table, with a checksum; it does not
have SECRET_KEY, without which the signing keys and second factors in it cannot be opened. Keep the
two apart. The passphrase has at least 12 characters:

  postern backup /backups/postern-monday --passphrase-file /run/secrets/backup`
    )
    .action(backup)

  program
    .command('restore')
    .argument('<file>', 'a file of postern backup')
    .description('fill an empty database from a file of postern backup')
    .addOption(passphraseOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
DATABASE_URL names a new database, or DATA_DIR an empty folder; tables are created. The backup may
be of the embedded database, of a server, of another major version of PostgreSQL, and of an earlier
version of Postern. It happens in one transaction. Stop services that use the database.`
    )
    .action(restore)
}

async function backup(file: string, options: Options): Promise<void> {
  const exists = await stat(file).then(
    () => true,
    () => false
  )
  if (exists) throw new Refusal(`${file} exists. Give the name of a new file.`)
  const { writeBackup } = await import('../backup/write.js')
  const { openConnection } = await import('../../base/database/connection.js')
  const passphrase = await passphraseOf(options)
  await withSession(async ({ config, session }) => {
    const connection = await openConnection(session)
    const progress = progressOf('written')
    const keyId = keysOf(config)[0] as string
    try {
      const settings = { file, passphrase, keyId, onProgress: progress.tell }
      tellResult(await writeBackup(connection, settings).finally(progress.end), 'Wrote', options)
    } finally {
      await connection.end()
    }
  })
}

async function restore(file: string, options: Options): Promise<void> {
  const { openBackup } = await import('../backup/read.js')
  const { restoreBackup } = await import('../backup/restore.js')
  const opened = await openBackup(file, await passphraseOf(options))
  await withSession(async ({ config, session, url }) => {
    if (!keysOf(config).includes(opened.header.keyId))
      remark(
        'The backup belongs to another SECRET_KEY. The service needs that one, or has it in SECRET_KEY_FALLBACKS.'
      )
    const progress = progressOf('restored')
    const settings = { url, session, onProgress: progress.tell }
    const totals = await restoreBackup(opened, settings).finally(progress.end)
    await setRetention({ ...config, DATABASE_URL: url })
    tellResult(totals, `Restored the backup of ${opened.header.createdAt}:`, options)
  }).finally(opened.close)
}

async function withSession(
  work: (at: { config: Config; session: SessionOptions; url: string }) => Promise<void>
): Promise<void> {
  const config = loadConfig()
  const { connectDatabase } = await import('../../base/database/connect.js')
  const { readAddress } = await import('../../base/database/address.js')
  const { url, close } = await connectDatabase(config, remark)
  const session = {
    address: readAddress(url),
    timeoutMs: 0,
    preparedStatements: config.DATABASE_PREPARED_STATEMENTS
  }
  try {
    await work({ config, session, url })
  } finally {
    await close()
  }
}

function keysOf({ SECRET_KEY, SECRET_KEY_FALLBACKS }: Config): string[] {
  const { current, earlier } = deriveKeyChain([SECRET_KEY, ...SECRET_KEY_FALLBACKS], 'totp')
  return [current, ...earlier].map(keyIdOf)
}

async function passphraseOf({ passphraseFile }: Options): Promise<string | null> {
  if (passphraseFile === undefined) return null
  const text = await readFile(passphraseFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(`${passphraseFile} cannot be read (${error.code}).`)
  })
  const passphrase = text.replace(/\r?\n$/, '')
  if (passphrase.length < 12) throw new Refusal('The passphrase must have at least 12 characters.')
  return passphrase
}

/** A line that counts on, where somebody looks at it. */
function progressOf(done: string) {
  const { isTTY } = process.stderr
  return {
    tell: (rows: number) => void (isTTY && process.stderr.write(`\r${rows} rows ${done} …`)),
    end: () => void (isTTY && process.stderr.write('\r\u001b[K'))
  }
}

function tellResult(
  totals: Readonly<Record<string, number>>,
  done: string,
  { json }: Options
): void {
  const rows = Object.values(totals).reduce((sum, count) => sum + count, 0)
  if (json) sayJson({ rows, people: totals.User ?? 0 })
  else say(`${done} ${rows} rows, of ${totals.User ?? 0} people.`)
}
