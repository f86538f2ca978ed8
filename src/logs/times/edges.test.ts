// The edges of what is read as a time: the smallest and the largest, the last second of a day, and what must follow it in a line.
import { describe, expect, it } from 'vitest'
import { KnownTime, leadingClock, leadingTime, readTimestamp } from './timestamps.ts'
import { contextOf, instantOf, isAbbreviation, type TimeContext } from './zones.ts'

const NOW = Date.parse('2026-11-29T10:00:30Z')
const UTC: TimeContext = { receivedAt: NOW, timeZone: 'UTC' }
const OSLO: TimeContext = { ...UTC, timeZone: 'Europe/Oslo' }
const AT = Date.parse('2026-11-29T10:00:01Z')
const LAST = Date.UTC(2109, 0)
const at = (value: unknown, context = UTC) => readTimestamp(value, context)?.at ?? null
const utc = (text: string) => Date.parse(text)

describe('a number', () => {
  it.each<[unknown, number | null]>([
    [1e8, 1e11],
    [1e8 - 1, null],
    [4_386_355_199, 4_386_355_199_000],
    [1e11, 1e11],
    [1e11 - 1, null],
    [LAST - 1, LAST - 1],
    [LAST, null],
    [1e14, 1e11],
    [1e14 - 1, null],
    [1e17, 1e11],
    [1e17 - 32, null],
    ['100000000', 1e11],
    ['1795248005.9999', 1_795_248_005_999],
    ['1795248005.', null],
    ['1'.repeat(30), null],
    ['/Date(1795248005123+0100)/', 1_795_248_005_123],
    ['/Date(12345678)/', null],
    ['/Date(99999999999999)/', null],
    [{ $date: { $numberLong: '1795248005123' } }, 1_795_248_005_123],
    [{ $date: { $numberLong: 1_795_248_005_123 } }, 1_795_248_005_123],
    [{ $date: { $numberLong: true } }, null],
    [{ $date: null }, null],
    [{ $date: 1_795_248_005_123 }, 1_795_248_005_123],
    [{ seconds: 1_795_248_005 }, 1_795_248_005_000],
    [{ epochSecond: '1795248005', nanos: 999_999_999 }, 1_795_248_005_999],
    [{ seconds: 1_795_248_005, nanos: 1e9 }, 1_795_248_005_000],
    [{ seconds: 1_795_248_005, nanos: 0 }, 1_795_248_005_000],
    [{ seconds: true }, null],
    [[2026, 11, 29, 10, 0], utc('2026-11-29T10:00:00Z')],
    [[2026, 11, 29, 24, 0], utc('2026-11-30T00:00:00Z')],
    [[2026, 11, 29, 25, 0], null],
    [[2026, 11, 29, 10, 59, 60], utc('2026-11-29T11:00:00Z')],
    [[2026, 11, 29, 10, 60], null],
    [[2026, 11, 29, 10, 0, 61], null],
    [[2026, 11, 29, 10, 0, 0, 1e9], null],
    [[2026, 11, 29, 10, 0, 0, 999_999_999], utc('2026-11-29T10:00:00.999Z')],
    [[2026, 11, 31, 10, 0], null],
    [[2026, 11, 29, 10], null],
    [[2026, 11, 29, 10, 0, 0, 0, 0], null],
    [[2026, 11, 29, 10, 0.5], null],
  ])('%j is the instant %s', (value, expected) => expect(at(value)).toBe(expected))

  it('of a list is of the zone of the context', () => {
    expect(readTimestamp([2026, 11, 29, 11, 0, 1], OSLO)).toEqual({ at: AT, hasZone: false })
  })
})

