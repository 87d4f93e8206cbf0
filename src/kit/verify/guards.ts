import { type Guard, TokenError } from './claims.js'

/** Demands one of these roles, by name or by number. */
export function requireRole(...roles: readonly (string | number)[]): Guard {
  return ({ role, role_name }) => {
    if (!roles.includes(role) && !roles.includes(role_name)) throw new TokenError('role')
  }
}

/** Demands that the person proved who they are in the last seconds. */
export function requireFresh(seconds: number): Guard {
  return ({ auth_time }) => {
    if (!(auth_time >= Date.now() / 1000 - seconds))
      throw new TokenError('not_fresh', { asks: `max_age="${seconds}"` })
  }
}

/** Demands a session with a second factor. */
export const requireAal2: Guard = ({ acr }) => {
  if (acr !== 'aal2') throw new TokenError('second_factor', { asks: 'acr_values="aal2"' })
}
