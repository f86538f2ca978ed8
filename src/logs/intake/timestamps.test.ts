// Times as programs write them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leadingTimestamp, readTimestamp } from './timestamps.ts'

const RECEIVED = Date.parse('2026-01-02T00:00:30Z')
const T = Date.parse('2026-11-21T08:00:05.123Z')

describe('a timestamp', () => {
  it.each<[string, unknown, number]>([
    ['seconds', 1795248005, 1795248005000],
    ['seconds with a fraction', 1795248005.123, T],
    ['milliseconds', T, T],
    ['microseconds', T * 1000 + 7, T],
    ['nanoseconds', T * 1e6, T],
    ['seconds as text', '1795248005', 1795248005000],
    ['nanoseconds as text', '1795248005123456789', T],
    ['RFC 3339', '2026-11-21T08:00:05.123Z', T],
    ['RFC 3339 with nanoseconds', '2026-11-21T08:00:05.123456789Z', T],
    ['an offset', '2026-11-21T09:00:05.123+01:00', T],
    ['an offset without colon', '2026-11-21T03:00:05.123-0500', T],
    ['an offset of hours', '2026-11-21T09:00:05.123+01', T],
    ['a space for T and a comma', '2026-11-21 08:00:05,123', T],
    ['a space before the zone', '2026-11-21 09:00:05.123 +0100', T],
    ["Go's text", '2026-11-21 08:00:05.123 +0000 UTC', T],
    ["Java's zone", '2026-11-21T09:00:05.123+01:00[Europe/Berlin]', T],
    ['small letters', '2026-11-21t08:00:05.123z', T],
    ['slashes', '2026/11/21 08:00:05', 1795248005000],
    ['no seconds', '2026-11-21T08:00', 1795248000000],
    ['a day', '2026-11-21', Date.UTC(2026, 10, 21)],
    ['the basic form', '20261121T080005Z', 1795248005000],
    ['Apache', '21/Nov/2026:09:00:05 +0100', 1795248005000],
    ['an Apache error log', 'Sat Nov 21 08:00:05.123456 2026', T],
    ['mail', 'Sat, 21 Nov 2026 08:00:05 GMT', 1795248005000],
    ['.NET', '/Date(1795248005123)/', T],
    ['protobuf', { seconds: '1795248005', nanos: 123456789 }, T],
    ['MongoDB', { $date: '2026-11-21T08:00:05.123Z' }, T],
    ['a leap second', '2026-12-31T23:59:60Z', Date.UTC(2027, 0, 1)],
    ['syslog of this year', 'Jan  1 23:59:59', Date.UTC(2026, 0, 1, 23, 59, 59)],
    ['syslog of last year', 'Dec 31 23:59:59', Date.UTC(2025, 11, 31, 23, 59, 59)],
    ['syslog a little ahead', 'Jan  2 00:01:00', Date.UTC(2026, 0, 2, 0, 1)],
    ['syslog on a leap day', 'Feb 29 12:00:00', Date.UTC(2024, 1, 29, 12)],
    ['a clock ahead over the turn of the year', 'Jan  3 00:00:00', Date.UTC(2026, 0, 3)],
    ...[undefined, null, 0, '', '0', '-', ' ', '0001-01-01T00:00:00Z'].map((value): [string, unknown, number] => [
      'nothing',
      value,
      RECEIVED,
    ]),
  ])('is read from %s: %j', (_, value, at) => expect(readTimestamp(value, RECEIVED)).toBe(at))

  it.each([
    ...[
      'banana',
      'yesterday',
      '2026-13-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '2026-11-21T25:00:00Z',
      '2026-11-21T08:61:00Z',
    ],
    ...['2026-11-21T08:00:05+99:00', '12:30', 'Foo 21 08:00:00', '2026-11-21T08:00:0xZ', '2026-11-21T08:00:05.12xZ'],
    ...[
      -5,
      12345,
      1e30,
      Number.NaN,
      true,
      {},
      [],
      { $date: {} },
      '9'.repeat(25),
      'x'.repeat(1000),
      '1950-01-01T00:00:00Z',
    ],
  ])('is refused when it is %j', value => expect(readTimestamp(value, RECEIVED)).toBeNull())

  it('is the same instant however it is written', () => {
    const instants = fc.integer({ min: 1e8 * 1000, max: Date.UTC(2262, 0) })
    fc.assert(
      fc.property(instants, fc.integer({ min: -18 * 60, max: 18 * 60 }), (at, minutes) => {
        const local = new Date(at + minutes * 60_000).toISOString().slice(0, -1)
        const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0')
        const zone = `${minutes < 0 ? '-' : '+'}${hours}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`
        for (const value of [
          local + zone,
          new Date(at).toISOString(),
          `${new Date(at).toISOString().slice(0, -1)}999Z`,
        ])
          expect(readTimestamp(value, RECEIVED)).toBe(at)
      }),
    )
  })
})

describe('the time a text line begins with', () => {
  it.each([
    ['2026-11-21T08:00:05.123Z INFO x', T, 'INFO x'],
    ['[2026-11-21 08:00:05,123] x', T, 'x'],
    ['2026-11-21 08:00:05.123 UTC [12] LOG:  x', T, '[12] LOG:  x'],
    ['2026/11/21 08:00:05 [error] x', 1795248005000, '[error] x'],
    ['[Sat Nov 21 08:00:05.123456 2026] [core:error] x', T, '[core:error] x'],
    ['[21/Nov/2026:08:00:05 +0000] x', 1795248005000, 'x'],
    ['Dec 31 23:59:59 web-1 app: x', Date.UTC(2025, 11, 31, 23, 59, 59), 'web-1 app: x'],
    ['1795248005.123 x', T, 'x'],
  ])('%s', (line, timestamp, rest) => expect(leadingTimestamp(line, RECEIVED)).toEqual({ timestamp, rest }))

  it.each([
    '',
    'x',
    'Error: 2026-11-21',
    '2026-99-21T08:00:05Z x',
    '12345 files',
    'May I come in',
    '[x] y',
    '2026-11-21T08:00:05Zx',
  ])('is none in %j', line => expect(leadingTimestamp(line, RECEIVED)).toBeNull())
})
