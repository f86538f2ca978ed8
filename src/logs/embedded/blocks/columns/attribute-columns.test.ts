// Attributes of a block come back as they were, and the numbers of a column are within its range.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Json } from '../../../line.ts'
import { attributeValues } from '../../../query/attributes.ts'
import { attributeValueTest } from '../../../query/matches.ts'
import { type AttributeColumns, encodeAttributes, MAX_ATTRIBUTE_GROUPS, readAttributes } from './attribute-columns.ts'

type Row = { [name: string]: Json }

function encodedAndRead(rows: readonly Row[]): { columns: AttributeColumns; groupsRead: Set<number>; groups: number } {
  const { directory, groups } = encodeAttributes(rows)!
  const groupsRead = new Set<number>()
  const columns = readAttributes(Buffer.from(directory), rows.length, group => {
    groupsRead.add(group)
    return groups[group]!
  })
  return { columns, groupsRead, groups: groups.length }
}

const aNumber = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(-0))
const aValue: fc.Arbitrary<Json> = fc.oneof(
  aNumber,
  fc.constantFrom(null, true, false, '', '7', '-1.5e3', '9007199254740993', 'a\nb', [1, 2], { a: 1 }),
  fc.string({ unit: 'grapheme' }),
)
const rowsOf = (value: fc.Arbitrary<Json>) =>
  fc.array(fc.dictionary(fc.constantFrom('a', 'b.c', '__proto__', 'ü', 'n'), value, { noNullPrototype: true }), {
    minLength: 1,
    maxLength: 40,
  })

it('every row has its attributes again', () => {
  fc.assert(
    fc.property(rowsOf(aValue), rows => {
      fc.pre(rows.some(row => Object.keys(row).length > 0))
      const { columns } = encodedAndRead(rows)
      expect(rows.map((_, row) => JSON.stringify(columns.at(row)))).toEqual(rows.map(row => JSON.stringify(row)))
    }),
  )
})

it('a comparison that holds for a number of a column holds for an end of its range', () => {
  const some = rowsOf(fc.oneof({ arbitrary: aNumber, weight: 4 }, fc.constantFrom(null, true, '12', [3])))
  fc.assert(
    fc.property(some, fc.constantFrom('<', '<=', '>', '>='), aNumber, (rows, comparison, limit) => {
      fc.pre(rows.some(row => Object.keys(row).length > 0))
      const { columns } = encodedAndRead(rows)
      for (const name of columns.names) {
        const range = columns.range(name)
        const edges = [limit, ...rows.flatMap(row => (typeof row[name] === 'number' ? [row[name]] : []))]
        for (const edge of edges) {
          const test = attributeValueTest(comparison, String(edge))
          const isFound = rows.some(row => attributeValues(row, name).some(test))
          if (isFound && range !== null) expect(range.some(test)).toBe(true)
        }
      }
    }),
  )
})

it('a column of numbers has a range, also where it has null, true and false; one with texts or lists has none', () => {
  const rows = [
    { number: 3, mixed: 1, text: '5', list: [1], empty: null },
    { number: null, mixed: '2', text: '6', list: [2], empty: true },
    { number: -7.5, mixed: 2, text: '7', list: [3], empty: false },
  ]
  const { columns } = encodedAndRead(rows)
  expect(columns.range('number')).toEqual([-7.5, 3])
  for (const name of ['mixed', 'text', 'list', 'empty', 'unknown']) expect(columns.range(name)).toBeNull()
})

it('a question about one of many attributes reads a part of them', () => {
  const rows = Array.from({ length: 1_000 }, (_, i) =>
    Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`name_${n}`, `value ${i * n}`])),
  )
  const { columns, groupsRead, groups } = encodedAndRead(rows)
  expect(groups).toBe(MAX_ATTRIBUTE_GROUPS)
  expect(columns.column('name_7')!.textOf(3)).toBe('"value 21"')
  expect(groupsRead.size).toBe(1)
  expect(columns.at(999)).toEqual(rows[999])
})
