import { newSalt } from '../base/crypto/random.js'
import type { HashParameters } from './phc.js'

/** argon2id and bcrypt. Throws for a stored text that is not a hash. */
export type PasswordFunctions = {
  hash(password: string, parameters: HashParameters, secret?: Uint8Array): Promise<string>
  verify(phc: string, password: string, secret?: Uint8Array): Promise<boolean>
  verifyBcrypt(password: string, hash: string): Promise<boolean>
}

/**
 * Loads native code, or WebAssembly that takes about twice as long: the packages with native code are
 * optional dependencies of their own, which `npm ci --omit=optional` leaves out.
 */
export const loadPasswordFunctions = (): Promise<PasswordFunctions> => loadNative().catch(loadWasm)

/** Throws where the packages for this platform are missing. */
export async function loadNative(): Promise<PasswordFunctions> {
  const argon2 = await import('@node-rs/argon2')
  const bcrypt = await import('@node-rs/bcrypt')
  return {
    hash: async (password, { memoryKib, iterations, parallelism }, secret) =>
      argon2.hashSync(password, {
        algorithm: 2, // argon2id; the package's const enum cannot be imported from an isolated module
        memoryCost: memoryKib,
        timeCost: iterations,
        parallelism,
        ...(secret && { secret })
      }),
    verify: async (phc, password, secret) => argon2.verifySync(phc, password, secret && { secret }),
    verifyBcrypt: async (password, hash) => bcrypt.verifySync(password, hash)
  }
}

/** The length that the native code uses. */
const hashLength = 32

/** It refuses an empty password, which no account has. */
const given = (password: string): string => (password === '' ? ' ' : password)

export async function loadWasm(): Promise<PasswordFunctions> {
  const { argon2id, argon2Verify, bcryptVerify } = await import('hash-wasm')
  return {
    hash: (password, { memoryKib, iterations, parallelism }, secret) =>
      argon2id({
        password,
        salt: newSalt(),
        memorySize: memoryKib,
        iterations,
        parallelism,
        hashLength,
        outputType: 'encoded',
        ...(secret && { secret })
      }),
    verify: async (hash, password, secret) =>
      (await argon2Verify({ hash, password: given(password), ...(secret && { secret }) })) &&
      password !== '',
    verifyBcrypt: async (password, hash) =>
      (await bcryptVerify({ password: given(password), hash })) && password !== ''
  }
}