describe('a text', () => {
  it.each<[string, string | null]>([
    ['2026-11-29T24:00:00Z', '2026-11-30T00:00:00Z'],
    ['2026-11-29T25:00:00Z', null],
    ['2026-11-29T10:59:59Z', '2026-11-29T10:59:59Z'],
    ['2026-11-29T10:60:00Z', null],
    ['2026-11-29T10:00:60Z', '2026-11-29T10:01:00Z'],
    ['2026-11-29T10:00:61Z', null],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['2023-02-29T00:00:00Z', null],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00Z'],
    ['2100-02-29T00:00:00Z', null],
    ['2100-02-28T00:00:00Z', '2100-02-28T00:00:00Z'],
    ['2026-04-31T00:00:00Z', null],
    ['2026-04-30T00:00:00Z', '2026-04-30T00:00:00Z'],
    ['2026-00-10T00:00:00Z', null],
    ['2026-12-00T00:00:00Z', null],
    ['2026-12-31T00:00:00Z', '2026-12-31T00:00:00Z'],
    ['1973-01-01T00:00:00Z', '1973-01-01T00:00:00Z'],
    ['1972-12-31T00:00:00Z', null],
    ['2108-12-31T23:59:59Z', '2108-12-31T23:59:59Z'],
    ['2109-01-01T00:00:00Z', null],
    ['2026-11-29T10:00:01.120Z', '2026-11-29T10:00:01.120Z'],
    ['2026-11-29T10:00:01.009Z', '2026-11-29T10:00:01.009Z'],
    ['2026/11/29T10:00:01Z', '2026-11-29T10:00:01Z'],
    ['2026-11-29 10:00:01 AM', '2026-11-29T10:00:01Z'],
    ['2026-11-29 12:00:01 AM', '2026-11-29T00:00:01Z'],
    ['2026-11-29 12:00:01 PM', '2026-11-29T12:00:01Z'],
    ['2026-11-29 1:00:01 pm', '2026-11-29T13:00:01Z'],
    ['2026-11-29 0:00:01 AM', null],
    ['2026-11-29 13:00:01 PM', null],
    ['2026-11-29T10:00:01+18:00', '2026-11-28T16:00:01Z'],
    ['2026-11-29T10:00:01+18:01', null],
    ['2026-11-29T10:00:01-00:30', '2026-11-29T10:30:01Z'],
    ['2026-11-29 10:00:01 [Europe/Oslo]', '2026-11-29T09:00:01Z'],
    ['2026-11-29 10:00:01 Europe/Nowhere', null],
    ['2026-11-29 10:00:01 Foo/Bar', null],
    [' 2026-11-29T10:00:01Z ', '2026-11-29T10:00:01Z'],
    ['2026-11-29T10:00:01Z x', null],
    ['29.11.2026', '2026-11-29T00:00:00Z'],
    ['29/Nov/2026', '2026-11-29T00:00:00Z'],
    ['Nov 29 2026', '2026-11-29T00:00:00Z'],
    ['05.05.2020', '2020-05-05T00:00:00Z'],
    ['05/05/2020', '2020-05-05T00:00:00Z'],
    ['13/05/2020', '2020-05-13T00:00:00Z'],
    ['05/13/2020', '2020-05-13T00:00:00Z'],
    ['11/30/2026', '2026-11-30T00:00:00Z'],
    ['11/12/2020', null],
  ])('%s is %s', (text, expected) => expect(at(text)).toBe(expected === null ? null : utc(expected)))

  it('of up to eighty characters is read', () => {
    const text = '2026-11-29 10:00:01'
    expect([at(text.padEnd(80)), at(text.padEnd(81))]).toEqual([AT, null])
  })

  it('is read again for another receipt and for another zone', () => {
    const text = 'Nov 29 10:00:01'
    expect(at(text)).toBe(AT)
    expect(at(text, { ...UTC, receivedAt: utc('2025-11-30T00:00:00Z') })).toBe(utc('2025-11-29T10:00:01Z'))
    expect(at(text, OSLO)).toBe(AT - 3_600_000)
    expect(at(text)).toBe(AT)
    expect(at('Nov 29 10:00:02')).toBe(AT + 1_000)
  })

  it.each<[string, string, string | null]>([
    ['Nov 30 10:00:30', '2026-11-29T10:00:30Z', '2026-11-30T10:00:30Z'],
    ['Nov 30 10:00:31', '2026-11-29T10:00:30Z', '2025-11-30T10:00:31Z'],
    ['Jan 01 00:00:01', '2026-12-31T00:00:01Z', '2027-01-01T00:00:01Z'],
    ['Jan 01 00:00:02', '2026-12-31T00:00:01Z', '2026-01-01T00:00:02Z'],
    ['Dec 31 23:59:59', '2027-01-01T00:00:00Z', '2026-12-31T23:59:59Z'],
    ['Feb 29 12:00:00', '2103-03-01T00:00:00Z', '2096-02-29T12:00:00Z'],
    ['Feb 30 12:00:00', '2026-03-01T00:00:00Z', null],
    ['22:00:29', '2026-11-29T10:00:30Z', '2026-11-29T22:00:29Z'],
    ['22:00:31', '2026-11-29T10:00:30Z', '2026-11-28T22:00:31Z'],
    ['00:00:01', '2026-11-29T23:59:59Z', '2026-11-30T00:00:01Z'],
    ['26/11/30 10:00:30', '2026-11-29T10:00:30Z', '2026-11-30T10:00:30Z'],
    ['26/11/30 10:00:31', '2026-11-29T10:00:30Z', null],
    ['11/28/26 10:00:30', '2026-11-29T10:00:30Z', '2026-11-28T10:00:30Z'],
    ['10/11/12 10:00:30', '2026-11-29T10:00:30Z', '2010-11-12T10:00:30Z'],
    ['10/11/12 10:00:30', '2012-11-10T10:00:30Z', '2012-11-10T10:00:30Z'],
    ['10/11/12 10:00:30', '2012-10-11T10:00:30Z', '2012-10-11T10:00:30Z'],
    ['40/11/12 10:00:30', '2026-11-29T10:00:30Z', null],
    ['31/11/12 10:00:30', '2026-11-29T10:00:30Z', null],
    ['31/10/12 10:00:30', '2026-11-29T10:00:30Z', '2012-10-31T10:00:30Z'],
    ['11/12/2026 10:00:30', '2026-11-12T10:00:30Z', '2026-11-12T10:00:30Z'],
    ['11/12/2026 10:00:30', '2026-11-13T10:00:30Z', '2026-11-12T10:00:30Z'],
    ['11/12/2026 10:00:30', '2026-11-13T10:00:31Z', null],
  ])('%s, received at %s, is %s', (text, received, expected) => {
    expect(at(text, { ...UTC, receivedAt: utc(received) })).toBe(expected === null ? null : utc(expected))
  })
})

