// The parts of records: errors, scales of levels, logfmt, templates, long numbers, counts.
import { describe, expect, it } from 'vitest'
import { compactLogfmt } from './compact-logfmt.ts'
import { countElements, countElementsUnder, countJsonLines, countLines, endOfValue } from './count-records.ts'
import { readErrorObject, stackText } from './error-object.ts'
import { findLongNumber, parseExact, parseJson, readExactly } from './json-numbers.ts'
import { levelScaleOf } from './level-scales.ts'
import { readLevel } from './levels.ts'
import { readLogfmt } from './logfmt.ts'
import { renderTemplate } from './message-template.ts'

describe('an error object', () => {
  it.each<[unknown, unknown]>([
    ['text', null],
    [null, null],
    [['a'], null],
    [{}, { type: '', message: '', stack: '', rest: {} }],
    [
      { type: 'T', name: 'N', message: 'm', stack: 's', code: 7 },
      { type: 'T', message: 'm', stack: 's', rest: { type: 'T', name: 'N', message: 'm', code: 7 } },
    ],
    [
      { name: 'N', msg: 'm', stack: '', stackTrace: ['a', 'b'] },
      { type: 'N', message: 'm', stack: 'a\nb', rest: { name: 'N', msg: 'm', stack: '' } },
    ],
    [{ stack: [1] }, { type: '', message: '', stack: '', rest: { stack: [1] } }],
    [Object.create({ message: 'inherited' }), { type: '', message: '', stack: '', rest: {} }],
  ])('%j', (value, expected) => expect(readErrorObject(value)).toEqual(expected))

  it.each<[unknown, string]>([
    ['a', 'a'],
    [['a', 'b'], 'a\nb'],
    [['a', 1], ''],
    [[], ''],
    [7, ''],
  ])('has the stack %j as "%s"', (value, expected) => expect(stackText(value)).toBe(expected))
})

it.each<[string, string, Record<string, unknown>]>([
  ['any', 'severity_number', { severity_number: 'error' }],
  ['any', 'level', { level: true }],
  ['otel', 'severity_number', { severity_number: 9 }],
  ['otel', 'SeverityNumber', { SeverityNumber: '9' }],
  ['otel', 'SeverityNumber', { SeverityNumber: ' 9 ' }],
  ['python', 'levelno', { levelno: 20 }],
  ['dotnet', 'LogLevel', { LogLevel: 2 }],
  ['dotnet', 'log_level', { log_level: 2 }],
  ['logback', 'level_value', { level_value: 20 }],
  ['logback', 'levelInt', { levelInt: 20 }],
  ['logback', 'level', { level: 5_000 }],
  ['jul', 'level', { level: 4_999 }],
  ['etw', 'level', { level: 5, EventID: 1 }],
  ['any', 'level', { level: 6, EventID: 1 }],
  ['any', 'level', { level: 5 }],
  ['any', 'level', { level: 99 }],
  ['monolog', 'level', { level: 100 }],
  ['monolog', 'level', { level: 800 }],
  ['jul', 'level', { level: 801 }],
  ['jul', 'level', { level: 300, loggerName: 'x' }],
  ['gcp', 'severity', { severity: 300 }],
])('the scale %s is that of %s in %j', (scale, name, record) => expect(levelScaleOf(name, record)).toBe(scale))

it.each<[Parameters<typeof readLevel>[1], [number, string | null][]]>([
  [
    'any',
    [
      [-1, null],
      [0, 'fatal'],
      [7, 'debug'],
      [8, 'debug'],
      [9, 'info'],
      [10, 'trace'],
      [24, 'fatal'],
      [25, 'debug'],
      [59, 'error'],
      [60, 'fatal'],
      [61, null],
      [30.9, 'info'],
    ],
  ],
  [
    'otel',
    [
      [0, null],
      [1, 'trace'],
      [4, 'trace'],
      [5, 'debug'],
      [24, 'fatal'],
      [25, null],
    ],
  ],
  [
    'etw',
    [
      [0, 'info'],
      [1, 'fatal'],
      [5, 'debug'],
      [6, null],
    ],
  ],
  [
    'python',
    [
      [9, 'trace'],
      [10, 'debug'],
      [29, 'info'],
      [50, 'fatal'],
    ],
  ],
  [
    'dotnet',
    [
      [0, 'trace'],
      [5, 'fatal'],
      [6, 'info'],
    ],
  ],
  [
    'jul',
    [
      [499, 'trace'],
      [500, 'debug'],
      [999, 'warn'],
      [1_000, 'error'],
    ],
  ],
  [
    'monolog',
    [
      [199, 'debug'],
      [200, 'info'],
      [500, 'fatal'],
    ],
  ],
  [
    'gcp',
    [
      [99, 'info'],
      [100, 'debug'],
      [200, 'info'],
      [600, 'fatal'],
    ],
  ],
  [
    'logback',
    [
      [9_999, 'trace'],
      [10_000, 'debug'],
      [50_000, 'fatal'],
    ],
  ],
])('numbers of the scale %s', (scale, pairs) => {
  expect(pairs.map(([number]) => [number, readLevel(number, scale)])).toEqual(pairs)
  expect(
    pairs
      .map(([number]) => [number, readLevel(String(number), scale)])
      .filter(([number]) => Number.isInteger(number) && Number(number) >= 0),
  ).toEqual(pairs.filter(([number]) => Number.isInteger(number) && number >= 0))
})

