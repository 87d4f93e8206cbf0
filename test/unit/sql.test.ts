import assert from 'node:assert/strict'
import test from 'node:test'
import { queryOf, sql } from '../../src/base/database/sql.js'

test('values are numbered through all pieces, and never become text', () => {
  const condition = sql`"a" = ${'x'}::text AND "b" = ANY (${[1, 2]}::int4[])`
  const { text, values } = queryOf(
    'test-numbers',
    sql`SELECT ${sql`"c"`}, ${null}::text FROM ${sql`"T"`} WHERE ${condition} AND "d" = ${'"; --'}::text`
  )
  assert.equal(
    text,
    'SELECT "c", $1::text FROM "T" WHERE "a" = $2::text AND "b" = ANY ($3::int4[]) AND "d" = $4::text'
  )
  assert.deepEqual(values, [null, 'x', [1, 2], '"; --'])
})

test('a name stands for one text, with any values', () => {
  const find = (column: ReturnType<typeof sql>, value: string) =>
    queryOf('test-name', sql`SELECT ${column} FROM "T" WHERE "a" = ${value}::text`)
  const column = () => sql`"a"`
  const first = find(column(), 'x')
  assert.deepEqual(find(column(), 'y'), { ...first, values: ['y'] })
  assert.throws(() => find(sql`"b"`, 'x'), /test-name has more than one text/)
  assert.throws(() => queryOf('test-name', sql`SELECT`), /test-name/)
})
