import type { Command } from 'commander'
import type { Deps } from '../../deps.js'
import { listSigningKeys, rotateSigningKeys } from '../../tokens/keys/store.js'
import { Refusal } from '../refusal.js'
import { withDeps } from './open.js'
import { jsonOption } from './options.js'
import { say, sayPage } from './output.js'

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
    .addHelpText(
      'after',
      `
Keys rotate automatically after SIGNING_KEY_LIFETIME. Running instances use the new key within
a minute. After a leak of SECRET_KEY a rotation is not enough: see docs/operations.md.`
    )
    .action(() =>
      withDeps(async deps => {
        requireStoredKeys(deps)
        await rotateSigningKeys(deps.db, deps.config, deps.clock())
        const active = (await listSigningKeys(deps.db, deps.config)).find(
          ({ state, algorithm }) => state === 'active' && algorithm === deps.config.JWT_ALGORITHM
        )
        say(`${active?.kid} signs access tokens now.`)
      })
    )
}

function requireStoredKeys({ config }: Deps): void {
  if (config.JWT_PRIVATE_KEY_FILE !== null)
    throw new Refusal('JWT_PRIVATE_KEY_FILE is set: rotate the key by replacing that file.')
}
