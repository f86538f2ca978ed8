// Times as programs write them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leadingTime, readTimestamp } from './timestamps.ts'
import type { TimeContext } from './zones.ts'

const RECEIVED = Date.parse('2026-01-02T00:00:30Z')
const UTC: TimeContext = { receivedAt: RECEIVED, timeZone: 'UTC' }

const read = (value: unknown, context = UTC) => readTimestamp(value, context)?.at ?? null
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
  ])('is read from %s: %j', (_, value, at) => expect(read(value)).toBe(at))

  it.each([
    ...[
      'banana',
      'yesterday',
      '2026-13-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '2026-11-21T25:00:00Z',
      '2026-11-21T08:61:00Z',
    ],
    ...[
      '2026-11-21T08:00:05x123Z',
      '2026-11-21T08:00:05+99:00',
      '12:99',
      'Foo 21 08:00:00',
      '2026-11-21T08:00:0xZ',
      '2026-11-21T08:00:05.12xZ',
    ],
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
  ])('is refused when it is %j', value => expect(read(value)).toBeNull())

  it('is the same instant however it is written', () => {
    const instants = fc.integer({ min: 1e8 * 1000, max: Date.UTC(2099, 0) })
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
          expect(read(value)).toBe(at)
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
    ['26/01/02 00:00:05 INFO x', Date.UTC(2026, 0, 2, 0, 0, 5), 'INFO x'],
    ['01/02/26 00:00:05 INFO x', Date.UTC(2026, 0, 2, 0, 0, 5), 'INFO x'],
    ['01/01/26 10:00:05 INFO x', Date.UTC(2026, 0, 1, 10, 0, 5), 'INFO x'],
    ['17/06/09 20:10:40 INFO x', Date.UTC(2017, 5, 9, 20, 10, 40), 'INFO x'],
    ['31/12/25 20:10:40 INFO x', Date.UTC(2025, 11, 31, 20, 10, 40), 'INFO x'],
    ['06/30/17 20:10:40 INFO x', Date.UTC(2017, 5, 30, 20, 10, 40), 'INFO x'],
  ])('%s', (line, timestamp, rest) => expect(leadingTime(line, UTC)).toMatchObject({ at: timestamp, rest }))

  it.each([
    '',
    'x',
    'Error: 2026-11-21',
    '2026-99-21T08:00:05Z x',
    '12345 files',
    'May I come in',
    '[x] y',
    '2026-11-21T08:00:05Zx',
    '99/99/99 08:00:05 x',
  ])('is none in %j', line => expect(leadingTime(line, UTC)).toBeNull())
})

const NOW = Date.parse('2026-11-29T10:00:30Z')
const AT = Date.parse('2026-11-29T10:00:01Z')
const NEW_YORK: TimeContext = { receivedAt: NOW, timeZone: 'America/New_York' }
const OSLO: TimeContext = { receivedAt: NOW, timeZone: 'Europe/Oslo' }
const IN_UTC: TimeContext = { receivedAt: NOW, timeZone: 'UTC' }

