import buildAjv from '@fastify/ajv-compiler'
import buildSerializer from 'fast-json-stringify'
import fp from 'fastify-plugin'

const formats = {
  /** Text that PostgreSQL and UTF-8 can hold: no NUL, no lone surrogate (HTP-08). */
  text: (value: string) => !value.includes('\0') && value.isWellFormed(),
  /** One line of text without control or direction characters: names of people. */
  name: (value: string) =>
    value.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(value)
}

/** A validator that tells mistakes instead of mending them (HTP-04). */
const customOptions = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: true,
  allErrors: true,
  formats
}

/**
 * Compiles a schema when it is first needed. All of them at once take about as long as building the
 * rest of an instance, and most kinds of answers are never given.
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
