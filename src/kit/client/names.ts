type Fields = Readonly<Record<string, unknown>>

const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** The fields of an answer under the names of this client: `first_name` is `firstName`. */
export const fromAnswer = (fields: Fields): Record<string, unknown> => renamed(fields, camel)

/** Arguments under the names of the API: `firstName` is `first_name`. */
export const toBody = (fields: Fields): Record<string, unknown> =>
  renamed(fields, name => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`))

/** The API wants a new password twice, this client once: `new_password2` is `newPassword`. */
export const argumentOf = (field: string): string => camel(field).replace(/assword[12]$/, 'assword')

function renamed(fields: Fields, rename: (name: string) => string) {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [rename(name), value]))
}
