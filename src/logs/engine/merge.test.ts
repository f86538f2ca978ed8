// How the answers of the spool and of the engine become one.
import { describe, expect, it } from 'vitest'
import type { LineKey } from '../embedded/partitions/line-key.ts'
import { lineId } from '../embedded/partitions/line-key.ts'
import type { LogLine } from '../line.ts'
import { aLine } from '../query/lines.testing.ts'
import type { Count } from '../store.ts'
import type { EngineOrder } from './driver.ts'
import { MAX_EXACT_COUNT, mergeBuckets, mergeCounts, mergePages, nearest, type PagePart, partOf } from './merge.ts'

const key = (timestamp: number, position = timestamp): LineKey => ({ timestamp, position })
const at = (timestamp: number, position = timestamp): LogLine => {
  return { ...aLine({ timestamp, message: `${timestamp}/${position}` }), id: lineId(key(timestamp, position)) }
}
const part = (lines: LogLine[], reached: LineKey | null = null, isTimedOut = false): PagePart => {
  return { lines, reached, isTimedOut }
}

describe('a page of two parts', () => {
  it.each<
    [string, EngineOrder, PagePart[], number, { found: number[]; next: LineKey | null; searchedTo: number | null }]
  >([
    [
      'newest first',
      'newest',
      [part([at(9), at(3)]), part([at(5)])],
      9,
      { found: [9, 5, 3], next: null, searchedTo: null },
    ],
    [
      'oldest first',
      'oldest',
      [part([at(3), at(9)]), part([at(5)])],
      9,
      { found: [3, 5, 9], next: null, searchedTo: null },
    ],
    ['as many as fit', 'newest', [part([at(9)]), part([at(5)])], 2, { found: [9, 5], next: null, searchedTo: null }],
    [
      'one too many',
      'newest',
      [part([at(9), at(3)]), part([at(5)])],
      2,
      { found: [9, 5], next: key(5), searchedTo: null },
    ],
    [
      'no line beyond a full part',
      'newest',
      [part([at(9), at(7)], key(7)), part([at(8), at(6)])],
      9,
      { found: [9, 8, 7], next: key(7), searchedTo: null },
    ],
    [
      'no line beyond a full part, upwards',
      'oldest',
      [part([at(1), at(3)], key(3)), part([at(2), at(4)])],
      9,
      { found: [1, 2, 3], next: key(3), searchedTo: null },
    ],
    [
      'the part that came less far',
      'newest',
      [part([at(9)], key(4)), part([at(8)], key(6))],
      9,
      { found: [9, 8], next: key(6), searchedTo: null },
    ],
    [
      'the part that came less far, upwards',
      'oldest',
      [part([at(1)], key(6)), part([at(2)], key(4))],
      9,
      { found: [1, 2], next: key(4), searchedTo: null },
    ],
    [
      'a part that ran out of time',
      'newest',
      [part([at(9), at(3)]), part([], key(5, 0), true)],
      9,
      { found: [9], next: key(5, 0), searchedTo: 5 },
    ],
    [
      'a full page before the time ran out',
      'newest',
      [part([at(9), at(8)]), part([at(7)], key(5, 0), true)],
      2,
      { found: [9, 8], next: key(8), searchedTo: null },
    ],
    [
      'the same instant, by the order of storing',
      'newest',
      [part([at(5, 1)]), part([at(5, 2)])],
      9,
      { found: [5, 5], next: null, searchedTo: null },
    ],
  ])('%s', (_, order, parts, limit, { found, next, searchedTo }) => {
    const page = mergePages(parts, order, limit)
    expect(page.lines.map(line => line.timestamp)).toEqual(found)
    expect(page).toMatchObject({ next: next && lineId(next), searchedTo })
  })

  it('has lines of the same instant in the order they were stored, either way', () => {
    const parts = [part([at(5, 1)]), part([at(5, 2)])]
    expect(mergePages(parts, 'oldest', 9).lines.map(line => line.message)).toEqual(['5/1', '5/2'])
    expect(mergePages(parts, 'newest', 9).lines.map(line => line.message)).toEqual(['5/2', '5/1'])
  })

  it('knows how far a page of a store came', () => {
    expect(partOf({ lines: [at(5)], next: lineId(key(5)), searchedTo: 5 })).toEqual(part([at(5)], key(5), true))
    expect(partOf({ lines: [at(5)], next: lineId(key(5)), searchedTo: null })).toEqual(part([at(5)], key(5)))
    expect(partOf({ lines: [], next: null, searchedTo: null })).toEqual(part([]))
  })
})

describe('a count of two parts', () => {
  const count = (total: number, atLeast = false, searchedTo: number | null = null): Count => ({
    total,
    atLeast,
    searchedTo,
  })
  it.each<[string, Count[], Count]>([
    ['adds up', [count(2), count(3)], count(5)],
    ['is exact up to the limit', [count(MAX_EXACT_COUNT), count(0)], count(MAX_EXACT_COUNT)],
    ['is a lower bound above it', [count(MAX_EXACT_COUNT), count(1)], count(MAX_EXACT_COUNT, true)],
    ['is one when a part is', [count(MAX_EXACT_COUNT, true), count(0)], count(MAX_EXACT_COUNT, true)],
    ['says how far it came', [count(2, true, 7), count(3)], count(5, true, 7)],
    ['came as far as the part that came less far', [count(2, true, 7), count(3, true, 9)], count(5, true, 9)],
  ])('%s', (_, counts, expected) => expect(mergeCounts(counts)).toEqual(expected))

  it('was searched to the end when every part was', () => {
    expect(nearest([{ searchedTo: null }, { searchedTo: null }])).toBe(null)
    expect(nearest([{ searchedTo: 4 }, { searchedTo: null }, { searchedTo: 2 }])).toBe(4)
  })
})

describe('a chart of two parts', () => {
  const none = { trace: 0, debug: 0, info: 0, warn: 0, error: 0, fatal: 0 }
  it('adds up the buckets that both have', () => {
    const own = [1, 2, 3].map(from => ({ from, counts: { ...none, info: from } }))
    const theirs = [2, 3].map(from => ({ from, counts: { ...none, info: 10, fatal: 1 } }))
    const sum = [
      { from: 2, counts: { ...none, info: 12, fatal: 1 } },
      { from: 3, counts: { ...none, info: 13, fatal: 1 } },
    ]
    expect(mergeBuckets([own, theirs])).toEqual(sum)
    expect(mergeBuckets([theirs, own])).toEqual(sum)
    expect(own[1]!.counts.info).toBe(2)
  })

  it('is empty without parts', () => expect(mergeBuckets([])).toEqual([]))
})
