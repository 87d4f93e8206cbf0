/** Longest password, counted in code points after NFC; in UTF-8 that is at most 1024 bytes. */
export const maxPasswordLength = 256

// The longest canonical decomposition of a composed character is four UTF-16 units, so no spelling
// of an allowed password is longer, and a megabyte is refused before anything looks at it.
const maxUnits = maxPasswordLength * 4

/**
 * The one spelling of a password that is counted, hashed and compared: NFC, nothing trimmed, no
 * case folded (NIST SP 800-63B-4 §3.1.1.2).
 */
export const normalizePassword = (password: string): string => password.normalize('NFC')

/** Length of a normalised password in code points. */
export const lengthOf = (password: string): number => Array.from(password).length

/** Too long to be anybody's password; takes the password as it was sent and costs little for any size. */
export function isOverlong(password: string): boolean {
  return password.length > maxUnits || lengthOf(normalizePassword(password)) > maxPasswordLength
}

/** Half a surrogate pair has no UTF-8 form: every one of them would hash as the same replacement character. */
export const isIllFormed = (password: string): boolean => /\p{Surrogate}/u.test(password)
