import { pbkdf2Sync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../src/base/package-root.js'

/** A person of the old installation in `test/data/django`, with what only the owner knows. */
export type DjangoPerson = {
  readonly tag: string
  readonly id: number
  readonly email: string
  readonly password: string | null
  readonly hash: string
  readonly first_name: string
  readonly last_name: string
  readonly verified: boolean
  readonly active: boolean
  readonly role: number
  readonly date_joined: string
  readonly totp_secret?: string
  readonly recovery_codes_used?: readonly string[]
  readonly recovery_codes_left?: readonly string[]
  readonly refresh_token?: string
  readonly access_token?: string
}

export const djangoFile = (name: string): string => join(packageRoot, 'test/data/django', name)

const read = (name: string) => JSON.parse(readFileSync(djangoFile(name), 'utf8'))

export const djangoPeople: readonly DjangoPerson[] = read('people.json').people

/** The first person with a tag. */
export function djangoPerson(tag: string): DjangoPerson & { readonly password: string } {
  const found = djangoPeople.find(person => person.tag === tag)
  if (found === undefined) throw new Error(`nobody has the tag ${tag}`)
  return { ...found, password: found.password ?? '' }
}

export type Row = { model: string; pk: number; fields: Record<string, unknown> }

export const djangoDump = (): Row[] => read('dumpdata.json')

/** The password hash of a person. */
export const djangoHash = (tag: string): string => {
  const { id } = djangoPerson(tag)
  const user = djangoDump().find(({ model, pk }) => model === 'jwt_allauth.jauser' && pk === id)
  return user?.fields.password as string
}

/**
 * The dump with cheap hashes: those of a million iterations are computed anew, from the clear passwords, except
 * that of one person.
 */
export function cheapDump(iterations = 1000): Row[] {
  return djangoDump().map(row => {
    const { password } = row.fields
    const person = djangoPeople.find(({ id }) => id === row.pk)
    const isDear = typeof password === 'string' && /^pbkdf2_\w+\$(1000000|260000)\$/.test(password)
    if (!isDear || person?.password == null || person.tag === 'spaces') return row
    const [kind = '', , salt = ''] = password.split('$')
    const name = kind.replace('pbkdf2_', '')
    const digest = pbkdf2Sync(person.password, salt, iterations, name === 'sha1' ? 20 : 32, name)
    const hash = `${kind}$${iterations}$${salt}$${digest.toString('base64')}`
    return { ...row, fields: { ...row.fields, password: hash } }
  })
}
