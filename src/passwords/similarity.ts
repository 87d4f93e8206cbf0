/** Names and addresses that a password must not consist of. */
export type PasswordContext = {
  readonly email: string
  readonly firstName?: string
  readonly lastName?: string
  /** Names of the service, for example its host. */
  readonly serviceNames: readonly string[]
}

const shortestWord = 4

// Letters that must remain beside context words: enough for a good password (ASVS 6.2.1). So
// `lovelace1815` is refused, but a sentence with the word Lovelace is accepted.
const enoughBeside = 15

// Characters that often replace a letter. `l` becomes `i`, because 1, ! and | replace both.
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

/** A text without case, accents, look-alikes and punctuation. */
function skeleton(text: string): string {
  const folded = text.normalize('NFKD').toLowerCase()
  const letters = Array.from(folded, sign => lookAlikes[sign] ?? sign)
  return letters.join('').replace(/[^\p{L}\p{N}]/gu, '')
}

/** The text and its words. */
function wordsIn(text: string): string[] {
  return [text, ...text.split(/[^\p{L}\p{M}\p{N}]+/u)]
}

/** The address, its domain, and the words of the local part and of the domain without its ending. */
function wordsOfAddress(address: string): string[] {
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  const owned = domain.slice(0, Math.max(0, domain.lastIndexOf('.')))
  return [address, domain, ...wordsIn(address.slice(0, Math.max(0, at))), ...wordsIn(owned)]
}

/** The words of the context, each once. Words of one or two letters are left out. */
export function contextWords(context: PasswordContext): string[] {
  const { email, firstName = '', lastName = '', serviceNames } = context
  const fullName = [firstName, lastName].join(' ')
  const words = [
    ...wordsOfAddress(email),
    ...[firstName, lastName, fullName, ...serviceNames].flatMap(wordsIn)
  ]
  return [...new Set(words.map(word => word.toLowerCase().trim()))].filter(word => word.length > 2)
}

/** Whether a password is part of a word, or has too few letters without the words. */
export function isBuiltAround(password: string, words: readonly string[]): boolean {
  const bare = skeleton(password)
  const skeletons = words.map(skeleton).filter(word => Array.from(word).length >= shortestWord)
  const longestFirst = [...new Set(skeletons)].sort((a, b) => b.length - a.length)
  if (bare !== '' && longestFirst.some(word => word.includes(bare))) return true
  const remainder = longestFirst.reduce((rest, word) => rest.split(word).join(' '), bare)
  const found = remainder !== bare
  return found && Array.from(remainder.replaceAll(' ', '')).length < enoughBeside
}
