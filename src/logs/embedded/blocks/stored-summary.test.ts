import { expect, it } from 'vitest'
import { aLine } from '../../query/lines.testing.ts'
import { NOON } from '../../store.testing.ts'
import { sealBlock } from './block.ts'
import { readStoredSummary } from './stored-summary.ts'

const LINES = [
  { source: 'api', host: 'web-1', tags: ['a', 'b'] },
  { source: 'shop', host: 'web-1', tags: ['b'] },
  { source: 'api', host: '', tags: [] },
]

function summaryOf(position: number, changes: object = {}) {
  const lines = LINES.map((line, index) => ({
    line: aLine({ ...line, ...changes }),
    timestamp: NOON + index,
    position: position + index,
  }))
  return sealBlock(lines, 1_000).summary
}

it('a summary that is read again has everything that was written', () => {
  const written = summaryOf(7)
  const { values, ...facts } = readStoredSummary(JSON.stringify(written))
  const read = Object.fromEntries(Object.entries(values).map(([field, counts]) => [field, counts && [...counts]]))
  expect({ ...facts, values: read }).toEqual(written)
  expect(read.source).toEqual([
    ['api', 2, NOON + 2, 9],
    ['shop', 1, NOON + 1, 8],
  ])
})

it('a field with many values has no list', () => {
  const many = Array.from({ length: 129 }, (_, index) => `tag-${index}`)
  const { values } = readStoredSummary(JSON.stringify(summaryOf(1, { tags: many })))
  expect([values.tag, values.source?.values]).toEqual([null, ['api', 'shop']])
})

it('blocks with the same sources keep one list of them', () => {
  const [one, two] = [1, 100].map(position => readStoredSummary(JSON.stringify(summaryOf(position))))
  expect(two!.values.source!.values).toBe(one!.values.source!.values)
  expect([...two!.values.source!]).not.toEqual([...one!.values.source!])
})
