import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Config,
  ConfigError,
  loadConfig,
  type readEnvironment
} from '../../base/config/load.js'
import { settings } from '../../base/config/settings.js'
import { newSecretKey } from '../../base/crypto/random.js'
import { type Finding, findingsOf } from './finding.js'

const { ok, warn, fail } = findingsOf('settings')

/** Reads the settings like the service. `config` is null if they are not valid. */
export function examineSettings(env: ReturnType<typeof readEnvironment>): {
  findings: Finding[]
  config: Config | null
} {
  try {
    const config = loadConfig(withoutNewKey(env))
    const warnings = config.warnings.map(warn)
    return { config, findings: warnings.length > 0 ? warnings : [ok('The settings are valid.')] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: null, findings: error.problems.map(fail) }
  }
}

/** Adds a temporary secret key, so that loading the settings does not create the key file of the service. */
function withoutNewKey(env: ReturnType<typeof readEnvironment>): typeof env {
  const hasKey =
    env.DATABASE_URL ||
    env.DATABASE_URL_FILE ||
    env.SECRET_KEY !== undefined ||
    env.SECRET_KEY_FILE ||
    existsSync(secretKeyFile(env.DATA_DIR))
  return hasKey ? env : { ...env, SECRET_KEY: newSecretKey() }
}

const secretKeyFile = (dataDir: string | undefined) =>
  join(dataDir || settings.DATA_DIR.default, 'secret.key')
