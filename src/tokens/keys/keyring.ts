import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Config, ConfigError } from '../../base/config/load.js'
import type { Database } from '../../base/database/database.js'
import { Problem } from '../../base/errors/problem.js'
import { type Claims, headerOf, type Jws } from '../jws.js'
import {
  accessTokenJws,
  algorithmOf,
  type PublicJwk,
  publicJwk,
  readPrivateKey
} from './key-pair.js'
import { createMissingKeys, loadKeys, type StoredKey } from './store.js'
import { createVerifiedTokens } from './verified.js'

/** The keys for access tokens in the memory of one instance. */
export type KeyRing = {
  /** Signs with the active key of `JWT_ALGORITHM`. @throws {Problem} `unavailable` until the keys are loaded. */
  sign(claims: Claims): string
  /** Verifies with the published key of the token's header; null for any other token. */
  verify(token: string): Claims | null
  /** The active and next keys, and earlier keys whose tokens may still be valid. */
  jwks(): readonly PublicJwk[]
  /** Loads the keys. Creates those of `JWT_ALGORITHM` if it has none. */
  load(): Promise<void>
  /** Loads the keys again for an unknown key, which another instance may have created. Returns whether it is known now. */
  catchUp(token: string): Promise<boolean>
}

type Parts = { readonly db: Database; readonly config: Config; readonly clock: () => Date }
type Entry = { readonly jwk: PublicJwk; readonly jws: Jws; readonly state: StoredKey['state'] }

const catchUpEverySeconds = 5

/** Uses the keys of the database, or the key in `JWT_PRIVATE_KEY_FILE`. */
export function createKeyRing({ db, config, clock }: Parts): KeyRing {
  const file = config.JWT_PRIVATE_KEY_FILE
  let entries: readonly Entry[] = file === null ? [] : [entryFromFile(file, config)]
  let lastLoad = 0
  const verified = createVerifiedTokens(clock)

  async function load() {
    if (file !== null) return
    lastLoad = clock().getTime()
    const stored = (await loadKeys(db, config)).map(entryOf)
    entries = stored.some(signsHere)
      ? stored
      : (await createMissingKeys(db, config, clock())).map(entryOf)
    // No token may outlive its key here.
    verified.clear()
  }
  const signsHere = ({ state, jwk }: Entry) =>
    state === 'active' && jwk.alg === config.JWT_ALGORITHM
  const find = (token: string) => entries.find(({ jws }) => jws.header === headerOf(token))

  return {
    sign(claims) {
      const active = entries.find(signsHere)
      if (active === undefined)
        throw new Problem('unavailable', { params: { seconds: 5 }, retryAfter: 5 })
      return active.jws.sign(claims)
    },
    verify(token) {
      const known = verified.read(token)
      if (known !== null) return known
      const claims = find(token)?.jws.verify(token) ?? null
      if (claims !== null) verified.add(token, claims)
      return claims
    },
    jwks: () => entries.map(({ jwk }) => jwk),
    load,
    async catchUp(token) {
      if (find(token) !== undefined) return false
      if (clock().getTime() - lastLoad < catchUpEverySeconds * 1000) return false
      await load()
      return find(token) !== undefined
    }
  }
}

function entryOf({ state, algorithm, privateKey }: StoredKey): Entry {
  const jwk = publicJwk(privateKey, algorithm)
  return { state, jwk, jws: accessTokenJws(privateKey, jwk) }
}

function readKeyFile(path: string): KeyObject {
  try {
    return readPrivateKey(readFileSync(path, 'utf8'))
  } catch {
    throw new ConfigError([
      'JWT_PRIVATE_KEY_FILE must name a readable PEM file with a private key.'
    ])
  }
}

function entryFromFile(path: string, config: Config): Entry {
  const privateKey = readKeyFile(path)
  if (algorithmOf(privateKey) !== config.JWT_ALGORITHM) {
    throw new ConfigError([
      `JWT_PRIVATE_KEY_FILE does not hold a key for JWT_ALGORITHM=${config.JWT_ALGORITHM}.`
    ])
  }
  return entryOf({ state: 'active', algorithm: config.JWT_ALGORITHM, privateKey })
}
