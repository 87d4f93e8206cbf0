/** What a person's password must not be built around. */
export type PasswordContext = {
  readonly email: string
  readonly firstName?: string
  readonly lastName?: string
  /** Names people know the service by: its own, the issuer's, the host's. */
  readonly serviceNames: readonly string[]
}

const shortestWord = 4

// What must remain beside a context word: as much as makes a good password by itself (ASVS 6.2.1).
// So `lovelace1815` is refused and a sentence that mentions a Lovelace is not.
const enoughBeside = 15

// Signs that are commonly put for a letter. `l` joins `i`, since 1, ! and | stand for both.
const lookAlikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '!': 'i',
  '|': 'i',
  l: 'i',
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '@': 'a',
  '5': 's',
  $: 's',
  '7': 't',
  '+': 't',
  '8': 'b',
  '9': 'g'
}

/** Case, accents, look-alikes and punctuation taken away, from password and words in the same way. */
function skeleton(text: string): string {
  const folded = text.normalize('NFKD').toLowerCase()
  const letters = Array.from(folded, sign => lookAlikes[sign] ?? sign)
  return letters.join('').replace(/[^\p{L}\p{N}]/gu, '')
}

/** A name or address as a whole and in its parts. */
function wordsIn(text: string): string[] {
  return [text, ...text.split(/[^\p{L}\p{M}\p{N}]+/u)]
}

/** The local part, the domain without what is only its ending, and the two together. */
function wordsOfAddress(address: string): string[] {
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  const owned = domain.slice(0, Math.max(0, domain.lastIndexOf('.')))
  return [address, domain, ...wordsIn(address.slice(0, Math.max(0, at))), ...wordsIn(owned)]
}

/** Everything in the context that a password could be built around, each word once; no initials. */
export function contextWords(context: PasswordContext): string[] {
  const { email, firstName = '', lastName = '', serviceNames } = context
  const fullName = [firstName, lastName].join(' ')
  const words = [
    ...wordsOfAddress(email),
    ...[firstName, lastName, fullName, ...serviceNames].flatMap(wordsIn)
  ]
  return [...new Set(words.map(word => word.toLowerCase().trim()))].filter(word => word.length > 2)
}

/** Too little is left of the password once the words are taken out of it, or it is part of one. */
export function isBuiltAround(password: string, words: readonly string[]): boolean {
  const bare = skeleton(password)
  const skeletons = words.map(skeleton).filter(word => Array.from(word).length >= shortestWord)
  const longestFirst = [...new Set(skeletons)].sort((a, b) => b.length - a.length)
  if (bare !== '' && longestFirst.some(word => word.includes(bare))) return true
  const remainder = longestFirst.reduce((rest, word) => rest.split(word).join(' '), bare)
  const found = remainder !== bare
  return found && Array.from(remainder.replaceAll(' ', '')).length < enoughBeside
}
