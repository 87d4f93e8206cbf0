import { readFileSync } from 'node:fs'

type Environment = Readonly<Record<string, string | undefined>>

/** Longer than any secret: a wrong path must not read a disk into memory. */
const mostBytes = 64 * 1024

/**
 * The environment with the secrets that stand in files, as Docker and Kubernetes hand them over: the
 * content of `NAME_FILE`, without the end of its last line, is the value of `NAME`. An empty name is no
 * file. Adds a sentence to `problems` for each file that cannot be read, and where both names are set.
 */
export function withSecretFiles(
  env: Environment,
  names: readonly string[],
  problems: string[]
): Environment {
  const read = names.flatMap(name => {
    const path = env[`${name}_FILE`]
    if (path === undefined || path === '') return []
    if (env[name] !== undefined) {
      problems.push(`${name} and ${name}_FILE are both set; remove one of them.`)
      return []
    }
    try {
      const content = readFileSync(path)
      if (content.length > mostBytes) throw new Error('longer than a secret')
      return [[name, content.toString('utf8').replace(/\r?\n$/, '')] as const]
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      problems.push(`${name}_FILE cannot be read (${code ?? message}).`)
      return []
    }
  })
  return { ...env, ...Object.fromEntries(read) }
}