describe('the time at the beginning of a line', () => {
  const read = (line: string, context = UTC) => {
    const found = leadingTime(line, context)
    return found && [found.at - AT, found.hasZone, found.rest]
  }
  it.each<[string, [number, boolean, string] | null]>([
    ['2026-11-29T10:00:01Z x', [0, true, 'x']],
    ['2026-11-29T10:00:01Z  x', [0, true, 'x']],
    ['2026-11-29T10:00:01Z   x', [0, true, ' x']],
    ['2026-11-29T10:00:01Z', [0, true, '']],
    ['2026-11-29T10:00:01.5Z x', [500, true, 'x']],
    ['2026-11-29T10:00:01.123456789Z x', [123, true, 'x']],
    ['2026-11-29T10:00:01.1234567891Z x', [123, true, 'x']],
    ['2026-11-29T10:00:01,999 x', [999, false, 'x']],
    ['2026-11-29 10:00:01.001 x', [1, false, 'x']],
    ['2026-11-29 10:00:01.29 x', [290, false, 'x']],
    ['2026-11-29 10:00:01. x', null],
    ['2026-11-29 10:00:01x', null],
    ['2026-11-29 10:00:01 +0100 x', [-3_600_000, true, 'x']],
    ['2026-11-29 10:00:01 -x', [0, false, '-x']],
    ['2026-11-29 10:00:01 + x', [0, false, '+ x']],
    ['2026-11-29 10:00:01 CET x', [-3_600_000, true, 'x']],
    ['2026-11-29 10:00:01 ERROR x', [0, false, 'ERROR x']],
    ['2026-11-29 10:00:01 {"a":1}', [0, false, '{"a":1}']],
    ['2026-11-29 10:00:01 @x', [0, false, '@x']],
    ['2026-11-29 10:00:01 pm', [43_200_000, false, '']],
    ['2026-11-29 10:00:01: x', [0, false, 'x']],
    ['2026-11-29 10:00:01; x', [0, false, 'x']],
    ['2026-11-29 10:00:01,x', [0, false, 'x']],
    ['2026-11-29 10:00:01] x', [0, false, '] x']],
    ['2026/11/29 10:00:01 x', [0, false, 'x']],
    ['[2026-11-29 10:00:01] x', [0, false, 'x']],
    ['[2026-11-29 10:00:01]x', [0, false, 'x']],
    ['[2026-11-29 10:00:01]:  x', [0, false, 'x']],
    ['[2026-11-29 10:00:01]   x', [0, false, ' x']],
    ['[ 2026-11-29 10:00:01 ] x', [0, false, 'x']],
    ['[2026-11-29 10:00:01 x] y', [0, false, '[x] y']],
    ['[2026-11-29 10:00:01x] y', null],
    ['[Sun Nov 29 10:00:01 2026] x', [0, false, 'x']],
    ['[Something 5] x', null],
    ['[x] y', null],
    ['(2026-11-29 10:00:01) x', [0, false, 'x']],
    ['"2026-11-29 10:00:01", x', [0, false, 'x']],
    ['<2026-11-29 10:00:01>: x', [0, false, 'x']],
    ['(2026-11-29 10:00:01] x', null],
    ['(x 2026-11-29 10:00:01) x', null],
    ['Sun Nov 29 10:00:01 2026 x', [0, false, 'x']],
    ['Nov 29 10:00:01 x', [0, false, 'x']],
    ['Words without any number', null],
    ['nov 29 10:00:01 x', null],
    [`${AT / 1000} x`, [0, true, 'x']],
    [`${AT + 5} x`, [5, true, 'x']],
    [`[${AT / 1000}] x`, [0, true, 'x']],
    [`${AT / 1000}x`, null],
    [`${AT / 1000}-5 x`, null],
    ['2026-11-31 10:00:01 x', null],
    ['2026-11-29 24:00:01 x', [50_400_000, false, 'x']],
    ['2026-11-29 25:00:01 x', null],
  ])('%s', (line, expected) => expect(read(line)).toEqual(expected))

  it('is of the zone of the context where it names none', () => {
    expect(read('2026-11-29 11:00:01 x', OSLO)).toEqual([0, false, 'x'])
    expect(read('2026-11-29T10:00:01Z x', OSLO)).toEqual([0, true, 'x'])
  })
})

