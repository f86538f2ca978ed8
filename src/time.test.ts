// Periods whose days follow the wall clock, and instants to come as people write them.
import { describe, expect, it } from 'vitest'
import { addPeriod, formatPeriod, parseFutureTime, parsePeriod, parsePlannedTime, parseTime } from './time.ts'

const OSLO = 'Europe/Oslo'
const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString().slice(0, 16))

describe('a period', () => {
  it.each([
    ['1d', 1, 0, '1d'],
    ['24h', 0, 86_400_000, '24h'],
    ['2w', 14, 0, '14d'],
    ['1d12h', 1, 43_200_000, '1d12h'],
    ['1.5d', 0, 129_600_000, '36h'],
    ['49h30m', 0, 178_200_000, '49h30m'],
    ['90s', 0, 90_000, '1m30s'],
  ])('%s is %i days and %i ms, written %s', (text, days, ms, written) => {
    expect(parsePeriod(text)).toEqual({ days, ms })
    expect(formatPeriod({ days, ms })).toBe(written)
    expect(parsePeriod(written)).toEqual({ days, ms })
  })

  it.each([
    ['1d', '2026-10-24T10:00Z', '2026-10-25T11:00', 'over the night of 25 hours'],
    ['24h', '2026-10-24T10:00Z', '2026-10-25T10:00', 'as plain time'],
    ['1d', '2026-03-28T11:00Z', '2026-03-29T10:00', 'over the night of 23 hours'],
    ['1w', '2026-03-25T11:00Z', '2026-04-01T10:00', 'over a week with a change'],
    ['1d12h', '2026-10-24T10:00Z', '2026-10-25T23:00', 'days first, then hours'],
    ['1d', '2026-03-28T01:30Z', '2026-03-29T01:00', 'to a time that is skipped: right after the gap'],
    ['1d', '2026-10-24T00:30Z', '2026-10-25T00:30', 'to a time that is repeated: the one a day away'],
    ['1d', '2026-10-25T01:30Z', '2026-10-26T01:30', 'from the second of a repeated time'],
  ])('of %s after %s is %s: %s', (text, from, to) => {
    expect(iso(addPeriod(Date.parse(from), parsePeriod(text)!, OSLO))).toBe(to)
  })
})

// A Sunday, 20:10 in Oslo.
const NOW = Date.parse('2026-11-29T19:10:00Z')

describe('an instant to come', () => {
  it.each([
    ['21:00', '2026-11-29T20:00'],
    ['20:00', '2026-11-30T19:00'],
    ['9:05', '2026-11-30T08:05'],
    ['tomorrow 09:00', '2026-11-30T08:00'],
    ['tomorrow', '2026-11-29T23:00'],
    ['today 23:30', '2026-11-29T22:30'],
    ['Mon 09:00', '2026-11-30T08:00'],
    ['Sun 20:00', '2026-12-06T19:00'],
    ['Sunday 21:00', '2026-11-29T20:00'],
    ['2026-12-24 15:00', '2026-12-24T14:00'],
    ['2026-12-24', '2026-12-23T23:00'],
    ['2026-12-24T15:00:00Z', '2026-12-24T15:00'],
    ['2h', '2026-11-29T21:10'],
    ['in 1d', '2026-11-30T19:10'],
    ['today 08:00', null],
    ['-2h', null],
    ['2026-11-29 20:00', null],
    ['someday 10:00', null],
    ['25:00', null],
    ['', null],
  ])('%j is %s', (text, expected) => expect(iso(parseFutureTime(text, NOW, OSLO))).toBe(expected))
})

it.each([
  ['21:00', '2026-11-29T20:00'],
  ['20:00', '2026-11-30T19:00'],
  ['tomorrow 22:00', '2026-11-30T21:00'],
  ['Fri 22:00', '2026-12-04T21:00'],
  ['2h', '2026-11-29T21:10'],
  ['now', '2026-11-29T19:10'],
  ['-2h', '2026-11-29T17:10'],
  ['today 08:00', '2026-11-29T07:00'],
  ['2026-11-29 20:00', '2026-11-29T19:00'],
  ['yesteryear', null],
])('something planned for %j begins at %s: the next one, unless it says that it has passed', (text, expected) =>
  expect(iso(parsePlannedTime(text, NOW, OSLO))).toBe(expected),
)

it('a local time that does not exist is the end of the gap, as for cron jobs', () => {
  expect(iso(parseTime('2026-03-29 02:30', NOW, OSLO))).toBe('2026-03-29T01:00')
})
