import buildAjv from '@fastify/ajv-compiler'
import buildSerializer from 'fast-json-stringify'
import fp from 'fastify-plugin'

const formats = {
  /** Text without NUL, which PostgreSQL refuses, and without lone surrogates (HTP-08). */
  text: (value: string) => !value.includes('\0') && value.isWellFormed(),
  /** A person's name: one line without control or direction characters. */
  name: (value: string) =>
    value.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(value)
}

/** The validator reports a wrong value and never converts it (HTP-04). */
const customOptions = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: true,
  allErrors: true,
  formats
}

/**
 * Compiles each schema at its first use. Compiling all of them doubles the time of the start, and
 * most answers are never sent.
 */
export default fp(
  async fastify => {
    const compileValidator = buildAjv()({}, { customOptions })
    fastify.setValidatorCompiler(route => {
      let validate: ReturnType<typeof compileValidator> | undefined
      return data => {
        validate ??= compileValidator(route)
        return validate(data) === true || { error: validate.errors ?? [] }
      }
    })
    fastify.setSerializerCompiler(({ schema }) => {
      let serialize: ReturnType<typeof buildSerializer> | undefined
      return data => {
        serialize ??= buildSerializer(schema)
        return serialize(data)
      }
    })
  },
  { name: 'compilers', fastify: '5.x' }
)