it('a level is a word of forty characters at most', () => {
  expect(readLevel(`${' '.repeat(35)}error`)).toBe('error')
  expect(readLevel(`${' '.repeat(36)}error`)).toBe(null)
})

it.each<[string, Record<string, string> | null]>([
  ['a=1 b=2', { a: '1', b: '2' }],
  ['a=1  b=2 ', { a: '1', b: '2' }],
  ['a= b=2', { a: '', b: '2' }],
  ['a="x y" b=\'z "w\'', { a: 'x y', b: 'z "w' }],
  ['a="x\\n\\t\\"y\\\\" b=2', { a: 'x\n\t"y\\', b: '2' }],
  ['a=1', null],
  ['a=1 ', null],
  ['a=1 b', null],
  ['a=1 b=2 c', null],
  ['1=1 b=2', null],
  ['a="x b=2', null],
  [`a=1 b=${'x'.repeat(16 * 1024 - 6)}`, { a: '1', b: 'x'.repeat(16 * 1024 - 6) }],
  [`a=1 b=${'x'.repeat(16 * 1024 - 5)}`, null],
])('the logfmt %s', (line, expected) => {
  const read = readLogfmt(line)
  expect(read && { ...read }).toEqual(expected)
})

it.each<[Record<string, unknown>, string]>([
  [{}, '{}'],
  [{ a: 1, b: 'x', c: 'x y', d: '', e: null, f: { g: 1 } }, 'a=1 b=x c="x y" d="" e=null f="{\\"g\\":1}"'],
  [{ 'a b': 1, 'c=d': undefined }, '"a b"=1 "c=d"=""'],
  [{ a: 'x'.repeat(200) }, `a=${'x'.repeat(200)}`],
  [{ a: 'x'.repeat(201) }, `a=${'x'.repeat(200)}…`],
])('%j is shown as %s', (fields, expected) => expect(compactLogfmt(fields)).toBe(expected))

it.each<[string, Record<string, unknown>, string]>([
  ['User {Name} paid', { Name: 'Ann' }, 'User Ann paid'],
  ['{@A} {$B} {C:0.0} {D,5}', { A: 1, B: 2, C: 3, D: 4 }, '1 2 3 4'],
  ['{A}', { Properties: { A: 1 } }, '1'],
  ['{A}', { A: 2, Properties: { A: 1 } }, '2'],
  ['{A} {B} {C}', { A: null, B: { x: 1 } }, '{A} {B} {C}'],
  ['{A}', { Properties: null }, '{A}'],
  ['{toString}', {}, '{toString}'],
  ['{A}', { A: false }, 'false'],
])('the template %s with %j is "%s"', (template, record, expected) => {
  expect(renderTemplate(template, record)).toBe(expected)
})

