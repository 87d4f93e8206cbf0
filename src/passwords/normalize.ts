/** Longest password in code points after NFC: at most 1024 bytes in UTF-8. */
export const maxPasswordLength = 256

// The canonical decomposition of a character has at most four UTF-16 units, so no form of an allowed
// password is longer. A longer text is refused before it is normalised.
const maxUnits = maxPasswordLength * 4

/** The form of a password that is counted and hashed: NFC, not trimmed (NIST SP 800-63B-4 §3.1.1.2). */
export const normalizePassword = (password: string): string => password.normalize('NFC')

/** Length of a normalised password in code points. */
export const lengthOf = (password: string): number => Array.from(password).length

/** Whether a password is too long. It takes the sent text, and is fast for any length. */
export function isOverlong(password: string): boolean {
  return password.length > maxUnits || lengthOf(normalizePassword(password)) > maxPasswordLength
}

/** Whether a password has an unpaired surrogate: in UTF-8 all of them become the same replacement character. */
export const isIllFormed = (password: string): boolean => /\p{Surrogate}/u.test(password)

/** Whether a password has a control character: no form of a browser can send one. */
export const hasControls = (password: string): boolean => /\p{Cc}/u.test(password)
