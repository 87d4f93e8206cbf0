import type { Address } from './address.js'

/** The code of every {@link ConnectionError}. Prisma passes on code and message, and nothing else. */
export const connectionCode = 'ECONNECTION'

/** A connection could not be made. The message is a sentence for the operator, without the URL's password. */
export class ConnectionError extends Error {
  /** The cause has the code of the system or of PostgreSQL. */
  readonly code = connectionCode
  /** Waiting does not mend it: the settings or the server have to change. */
  readonly lasting: boolean

  constructor(message: string, lasting: boolean, cause: unknown) {
    super(message, { cause })
    this.name = 'ConnectionError'
    this.lasting = lasting
  }
}

type Failure = Error & { readonly code?: string; readonly errors?: readonly Failure[] }

type Known = readonly [applies: boolean, sentence: string, lasting: boolean]

/** Describes why a connection could not be made. */
export function connectionError(error: unknown, address: Address): ConnectionError {
  if (error instanceof ConnectionError) return error
  const failure = error as Failure
  const code = failure.code ?? failure.errors?.[0]?.code ?? ''
  const known = [
    ...networkFailures(failure, code, address),
    ...serverFailures(failure, code, address)
  ]
  const [, sentence, lasting] = known.find(([applies]) => applies) ?? [
    true,
    `The database at ${address.at} cannot be used: ${failure.message}.`,
    false
  ]
  return new ConnectionError(sentence, lasting, error)
}

function networkFailures({ message }: Failure, code: string, { at, sslmode }: Address): Known[] {
  const [host] = at.split(/:\d+$/)
  return [
    [
      code === 'ECONNREFUSED' || code === 'ENOENT',
      `No PostgreSQL listens at ${at}, the address in DATABASE_URL. Is it running, and is the port right?`,
      false
    ],
    [
      code === 'ENOTFOUND',
      `The host ${host} of DATABASE_URL cannot be resolved. Is it spelt correctly?`,
      false
    ],
    [
      code === 'EAI_AGAIN',
      `The host ${host} of DATABASE_URL cannot be resolved now. Does DNS work on this machine?`,
      false
    ],
    [
      /does not support SSL|establishing an SSL/.test(message),
      `The PostgreSQL at ${at} does not offer TLS, which sslmode=${sslmode} of DATABASE_URL demands.`,
      true
    ],
    [
      code === 'ERR_TLS_CERT_ALTNAME_INVALID',
      `The certificate of the PostgreSQL at ${at} is not made out to ${host}, which sslmode=${sslmode} of DATABASE_URL demands.`,
      true
    ],
    [
      /CERT|SELF_SIGNED|ISSUER|VERIFY/.test(code),
      `The certificate of the PostgreSQL at ${at} is not trusted (${code}). sslrootcert of DATABASE_URL must name the PEM file of its CA.`,
      true
    ],
    [
      /^(ERR_SSL|ERR_OSSL|ERR_TLS|EPROTO)/.test(code),
      `TLS with the PostgreSQL at ${at} fails (${code}).`,
      true
    ],
    [
      code === 'ETIMEDOUT' || /timeout/i.test(message),
      `The PostgreSQL at ${at} does not answer in time. Does a firewall block it?`,
      false
    ],
    [
      code === 'ECONNRESET' || /Connection terminated/.test(message),
      `The PostgreSQL at ${at} closes the connection before it is ready.`,
      false
    ]
  ]
}

function serverFailures({ message }: Failure, code: string, { at, database }: Address): Known[] {
  return [
    [
      code === '28P01',
      `The PostgreSQL at ${at} refuses the user or the password of DATABASE_URL.`,
      true
    ],
    [
      code === '28000',
      `The PostgreSQL at ${at} refuses the connection: its pg_hba.conf does not allow this user, TLS mode or address.`,
      true
    ],
    [
      code === '3D000' || /^no such database/.test(message),
      `There is no database ${database} at ${at}. Create it, or correct DATABASE_URL.`,
      true
    ],
    [
      code === '53300' || /no more connections/.test(message),
      `The PostgreSQL at ${at} has no free connection. Raise max_connections or lower DATABASE_POOL_SIZE.`,
      false
    ],
    [
      /^57P0/.test(code),
      `The PostgreSQL at ${at} is starting up or shutting down. Try again in a moment.`,
      false
    ],
    [
      /unsupported startup parameter/.test(message),
      `The pooler at ${at} refuses a parameter of DATABASE_URL: ${message}.`,
      true
    ],
    [
      /^(22023|22P02|42704|42501|55P02|42602)$/.test(code),
      `The options of DATABASE_URL cannot be set: ${message}.`,
      true
    ]
  ]
}