it.each<[unknown, boolean]>([
  [1_795_248_005, true],
  ['1795248005', true],
  ['2026-11-29T10:00:01Z', true],
  ['2026-11-29T10:00:01.123Z', true],
  ['2026-11-29T10:00:01', false],
  ['2026-11-29', false],
  ['', true],
  [null, true],
  [0, true],
  ['10:00:01', false],
  ['10:00:01 CET', true],
  ['26/11/29 10:00:01', false],
  ['26/11/29 10:00:01 CET', true],
  ['/Date(1795248005123)/', true],
  [{ seconds: 1_795_248_005 }, true],
  [[2026, 11, 29, 10, 0], false],
  [new KnownTime(AT, true), true],
  [new KnownTime(AT, false), false],
])('whether %j names its zone: %s', (value, hasZone) => {
  expect(readTimestamp(value, UTC)!.hasZone).toBe(hasZone)
})

it.each(['261129 10:00:01 x', '1129 10:00:01 x', '11-29 10:00:01 x', '29 Nov 10:00:01 x', '10:00:01 x'])(
  '%s begins a line with a number, and with no time for certain',
  line => {
    expect(leadingTime(line, UTC)).toBeNull()
    expect(at(line.slice(0, -2))).toBe(AT)
  },
)

describe('a clock at the beginning of a line', () => {
  const read = (line: string) => {
    const found = leadingClock(line, UTC)
    return found && [found.at - AT, found.rest]
  }
  it.each<[string, [number, string] | null]>([
    ['10:00:01 x', [0, 'x']],
    ['10:00:01.5 x', [500, 'x']],
    ['10:00 AM x', [-1_000, 'x']],
    ['10:00 x', null],
    ['10:00:01:5 x', null],
    ['10:00:01x', null],
    ['[10:00:01] x', [0, 'x']],
    ['[10:00:01]: x', [0, 'x']],
    ['[10:00:01 x] y', [0, '[x] y']],
    ['[10:00:01x] y', null],
    ['25:00:01 x', null],
    ['x 10:00:01', null],
  ])('%s', (line, expected) => expect(read(line)).toEqual(expected))
})

describe('a zone', () => {
  const local = utc('2026-11-29T10:00:01Z')
  const hours = (zone: string, context = UTC) => {
    const instant = instantOf(local, zone, context)
    return instant === null ? null : (local - instant) / 3_600_000
  }
  it.each<[string, number | null]>([
    ['', 0],
    ['+01', 1],
    ['-0530', -5.5],
    ['+05:45', 5.75],
    ['+1', null],
    ['CET', 1],
    ['EDT', -4],
    ['EST', null],
    ['toString', null],
    ['Asia/Kolkata', 5.5],
    ['Asia/Nowhere', null],
    ['UTC', 0],
    ['Oslo', null],
  ])('"%s" is %s hours from UTC', (zone, expected) => expect(hours(zone)).toBe(expected))

  it('of several meanings is that of the sender', () => {
    expect(hours('EST', { ...UTC, timeZone: 'America/New_York' })).toBe(-5)
    expect(hours('EST', { ...UTC, timeZone: 'Australia/Brisbane' })).toBe(10)
    expect(hours('EST', OSLO)).toBeNull()
  })

  it('is an abbreviation that is known, and nothing else', () => {
    expect(['CET', 'cet', 'XYZ', 'constructor'].map(isAbbreviation)).toEqual([true, false, false, false])
  })

  it('may be that of a source', () => {
    const context = { ...UTC, zoneOf: (source: string) => `Zone/${source}` }
    expect(contextOf(context, 'api').timeZone).toBe('Zone/api')
    expect(contextOf(context, '')).toBe(context)
    expect(contextOf(UTC, 'api')).toBe(UTC)
  })
})
