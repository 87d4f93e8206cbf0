import { builtIn } from '../../base/config/roles.js'
import { digest } from '../../base/crypto/digest.js'
import type { EmailAddress } from '../../base/email-address.js'
import {
  type ForeignHash,
  type HashProblem,
  readForeignHash
} from '../../passwords/foreign-hash.js'
import { type CodeShape, dateOf, type Factor, readFactor, UnreadableFactor } from './factor.js'
import type { Json } from './record.js'
import { mostAuthenticators, mostParts, type StagedPerson } from './stage.js'

/** What an operator decided about the source. */
export type Choices = {
  /** Number there → number here, of the options `--role`. */
  readonly roles: ReadonlyMap<number, number>
  /** Whether a number is a role here. */
  readonly isRole: (number: number) => boolean
  readonly codes: CodeShape
  readonly wantsSessions: boolean
  /** Whether this is one of our own hashes. */
  readonly isOwnHash: (hash: string) => boolean
  readonly now: Date
}

export type OldSession = {
  readonly session: string
  readonly jti: string
  readonly createdAt: Date
}

/** A person as they are imported. */
export type Candidate = {
  readonly key: string
  readonly legacyId: string | null
  readonly email: EmailAddress
  readonly verified: boolean
  readonly firstName: string
  readonly lastName: string
  readonly role: number
  readonly isActive: boolean
  readonly joinedAt: Date
  readonly passwordHash: string | null
  /** Null for our own kind, and without a password. */
  readonly foreign: ForeignHash | null
  readonly factor: Factor | null
  readonly identities: readonly { readonly provider: string; readonly uid: string }[]
  readonly sessions: readonly OldSession[]
  readonly profileDigest: string
  readonly credentialDigest: string
  /** What is not taken over as it is there. */
  readonly notes: readonly string[]
}

export type Plan = { readonly candidate: Candidate } | { readonly skipped: string }

/** Why a person is not imported. */
class Skip extends Error {}

/** Decides how a person is imported. It depends on the source and the operator's choices only. */
export function plan(person: StagedPerson, choices: Choices): Plan {
  try {
    return { candidate: candidateOf(person, choices) }
  } catch (error) {
    if (error instanceof UnreadableFactor)
      return { skipped: `the second factor cannot be taken: ${error.message}` }
    if (error instanceof Skip) return { skipped: error.message }
    throw error
  }
}

function candidateOf(person: StagedPerson, choices: Choices): Candidate {
  const { fields } = person
  const notes: string[] = []
  const legacyId = numberOf(person)
  const email = addressOf(person, notes)
  const names = {
    firstName: nameOf(fields.first_name, 'first name', notes),
    lastName: nameOf(fields.last_name, 'last name', notes)
  }
  const role = roleOf(fields, choices, notes)
  const isActive = flagOf(fields.is_active, 'is_active', true)
  const password = passwordOf(fields.password, choices, notes)
  if (person.authenticatorCount > mostAuthenticators)
    throw new UnreadableFactor(`there are ${person.authenticatorCount} of them`)
  const factor = readFactor(person.authenticators, choices.codes)
  if (factor !== null) notes.push(...factor.notes)
  if (person.furtherAddresses > 0)
    notes.push(`${person.furtherAddresses} further addresses are not taken`)
  const profile = { email, verified: person.verified, ...names, role, isActive }
  return {
    key: digest(legacyId === null ? `address\0${email}` : `number\0${legacyId}`),
    legacyId,
    ...profile,
    joinedAt: joinedAt(fields.date_joined, choices.now, notes),
    ...password,
    factor,
    identities: identitiesOf(person, notes),
    sessions: choices.wantsSessions ? sessionsOf(person, notes) : [],
    profileDigest: digest(JSON.stringify(profile)),
    credentialDigest: digest(
      JSON.stringify([password.passwordHash, factor?.secret.toString('hex'), factor?.codes])
    ),
    notes
  }
}

function numberOf({ pk, sameKey }: StagedPerson): string | null {
  if (sameKey > 1) throw new Skip(`${sameKey} people have the same number or name`)
  if (pk === null) return null
  if (!/^[!-~]{1,64}$/.test(pk)) throw new Skip('the number is neither a number nor a short text')
  return pk
}

function addressOf(person: StagedPerson, notes: string[]): EmailAddress {
  const { address, writtenAddress, sharing, sharingVerified, verified } = person
  if (typeof writtenAddress !== 'string' || writtenAddress.trim() === '')
    throw new Skip('there is no address')
  if (address === null) throw new Skip('the address is not valid here')
  if (sharing > 1 && !(verified && sharingVerified === 1))
    throw new Skip(
      `${sharing} people have this address in different spellings, and ${sharingVerified === 0 ? 'none' : sharingVerified} verified it`
    )
  if (sharing > 1)
    notes.push('others have this address in another spelling: only this one verified it')
  if (address !== writtenAddress) notes.push(`the address is written ${address} here`)
  return address as EmailAddress
}

