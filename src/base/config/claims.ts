import { type Kind, SettingError } from './kinds.js'

/** One claim that a setting adds: where it stands in the token, and its value or the field that has it. */
export type AddedClaim<Field extends string> = {
  /** More than one name: the claim stands in nested objects. */
  readonly path: readonly string[]
} & (
  | { readonly field: Field; readonly constant?: never }
  | { readonly field?: never; readonly constant: string | readonly string[] }
)

const mostNames = 5
const longestName = 128

// `claim=` and then 'text', ["list"] or a field. In a claim a backslash takes the meaning from a dot.
const entry =
  /\s*((?:[^\s,=\\'"]|\\[.\\])+)=(?:'((?:[^'\\]|\\['\\])*)'|(\[[^\]]*\])|([^\s,'[]+))\s*(,|$)/y

/**
 * `claim=field`, `claim='text'` and `claim=["text","text"]`, comma-separated. Dots in a claim lead into
 * nested objects; `\\.` is a dot.
 */
export function claimList<const Field extends string>(
  fields: readonly Field[]
): Kind<readonly AddedClaim<Field>[]> {
  return {
    name: "list of claim=field or claim='text'",
    parse(value) {
      const claims: AddedClaim<Field>[] = []
      let end = 0
      while (end < value.length) {
        entry.lastIndex = end
        const match = entry.exec(value)
        const isLast = match?.[5] === ''
        if (match === null || (!isLast && entry.lastIndex === value.length))
          return fail("must be a list such as name=first_name,tenant='acme'")
        const [, claim = '', text, list, field = ''] = match
        const path = pathOf(claim)
        if (text !== undefined) claims.push({ path, constant: text.replaceAll(/\\(.)/g, '$1') })
        else if (list !== undefined) claims.push({ path, constant: textsIn(list) })
        else claims.push({ path, field: fieldOf(field, fields) })
        end = entry.lastIndex
      }
      const paths = claims.map(({ path }) => path)
      const overlaps = paths.some((path, index) =>
        paths.some(
          (other, at) => at !== index && path.every((name, depth) => other[depth] === name)
        )
      )
      if (overlaps) fail('names one claim twice, or a claim inside another')
      return claims
    }
  }
}

function fail(expectation: string): never {
  throw new SettingError(expectation)
}

function pathOf(claim: string): readonly string[] {
  const names = claim.split(/(?<!(?<!\\)\\)\./).map(name => name.replaceAll(/\\(.)/g, '$1'))
  const fits = names.every(
    name => name !== '' && name !== '__proto__' && name.length <= longestName
  )
  if (!fits || names.length > mostNames) fail('has a claim whose name cannot be used')
  return names
}

function textsIn(list: string): readonly string[] {
  try {
    const texts: unknown = JSON.parse(list)
    if (Array.isArray(texts) && texts.every(text => typeof text === 'string')) return texts
  } catch {
    // The sentence below says it.
  }
  return fail('must write a list of texts like ["one","two"]')
}

function fieldOf<Field extends string>(name: string, fields: readonly Field[]): Field {
  return (
    fields.find(field => field === name) ??
    fail(`must take each claim from one of ${fields.join(', ')}, or write a text in '…'`)
  )
}