describe('a number of JSON', () => {
  const LONG = '1234567890123456'
  it.each([
    [LONG, 0, 0],
    [LONG, 1, -1],
    [` ${LONG}`, 1, 1],
    [`"${LONG}`, 0, -1],
    [`a${LONG}`, 0, -1],
    [`z${LONG}`, 0, -1],
    [`Z${LONG}`, 0, -1],
    [`e${LONG}`, 0, 1],
    [`E${LONG}`, 0, 1],
    [`{${LONG}`, 0, 1],
    [`\`${LONG}`, 0, 1],
    [LONG.slice(1), 0, -1],
    [`"${LONG}",${LONG}`, 0, 19],
    [`${LONG},${LONG}`, 17, 17],
  ])('in %s from %i is found at %i', (text, start, at) => expect(findLongNumber(text, start)).toBe(at))

  it('is read exactly where it may be long', () => {
    expect(parseJson('{"a":9007199254740993,"b":1152921504606846976,"c":0.1,"d":12345678901234567890.5}')).toEqual({
      ...{ a: '9007199254740993', b: '1152921504606846976', c: 0.1, d: 12_345_678_901_234_567_000 },
    })
    expect(parseExact('9007199254740993', false)).toBe(9_007_199_254_740_992)
    expect(parseExact('9007199254740993')).toBe('9007199254740993')
    expect(() => parseExact('{')).toThrow(SyntaxError)
  })

  it('beyond what JavaScript holds is read a second time, and only then', () => {
    let reads = 0
    const read = (text: string) =>
      readExactly(() => {
        reads++
        return parseJson(text)
      })
    expect(read('{"a":1}')).toEqual({ a: 1 })
    expect(reads).toBe(1)
    expect(parseJson('1e400')).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('records are counted', () => {
  it.each([
    ['[]', 0],
    [' [ ] ', 0],
    ['[', 0],
    ['[1]', 1],
    ['[1,2]', 2],
    ['[[1,2],{"a":[3,4]},"5,6"]', 3],
    ['["\\"," ,"\\\\"]', 2],
    ['{}', 1],
    ['{"a":[1,2]}', 1],
    ['{"logs":[1,2]}', 2],
    ['{"a":{"logs":[1,2,3]},"events":[1,2]}', 2],
    ['{"a":"logs","Events" : [1]}', 1],
    ['{"logs":{"a":[1,2]}}', 1],
    ['{"logs":"["}', 1],
    ['{"logs":[1,2', 2],
    ['{"a"', 1],
    ['5', 1],
    ['"[1,2]"', 1],
    ['', 1],
  ])('in %s: %i', (text, count) => expect(countElements(text)).toBe(count))

  it('as far as a limit', () => {
    expect([1, 2, 3, 4].map(limit => countElements('[1,2,3]', limit))).toEqual([2, 3, 3, 3])
    expect([1, 2, 3, 4].map(limit => countLines('a\nb\nc', limit))).toEqual([2, 3, 3, 3])
  })

  it.each([
    ['a', 1],
    ['\n \n\t\u00a0\n', 0],
    ['a\n\nb', 2],
  ])('by lines: %j has %i', (text, count) => expect(countLines(text)).toBe(count))

  it.each([
    ['{"a":1}\n{"b":2}', 2],
    ['[1,2,3]', 3],
    ['[1]\n[2]', 2],
    ['{"logs":[1,2,3]}', 1],
    ['{\n"logs":[1,2,3,4]}', 4],
    ['{\n"a":1\n}', 3],
    ['{"a":"}"}\n{"b":2}', 2],
  ])('by lines of JSON: %j has %i', (text, count) => expect(countJsonLines(text)).toBe(count))

  it.each([
    ['{"values":[1,2]}', 2],
    ['{"streams":[{"values":[1,2]},{"entries" : [3]}]}', 3],
    ['{"values":[{"values":[1,2]}]}', 1],
    ['{"value":[1,2]}', 0],
    ['{"xvalues":[1,2]}', 0],
    ['{"values":"[1,2]"}', 0],
    ['["values",[1,2]]', 0],
    ['{"a":"\\"values","values":[1]}', 1],
    ['{"values":[]}', 0],
  ])('under a name: %s has %i', (text, count) => expect(countElementsUnder(text, ['values', 'entries'])).toBe(count))

  it('under a name as far as a limit', () => {
    const text = '{"values":[1,2,3],"entries":[4,5]}'
    expect([1, 2, 3, 4, 5].map(limit => countElementsUnder(text, ['values', 'entries'], limit))).toEqual([
      2, 3, 5, 5, 5,
    ])
  })

  it.each([
    ['[1,[2]] 3', '[1,[2]]'],
    ['{"a":"}"} x', '{"a":"}"}'],
    ['"a\\"b" c', '"a\\"b"'],
    ['true,1', 'true'],
    ['12]', '12'],
    ['12}', '12'],
    ['12', '12'],
    ['1 2', '1'],
  ])('and the value of %s ends: %s', (text, value) => expect(text.slice(0, endOfValue(text, 0) + 1)).toBe(value))
})
