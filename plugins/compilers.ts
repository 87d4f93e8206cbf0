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

type Validate = ReturnType<ReturnType<ReturnType<typeof buildAjv>>>
type Serialize = ReturnType<typeof buildSerializer>

// Of the process, not of one instance: a schema is compiled once, also the one that checks schemas.
const compileValidator = buildAjv()({}, { customOptions })
const serializers = new WeakMap<object, Serialize>()

function compileSerializer(schema: object): Serialize {
  const known = serializers.get(schema) ?? buildSerializer(schema)
  serializers.set(schema, known)
  return known
}

/**
 * Compiles each schema at its first use. Compiling all of them doubles the time of the start, and
 * most answers are never sent.
 */
export default fp(
  async fastify => {
    fastify.setValidatorCompiler(route => {
      let validate: Validate | undefined
      return data => {
        validate ??= compileValidator(route)
        return validate(data) === true || { error: validate.errors ?? [] }
      }
    })
    fastify.setSerializerCompiler(({ schema }) => {
      let serialize: Serialize | undefined
      return data => {
        serialize ??= compileSerializer(schema as object)
        return serialize(data)
      }
    })
  },
  { name: 'compilers', fastify: '5.x' }
)
