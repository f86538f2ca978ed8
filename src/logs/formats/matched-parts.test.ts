// What becomes of the named groups of a format, and of the columns of a W3C log.
import { describe, expect, it } from 'vitest'
import type { Pattern, TextFormat } from './format.ts'
import { readMatch } from './matched-parts.ts'
import { priorityFacility, priorityLevel, statusLevel } from './number-levels.ts'
import { createUserFormat } from './user-format.ts'
import { readColumnNames, readColumns } from './web/w3c-columns.ts'

const read = (pattern: Pattern, text: string, changes: Partial<TextFormat> = {}) => {
  const format = {
    kind: 'text',
    name: 'x',
    title: 'x',
    after: 'start',
    first: 'a',
    pattern,
    examples: [],
    ...changes,
  } as TextFormat
  const { fields, message, isPartial } = readMatch(format, pattern.exec(text) as never, text)
  return { fields, message, isPartial }
}
const ALL = /^(?<a>[^|]*)\|(?<b>[^|]*)$/

describe('the groups of a match', () => {
  it.each<[RegExp, string, object, string]>([
    [ALL, 'x|y', { attributes: { a: 'x', b: 'y' } }, 'x|y'],
    [ALL, '|-', {}, '|-'],
    [ALL, '0|-12', { attributes: { a: 0, b: -12 } }, '0|-12'],
    [ALL, '01|1.5', { attributes: { a: '01', b: '1.5' } }, '01|1.5'],
    [
      ALL,
      '123456789012345|1234567890123456',
      { attributes: { a: 123_456_789_012_345, b: '1234567890123456' } },
      '123456789012345|1234567890123456',
    ],
    [/^(?<message>.)(?<source>.)(?<host>.)(?<time>.)/, 'mshT', { source: 's', host: 'h', timestamp: 'T' }, 'm'],
    [/^(?<trace_id>.)(?<span_id>.)/, 'ts', { trace_id: 't', span_id: 's' }, 'ts'],
    [/^(?<message>)x/, 'x', {}, ''],
    [/^(?<level>\w+)/, 'warn', { level: 'warn' }, 'warn'],
    [/^(?<status>\d+)/, '503', { level: 'error', attributes: { status: 503 } }, '503'],
    [/^(?<status>\w+)/, 'OK', { attributes: { status: 'OK' } }, 'OK'],
    [/^(?<pri>\d+)/, '131', { level: 'error' }, '131'],
    [/^(?<pri>\d+)/, '14', {}, '14'],
    [/^(?:a(?<x>.)|b(?<y>.))/, 'bc', { attributes: { y: 'c' } }, 'bc'],
    [/^(?:a(?<x>.)|b(?<x>.))/, 'bc', { attributes: { x: 'c' } }, 'bc'],
    [/^(a)\((?<x>[(])(?:b)(c)(?<y>.)/, 'a((bcd', { attributes: { x: '(', y: 'd' } }, 'a((bcd'],
    [/^(?<structured_data>\[.*\])/, '[a b="c"]', { attributes: { a: { b: 'c' } } }, '[a b="c"]'],
    [/^(?<structured_data>\[.*\])/, '[a b=c]', { attributes: { structured_data: '[a b=c]' } }, '[a b=c]'],
  ])('%s of "%s"', (pattern, text, fields, message) =>
    expect(read(pattern, text)).toEqual({ fields, message, isPartial: false }),
  )

  it.each<[object, string, object]>([
    [{ levels: { w: 'fatal' } }, 'w', { level: 'fatal' }],
    [{ levels: { w: 'fatal' } }, 'x', { level: 'x' }],
    [{ level: 'debug' }, '', { level: 'debug' }],
  ])('with the levels %j of "%s"', (changes, text, fields) =>
    expect(read(/^(?<level>.*)/, text, changes).fields).toEqual(fields),
  )

  it('say whether the next line goes on, and the facility of a header', () => {
    expect(read(/^(?<partial>[PF])/, 'P').isPartial).toBe(true)
    expect(read(/^(?<partial>[PF])/, 'F')).toEqual({ fields: {}, message: 'F', isPartial: false })
    const header = /^(?<pri>\d+) (?<time>\S*) ?(?<facility>\w*)/
    const fields = (text: string, isPrefix = true) => read(header, text, isPrefix ? { isPrefix } : {}).fields
    expect(fields('11 T')).toEqual({ level: 'error', timestamp: 'T', attributes: { facility: 'user' } })
    expect(fields('11 T own')).toEqual({ level: 'error', timestamp: 'T', attributes: { facility: 'own' } })
    expect(fields('11 T', false)).toEqual({ level: 'error', timestamp: 'T' })
    expect(fields('500 T')).toEqual({ level: 'warn', timestamp: 'T' })
    expect(read(/^(?<pri>\d+)/, '11', { isPrefix: true }).fields).toEqual({ level: 'error' })
    expect(read(/^(?<pri>\d+)/, '14', { level: 'debug' }).fields).toEqual({ level: 'debug' })
  })

  it('of a format that a user added are the same', () => {
    const { pattern } = createUserFormat({ name: 'own', pattern: '(?<level>\\w+)!(?<n>\\d*)(?<message>.*)' })
    expect(read(pattern, 'warn!7x')).toEqual({
      fields: { level: 'warn', attributes: { n: 7 } },
      message: 'x',
      isPartial: false,
    })
    expect(pattern.exec('x warn!7')).toBe(null)
    expect(() => createUserFormat({ name: 'own', pattern: '^(a)' })).toThrow('has no named group')
    expect(() => createUserFormat({ name: 'own', pattern: '(' })).toThrow(
      expect.objectContaining({ fields: { pattern: expect.any(String) } }),
    )
  })
})

it('numbers mean levels', () => {
  expect([399, 400, 499, 500, 599, 600, 0].map(statusLevel)).toEqual([
    'info',
    'warn',
    'warn',
    'error',
    'error',
    'info',
    'info',
  ])
  expect([8, 10, 11, 12, 13, 14, 15].map(priorityLevel)).toEqual([
    'fatal',
    'fatal',
    'error',
    'warn',
    undefined,
    undefined,
    'debug',
  ])
  expect([0, 7, 8, 191, 192].map(priorityFacility)).toEqual(['kern', 'kern', 'user', 'local7', undefined])
})

describe('a W3C log', () => {
  it.each<[string, string[] | null]>([
    ['#Fields: date time', ['date', 'time']],
    ['#Fields:date,time\tcs(Host) ', ['date', 'time', 'cs(Host)']],
    ['#Fields: date', null],
    ['#Fields: date t!me', null],
    ['#Version: 1.0 x', null],
    [`#Fields: ${'a '.repeat(100)}`, Array(100).fill('a')],
    [`#Fields: ${'a '.repeat(101)}`, null],
  ])('has the columns of %s', (line, names) => expect(readColumnNames(line)).toEqual(names))

  const NAMES = ['date', 'time', 's-computername', 'cs-method', 'sc-status', 'x-Edge(Id)']
  const rest = { host: 'WEB', level: 'info' }
  it.each<[string, object | null]>([
    [
      '2026-11-21 08:00:05 WEB GET 200 7',
      { ...rest, timestamp: '2026-11-21T08:00:05Z', attributes: { method: 'GET', status: 200, x_edge_id: 7 } },
    ],
    [
      '2026-11-21 08:00:05 - - 404 07',
      { level: 'warn', timestamp: '2026-11-21T08:00:05Z', attributes: { status: 404, x_edge_id: '07' } },
    ],
    [
      '2026-11-21 08:00:05 WEB GET - -',
      { host: 'WEB', timestamp: '2026-11-21T08:00:05Z', attributes: { method: 'GET' } },
    ],
    [
      '2026-11-21 08:00:05 WEB GET 99 -',
      { host: 'WEB', timestamp: '2026-11-21T08:00:05Z', attributes: { method: 'GET', status: 99 } },
    ],
    [
      '2026-11-21 08:00:05 WEB GET 100 -',
      { ...rest, timestamp: '2026-11-21T08:00:05Z', attributes: { method: 'GET', status: 100 } },
    ],
    [
      '2026-11-21 08:00:05 WEB GET 599 -',
      { host: 'WEB', level: 'error', timestamp: '2026-11-21T08:00:05Z', attributes: { method: 'GET', status: 599 } },
    ],
    [
      '2026-11-21 08:00:05 WEB GET 600 -',
      { host: 'WEB', timestamp: '2026-11-21T08:00:05Z', attributes: { method: 'GET', status: 600 } },
    ],
    [
      'today 08:00:05 WEB GET 200 -',
      { ...rest, attributes: { date: 'today', time: '08:00:05', method: 'GET', status: 200 } },
    ],
    [
      '2026-11-21 noon WEB GET 200 -',
      { ...rest, attributes: { date: '2026-11-21', time: 'noon', method: 'GET', status: 200 } },
    ],
    [
      '2026-11-21 08:00:05 "WEB" "G ""E"" T" 200 ""',
      { ...rest, timestamp: '2026-11-21T08:00:05Z', attributes: { method: 'G "E" T', status: 200 } },
    ],
    [
      '2026-11-21\t08:00:05\tWEB\tG T\t200\t 7 ',
      { ...rest, timestamp: '2026-11-21T08:00:05Z', attributes: { method: 'G T', status: 200, x_edge_id: 7 } },
    ],
    ['2026-11-21 08:00:05 WEB GET 200', null],
    ['2026-11-21 08:00:05 WEB GET 200 7 8', null],
    ['2026-11-21 08:00:05 WEB "GET" x 7 8', null],
    ['', null],
  ])('has the line "%s"', (line, fields) =>
    expect(readColumns(line, NAMES)).toEqual(fields && { message: line, ...fields }),
  )

  it('has a time only with a date and a clock, and a hundred columns at most', () => {
    expect(readColumns('2026-11-21 7', ['date', 'x'])).toEqual({
      message: '2026-11-21 7',
      attributes: { date: '2026-11-21', x: 7 },
    })
    expect(readColumns('08:00 7', ['time', 'x'])).toEqual({ message: '08:00 7', attributes: { time: '08:00', x: 7 } })
    const names = Array.from({ length: 101 }, (_, i) => `n${i}`)
    const line = (count: number) => Array(count).fill('1').join(' ')
    expect(readColumns(line(101), names)).not.toBe(null)
    expect(readColumns(line(102), [...names, 'more'])).toBe(null)
  })
})
