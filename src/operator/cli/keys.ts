import type { Command } from 'commander'
import type { Deps } from '../../deps.js'
import { listSigningKeys, rotateSigningKeys } from '../../tokens/keys/store.js'
import { Refusal } from '../refusal.js'
import { withDeps } from './open.js'
import { jsonOption } from './options.js'
import { say, sayJson, sayTable, show } from './output.js'

/** The keys that sign access tokens. */
export function keyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('look at the signing keys, and rotate them early')

  keys
    .command('list')
    .description(
      'list the keys that sign access tokens, will sign, or signed some that may be valid'
    )
    .addOption(jsonOption())
    .action(({ json }: { json?: true }) =>
      withDeps(async deps => {
        demandStoredKeys(deps)
        const results = await listSigningKeys(deps.db, deps.config)
        if (json) return sayJson({ results, next: null })
        sayTable(
          ['KID', 'ALGORITHM', 'STATE', 'CREATED', 'ACTIVE SINCE', 'RETIRED', 'SEALED UNDER'],
          results.map(key => [
            key.kid,
            key.algorithm,
            key.state,
            show(key.createdAt),
            show(key.activatedAt),
            show(key.retiredAt),
            key.sealedUnder ?? 'no key we have'
          ])
        )
      })
    )

  keys
    .command('rotate')
    .description('sign with the next key from now on; tokens under the one before stay valid')
    .addHelpText(
      'after',
      `
Keys rotate by themselves at the age of SIGNING_KEY_LIFETIME. Running instances notice within
a minute. After a leak of SECRET_KEY rotating is not enough: see docs/operations.md.`
    )
    .action(() =>
      withDeps(async deps => {
        demandStoredKeys(deps)
        await rotateSigningKeys(deps.db, deps.config, deps.clock())
        const active = (await listSigningKeys(deps.db, deps.config)).find(
          ({ state, algorithm }) => state === 'active' && algorithm === deps.config.JWT_ALGORITHM
        )
        say(`${active?.kid} signs access tokens now.`)
      })
    )
}

function demandStoredKeys({ config }: Deps): void {
  if (config.JWT_PRIVATE_KEY_FILE !== null)
    throw new Refusal(
      'JWT_PRIVATE_KEY_FILE is set: that file is the key, and it rotates when you do.'
    )
}
