/** A value of JSON. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json }

/** One row of the old installation, as `dumpdata` writes it. */
export type SourceRecord = {
  readonly model: string
  /** Absent in a dump by natural keys. */
  readonly pk: Json | undefined
  readonly fields: Readonly<Record<string, Json>>
}

/** The tables that the import reads beside that of the users, by their name in a dump. */
export const parts = {
  'account.emailaddress': { kind: 'address', fields: ['email', 'verified', 'primary'] },
  'mfa.authenticator': { kind: 'authenticator', fields: ['type', 'data', 'created_at'] },
  'socialaccount.socialaccount': { kind: 'identity', fields: ['provider', 'uid'] },
  'jwt_allauth.refreshtokenwhitelistmodel': {
    kind: 'session',
    fields: ['jti', 'enabled', 'session', 'created']
  }
} as const

export const partOf = (model: string): (typeof parts)[keyof typeof parts] | null =>
  Object.hasOwn(parts, model) ? parts[model as keyof typeof parts] : null

/** The columns of a user that are read. Only `password` and `email` must exist. */
export const userFields = [
  'password',
  'email',
  'username',
  'first_name',
  'last_name',
  'is_active',
  'is_staff',
  'is_superuser',
  'date_joined',
  'role'
] as const

/** The columns by which a table of users is recognised. */
export const userMarks = ['password', 'last_login', 'email'] as const

export const isObject = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