const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu

function nameOf(value: Json | undefined, what: string, notes: string[]): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new Skip(`the ${what} is no text`)
  const name = Array.from(value.replaceAll(unprintable, '')).slice(0, 150).join('')
  if (name !== value)
    notes.push(`the ${what} is kept without control characters, at most 150 characters`)
  return name
}

function flagOf(value: Json | undefined, name: string, fallback: boolean): boolean {
  if (value === undefined || value === null) return fallback
  if (typeof value !== 'boolean') throw new Skip(`${name} is neither true nor false`)
  return value
}

function roleOf(
  fields: StagedPerson['fields'],
  { roles, isRole }: Choices,
  notes: string[]
): number {
  const isSuperuser = flagOf(fields.is_superuser, 'is_superuser', false)
  const isStaff = flagOf(fields.is_staff, 'is_staff', false)
  const { role } = fields
  if (role === undefined || role === null)
    return isSuperuser ? builtIn.superuser : isStaff ? builtIn.staff : builtIn.user
  if (typeof role !== 'number' || !Number.isInteger(role)) throw new Skip('the role is no number')
  if (isSuperuser !== (role === builtIn.superuser))
    notes.push(`is_superuser is ${isSuperuser}, and the role is ${role}: the role decides`)
  const chosen = roles.get(role)
  if (chosen !== undefined) return chosen
  if (isRole(role)) return role
  notes.push(
    `the role ${role} has no name here: imported as user; --role ${role}=NAME gives it one`
  )
  return builtIn.user
}

const withoutPassword: Readonly<Record<HashProblem, string>> = {
  unusable: 'there is no usable password',
  unsupported: 'the kind of password hash is not accepted',
  damaged: 'the password hash is not readable',
  costly: 'the password hash is too costly to verify'
}

function passwordOf(
  value: Json | undefined,
  { isOwnHash }: Choices,
  notes: string[]
): Pick<Candidate, 'passwordHash' | 'foreign'> {
  if (typeof value !== 'string') throw new Skip('the password hash is no text')
  if (isOwnHash(value)) return { passwordHash: value, foreign: null }
  const parsed = readForeignHash(value)
  if (typeof parsed !== 'string') return { passwordHash: value, foreign: parsed }
  notes.push(`${withoutPassword[parsed]}: the owner resets it`)
  return { passwordHash: null, foreign: null }
}

function joinedAt(value: Json | undefined, now: Date, notes: string[]): Date {
  if (value === undefined || value === null) return now
  const joined = dateOf(value)
  if (joined !== null && joined.getTime() > 0 && joined <= now) return joined
  notes.push('the date of joining is not readable or not past: today counts')
  return now
}

function identitiesOf(person: StagedPerson, notes: string[]): Candidate['identities'] {
  const identities = newest(person.identities, 'social accounts', notes)
  const found = identities.flatMap(({ provider, uid }) =>
    isShort(provider, 200) && isShort(uid, 255) ? [{ provider, uid }] : []
  )
  if (found.length < identities.length) notes.push('a social account is not readable')
  return found
}

function newest<Part>(parts: readonly Part[], what: string, notes: string[]): readonly Part[] {
  if (parts.length > mostParts) notes.push(`only the newest ${mostParts} ${what} are taken`)
  return parts.slice(-mostParts)
}

const isShort = (value: Json | undefined, longest: number): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  value.length <= longest &&
  value.search(unprintable) === -1

/** A `jti` there is a UUID without dashes. Disabled rows belong to tokens that were used or revoked. */
function sessionsOf(person: StagedPerson, notes: string[]): OldSession[] {
  const enabled = newest(person.sessions, 'sessions', notes).filter(
    ({ enabled }) => enabled === true
  )
  const found = enabled.flatMap(({ session, jti, created }) => {
    const createdAt = dateOf(created)
    const hex = typeof jti === 'string' && /^[0-9a-f]{32}$/.test(jti.replaceAll('-', ''))
    if (!hex || !isShort(session, 255) || createdAt === null) return []
    return [{ session, jti: uuidOf(jti as string), createdAt }]
  })
  if (found.length < enabled.length) notes.push('a session is not readable: sign in again')
  // The newest row of a session is the one that its client has.
  return [...new Map(found.map(one => [one.session, one])).values()]
}

const uuidOf = (jti: string): string =>
  jti.replaceAll('-', '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