describe('a time in text', () => {
  it.each<[string, string, TimeContext, number | null]>([
    ['JavaScript', 'Sun Nov 29 2026 10:00:01 GMT+0000 (Coordinated Universal Time)', IN_UTC, AT],
    ['toLocaleString()', '11/29/2026, 10:00:01 AM', IN_UTC, AT],
    ['date(1)', 'Sun Nov 29 10:00:01 UTC 2026', IN_UTC, AT],
    ['date(1) today', 'Sun Nov 29 10:00:01 AM UTC 2026', IN_UTC, AT],
    ["Go's String()", '2026-11-29 10:00:01.000123456 +0000 UTC m=+0.000123', IN_UTC, AT],
    ['an evening', '2026-11-29 10:00:01 PM', { ...IN_UTC, receivedAt: NOW + 43_200_000 }, AT + 43_200_000],
    ['midnight in twelve hours', '11/29/2026 12:00:01 AM', IN_UTC, Date.parse('2026-11-29T00:00:01Z')],
    ['a European day', '29.11.2026 10:00:01', IN_UTC, AT],
    ['a day before its month', '29/11/2026 10:00:01', IN_UTC, AT],
    [
      'a date of two readings, one of them today',
      '11/12/2026 10:00:01',
      { ...IN_UTC, receivedAt: Date.parse('2026-12-11T10:00:30Z') },
      Date.parse('2026-12-11T10:00:01Z'),
    ],
    ['a date of two readings, none of them near', '03/04/2026 10:00:01', IN_UTC, null],
    ['PHP', '29-Nov-2026 10:00:01 UTC', IN_UTC, AT],
    ['PHP elsewhere', '29-Nov-2026 11:00:01 Europe/Oslo', IN_UTC, AT],
    ['hours of the offset', '2026-11-29 11:00:01+01', IN_UTC, AT],
    ['an unambiguous abbreviation', '2026-11-29 11:00:01.000 CET', IN_UTC, AT],
    ['an abbreviation of the sender', '2026-11-29 05:00:01 EST', NEW_YORK, AT],
    ['an abbreviation of several zones', '2026-11-29 05:00:01 CST', IN_UTC, null],
    ['a half hour', '2026-11-29 15:30:01 IST', { ...IN_UTC, timeZone: 'Asia/Kolkata' }, AT],
    ['an unknown abbreviation as no zone', '2026-11-29 10:00:01 XQT', IN_UTC, null],
    ['a clock alone', '10:00:01', IN_UTC, AT],
    ['a clock alone, twelve hours away', '10:00:01', { ...IN_UTC, receivedAt: AT + 43_200_000 }, AT],
    [
      'a clock alone, before midnight',
      '23:59:59.5',
      { ...IN_UTC, receivedAt: Date.parse('2026-11-29T00:00:02Z') },
      Date.parse('2026-11-28T23:59:59.500Z'),
    ],
    ['MySQL 5', '261129 10:00:01', IN_UTC, AT],
    ['HDFS', '261129 100001', IN_UTC, AT],
    ['logcat', '11-29 10:00:01.000', IN_UTC, AT],
    ['BlueGene', '2026-11-29-10.00.01.000000', IN_UTC, AT],
    ['a phone', '20261129-10:00:01:000', IN_UTC, AT],
    ['no zone in New York', '2026-11-29 05:00:01', NEW_YORK, AT],
    ['no zone in Oslo', '2026-11-29T11:00:01', OSLO, AT],
    ['the hour that comes twice', '2026-10-25 02:30:00', OSLO, Date.parse('2026-10-25T00:30:00Z')],
    ['the hour that is skipped', '2026-03-29 02:30:00', OSLO, Date.parse('2026-03-29T01:30:00Z')],
    ['syslog in Oslo', 'Nov 29 11:00:01', OSLO, AT],
    ['never', '9999-12-31T23:59:59Z', IN_UTC, null],
    ['a duration', '12ms', IN_UTC, null],
  ])('%s: %s', (_, text, context, at) => expect(read(text, context)).toBe(at))

  it('of several numbers is that of Jackson', () => {
    expect(read([2026, 11, 29, 10, 0, 1, 123_456_789], IN_UTC)).toBe(AT + 123)
    expect(read([1, 2, 3], IN_UTC)).toBeNull()
  })

  it.each([5_000_000, 1e9, 5e18, Number.POSITIVE_INFINITY, -1, Number.NaN, '7'])(
    'of an object takes a fraction of less than a second only: %s',
    nanoOfSecond => {
      const added = nanoOfSecond === 5_000_000 ? 5 : 0
      expect(read({ epochSecond: AT / 1000, nanoOfSecond }, IN_UTC)).toBe(AT + added)
    },
  )

  it.each([
    ['2026-11-29 10:00:01\tERROR\tx', 'ERROR\tx'],
    ['2026-11-29 10:00:01.000|ERROR|x', 'ERROR|x'],
    ['2026-11-29 10:00:01, Info   CBS', 'Info   CBS'],
    ['[2026-11-29T10:00:01,000][ERROR][o.e.x] y', '[ERROR][o.e.x] y'],
    ['[2026-11-29T10:00:01Z ERROR mycrate] boom', '[ERROR mycrate] boom'],
    ['[2026-11-29 10:00:01,000: ERROR/MainProcess] boom', '[ERROR/MainProcess] boom'],
    ['29 Nov 2026 10:00:01 ERROR x', 'ERROR x'],
    ['29.11.2026 10:00:01 ERROR x', 'ERROR x'],
    ['2026-11-29 11:00:01.000 CET [12] ERROR:  x', '[12] ERROR:  x'],
    ['2026-11-29 10:00:01 WARN x', 'WARN x'],
    ['Nov 29 2026 10:00:01 asa : x', 'asa : x'],
    ['2026-11-29 9:00:01 0 [ERROR] x', null],
  ])('begins %s', (line, rest) => {
    const found = leadingTime(line, IN_UTC)
    expect(found?.rest).toBe(rest ?? '0 [ERROR] x')
    if (rest !== null) expect(found?.at).toBe(AT)
  })

  it('knows whether it named its zone', () => {
    expect([
      readTimestamp('2026-11-29 10:00:01', OSLO)!.hasZone,
      readTimestamp('2026-11-29 10:00:01 CET', OSLO)!.hasZone,
    ]).toEqual([false, true])
  })
})
