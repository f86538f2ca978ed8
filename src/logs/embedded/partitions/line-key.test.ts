// Ids and names: they sort as they should and read back as they were.
import { expect, it } from 'vitest'
import { DAY, HOUR } from '../../../time.ts'
import { clampTimestamp, lineId, MAX_POSITION, MAX_TIMESTAMP, parseCursor, parseId } from './line-key.ts'
import { clampRetention, expiryOf, formatPartition, parsePartition } from './partition-name.ts'

it('an id reads back, and ids sort by position', () => {
  const keys = [
    { timestamp: MAX_TIMESTAMP, position: 0 },
    { timestamp: 0, position: 1 },
    { timestamp: 1_795_262_400_000, position: 1_795_262_400_000_000 },
    { timestamp: 5, position: MAX_POSITION },
  ]
  expect(keys.map(key => parseId(lineId(key)))).toEqual(keys)
  expect(keys.map(lineId)).toEqual(keys.map(lineId).sort())
})

it.each(['', 'abc', '0123456789', 'zzzzzzzzzzzzzzzzzzz', '0000000000-1', '0000000000A', `0000000000'`])(
  '%j is no id',
  text => {
    expect(parseId(text)).toBe(null)
    expect(() => parseCursor(text)).toThrow('cursor')
  },
)

it('a timestamp is stored between 1970 and 2109, in whole milliseconds', () => {
  expect([-5, 0.7, 12.9, 1e300, Number.NaN].map(clampTimestamp)).toEqual([0, 0, 12, MAX_TIMESTAMP, 0])
})

it('a partition is named by day, retention and number, and expires when its last line may', () => {
  const kind = { day: Date.UTC(2026, 10, 21), retentionMs: 36 * HOUR, number: 3 }
  expect(formatPartition(kind)).toBe('2026-11-21.1d12h.3')
  expect(parsePartition('2026-11-21.1d12h.3')).toEqual(kind)
  expect(expiryOf(kind)).toBe(Date.UTC(2026, 10, 23, 12))
  expect(
    ['x', '2026-11-21.3d', '2026-13-41.3d.0', '2026-11-21.3x.0', '../2026-11-21.3d.0'].map(parsePartition),
  ).toEqual(Array(5).fill(null))
  expect([1.4, -5, Number.POSITIVE_INFINITY].map(clampRetention)).toEqual([1, 0, 36_500 * DAY])
})
