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

/** Reads the settings as the service would; without them nothing else can be looked at. */
export function examineSettings(env: ReturnType<typeof readEnvironment>): {
  findings: Finding[]
  config: Config | null
} {
  try {
    const config = loadConfig(leavingNoTrace(env))
    const warnings = config.warnings.map(warn)
    return { config, findings: warnings.length > 0 ? warnings : [ok('The settings are valid.')] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { config: null, findings: error.problems.map(fail) }
  }
}

/** A look must not make the key that the first start of the service makes, under another user perhaps. */
function leavingNoTrace(env: ReturnType<typeof readEnvironment>): typeof env {
  const hasKey =
    env.DATABASE_URL || env.SECRET_KEY !== undefined || existsSync(secretKeyFile(env.DATA_DIR))
  return hasKey ? env : { ...env, SECRET_KEY: newSecretKey() }
}

const secretKeyFile = (dataDir: string | undefined) =>
  join(dataDir || settings.DATA_DIR.default, 'secret.key')
