import { type Static, type TSchema, Type } from 'typebox'
import { closed } from './fields.js'

const uuidPattern = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'

export const Uuid = Type.String({ format: 'uuid' })
export const Timestamp = Type.String({ format: 'date-time' })

export const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
export const textOrNull = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description })

export const IdParam = closed({
  id: Type.String({
    pattern: uuidPattern,
    examples: ['019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11']
  })
})

/** Query field that asks for the next page of a {@link listOf}. */
export const Before = Type.Optional(
  Type.String({ pattern: uuidPattern, description: 'The `next` of the previous page.' })
)

const NextPage = textOrNull('The value of `before` for the next page. Null on the last page.')

/** The answer of a list, with one row as its example. */
export const listOf = <Row extends TSchema, Next extends TSchema = typeof NextPage>(
  row: Row,
  description: string,
  example: Static<Row>,
  next = NextPage as TSchema as Next
) =>
  Type.Object(
    { results: Type.Array(row), next },
    { description, examples: [{ results: [example], next: null }] }
  )
