import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Deps } from '../../deps.js'
import { listSigningKeys, nextKeyIsKnownFrom, rotateSigningKeys } from '../../tokens/keys/store.js'
import { Refusal } from '../refusal.js'
import { withDeps } from './open.js'
import { jsonOption } from './options.js'
import { remark, say, sayPage } from './output.js'

/** Commands for the keys that sign access tokens. */
export function keyCommands(program: Command): void {
  const keys = program.command('keys').description('list the signing keys, and rotate them early')

  keys
    .command('list')
    .description('list the active key, the next key, and earlier keys with valid access tokens')
    .addOption(jsonOption())
    .action(({ json }: { json?: true }) =>
      withDeps(async deps => {
        requireStoredKeys(deps)
        const results = await listSigningKeys(deps.db, deps.config)
        sayPage({ results, next: null }, json, {
          KID: key => key.kid,
          ALGORITHM: key => key.algorithm,
          STATE: key => key.state,
          CREATED: key => key.createdAt,
          'ACTIVE SINCE': key => key.activatedAt,
          RETIRED: key => key.retiredAt,
          'SEALED WITH': key => key.sealedUnder ?? 'unknown key'
        })
      })
    )

  keys
    .command('rotate')
    .description('sign with the next key from now on; tokens of the current key stay valid')
    .option('--force', 'do not wait until every verifier can have the next key')
    .addHelpText(
      'after',
      `
Keys rotate automatically after SIGNING_KEY_LIFETIME. Running instances use the new key within
a minute. Verifiers may keep the published keys for five minutes, so the command waits until the next
key has been published for longer than that, at most six minutes. After a leak of SECRET_KEY a rotation is not enough: see docs/operations.md.`
    )
    .action(({ force }: { force?: true }) =>
      withDeps(async deps => {
        requireStoredKeys(deps)
        // Of two commands that wait together one rotates.
        const begun = deps.clock()
        if (!force) await waitUntilKnown(deps)
        await rotateSigningKeys(deps.db, deps.config, deps.clock(), begun)
        const active = (await listSigningKeys(deps.db, deps.config)).find(
          ({ state, algorithm }) => state === 'active' && algorithm === deps.config.JWT_ALGORITHM
        )
        say(`${active?.kid} signs access tokens: on running instances within a minute.`)
      })
    )
}

async function waitUntilKnown({ db, config, clock }: Deps): Promise<void> {
  const from = await nextKeyIsKnownFrom(db, config)
  const waitMs = (from?.getTime() ?? 0) - clock().getTime()
  if (waitMs <= 0) return
  const seconds = Math.ceil(waitMs / 1000)
  remark(
    `Verifiers may not know the next key yet. Waiting ${seconds} s; --force rotates without waiting.`
  )
  await pause(waitMs)
}

function requireStoredKeys({ config }: Deps): void {
  if (config.JWT_PRIVATE_KEY_FILE !== null)
    throw new Refusal('JWT_PRIVATE_KEY_FILE is set: rotate the key by replacing that file.')
}
