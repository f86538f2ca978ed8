// Where each term of a query begins and ends, and what it is.
import { describe, expect, it } from 'vitest'
import { isPlainText } from './names.ts'
import { splitTimes } from './narrow.ts'
import { parseQuery } from './parse.ts'
import { scopeToProject, withDefaultStart } from './scope-query.ts'
import { syntaxError } from './syntax-error.ts'
import { type Token, tokenize } from './tokens.ts'

/** Tokens as `kind:text at-end`. */
const shown = (query: string) =>
  tokenize(query).map(({ at, end, ...token }: Token) => {
    const { kind, ...rest } = token
    return [kind, query.slice(at, end), ...Object.values(rest)]
  })

describe('the tokens of a query', () => {
  it.each<[string, unknown[][]]>([
    [
      'a  b',
      [
        ['text', 'a', 'a'],
        ['text', 'b', 'b'],
      ],
    ],
    [
      '(a)',
      [
        ['open', '('],
        ['text', 'a', 'a'],
        ['close', ')'],
      ],
    ],
    [
      'f(a) b',
      [
        ['text', 'f(a)', 'f(a)'],
        ['text', 'b', 'b'],
      ],
    ],
    [
      'f(a))',
      [
        ['text', 'f(a)', 'f(a)'],
        ['close', ')'],
      ],
    ],
    [
      'a OR b AND NOT c || d && e',
      [
        ['text', 'a', 'a'],
        ['or', 'OR'],
        ['text', 'b', 'b'],
        ['and', 'AND'],
        ['not', 'NOT'],
        ['text', 'c', 'c'],
        ['or', '||'],
        ['text', 'd', 'd'],
        ['and', '&&'],
        ['text', 'e', 'e'],
      ],
    ],
    ['toString', [['text', 'toString', 'toString']]],
    [
      'Today yesterday',
      [
        ['day', 'Today', 'today'],
        ['day', 'yesterday', 'yesterday'],
      ],
    ],
    ['todays', [['text', 'todays', 'todays']]],
    [
      '-a',
      [
        ['not', '-'],
        ['text', 'a', 'a'],
      ],
    ],
    ['-', [['text', '-', '-']]],
    [
      '- a',
      [
        ['text', '-', '-'],
        ['text', 'a', 'a'],
      ],
    ],
    [
      '(-)',
      [
        ['open', '('],
        ['text', '-', '-'],
        ['close', ')'],
      ],
    ],
    ['--a', [['text', '--a', '--a']]],
    ['->', [['text', '->', '->']]],
    [
      '->a',
      [
        ['not', '-'],
        ['text', '>a', '>a'],
      ],
    ],
    ['!a', [['text', '!a', '!a']]],
    ['!', [['text', '!', '!']]],
    [
      '!(a)',
      [
        ['not', '!'],
        ['open', '('],
        ['text', 'a', 'a'],
        ['close', ')'],
      ],
    ],
    [
      '!"a"',
      [
        ['not', '!'],
        ['phrase', '"a"', 'a', false],
      ],
    ],
    [
      '!/a/',
      [
        ['not', '!'],
        ['regex', '/a/', 'a', ''],
      ],
    ],
    [
      '!a:b',
      [
        ['not', '!'],
        ['field', 'a:b', 'a', false, ':', 'b'],
      ],
    ],
    [
      '/a b/i c',
      [
        ['regex', '/a b/i', 'a b', 'i'],
        ['text', 'c', 'c'],
      ],
    ],
    ['/a', [['text', '/a', '/a']]],
    ['/a/b', [['text', '/a/b', '/a/b']]],
    [
      '(/a/)',
      [
        ['open', '('],
        ['regex', '/a/', 'a', ''],
        ['close', ')'],
      ],
    ],
    [
      '"a b"* c',
      [
        ['phrase', '"a b"*', 'a b', true],
        ['text', 'c', 'c'],
      ],
    ],
    [
      '"a", b',
      [
        ['phrase', '"a",', 'a', false],
        ['text', 'b', 'b'],
      ],
    ],
    [
      '"=", b',
      [
        ['phrase', '"="', '=', false],
        ['text', ',', ','],
        ['text', 'b', 'b'],
      ],
    ],
    [
      '"a": b',
      [
        ['phrase', '"a":', 'a', false],
        ['text', 'b', 'b'],
      ],
    ],
    ['"a":', [['phrase', '"a":', 'a', false]]],
    [
      '("a":)',
      [
        ['open', '('],
        ['phrase', '"a":', 'a', false],
        ['close', ')'],
      ],
    ],
    ['"a":b', [['field', '"a":b', 'a', true, ':', 'b']]],
    [
      '"a":"b c" d',
      [
        ['field', '"a":"b c"', 'a', true, ':', 'b c'],
        ['text', 'd', 'd'],
      ],
    ],
    ['"a\\"b\\\\c\\d"', [['phrase', '"a\\"b\\\\c\\d"', 'a"b\\c\\d', false]]],
    [
      '“a" b',
      [
        ['phrase', '“a"', 'a', false],
        ['text', 'b', 'b'],
      ],
    ],
    ['a:b', [['field', 'a:b', 'a', false, ':', 'b']]],
    ['a:', [['text', 'a:', 'a:']]],
    ['Host:', [['text', 'Host:', 'Host:']]],
    [
      '(a:)',
      [
        ['open', '('],
        ['text', 'a:', 'a:'],
        ['close', ')'],
      ],
    ],
    ['a:>=5', [['field', 'a:>=5', 'a', false, '>=', '5']]],
    ['a==5', [['field', 'a==5', 'a', false, '=', '5']]],
    ['a!=5', [['field', 'a!=5', 'a', false, '!=', '5']]],
    ['std::io', [['text', 'std::io', 'std::io']]],
    ['std:":io"', [['field', 'std:":io"', 'std', false, ':', ':io']]],
    ['host:http://x', [['field', 'host:http://x', 'host', false, ':', 'http://x']]],
    ['host://x', [['field', 'host://x', 'host', false, ':', '//x']]],
    ['a:1..3', [['range', 'a:1..3', 'a', { value: '1', isIncluded: true }, { value: '3', isIncluded: true }]]],
    ['a=..3', [['range', 'a=..3', 'a', null, { value: '3', isIncluded: true }]]],
    ['a>1..3', [['field', 'a>1..3', 'a', false, '>', '1..3']]],
    ['a:b..c', [['field', 'a:b..c', 'a', false, ':', 'b..c']]],
    ['a:..', [['field', 'a:..', 'a', false, ':', '..']]],
    [
      'level:warn..error',
      [
        [
          'range',
          'level:warn..error',
          'level',
          { value: 'warn', isIncluded: true },
          { value: 'error', isIncluded: true },
        ],
      ],
    ],
    [
      'a:{1 TO 3} b',
      [
        ['range', 'a:{1 TO 3}', 'a', { value: '1', isIncluded: false }, { value: '3', isIncluded: false }],
        ['text', 'b', 'b'],
      ],
    ],
    ['a:[* TO b]', [['range', 'a:[* TO b]', 'a', null, { value: 'b', isIncluded: true }]]],
    [
      'since:monday 9:30 a',
      [
        ['field', 'since:monday 9:30', 'since', false, ':', 'monday 9:30'],
        ['text', 'a', 'a'],
      ],
    ],
    [
      'since:"monday" 9:30',
      [
        ['field', 'since:"monday"', 'since', false, ':', 'monday'],
        ['text', '9:30', '9:30'],
      ],
    ],
    [
      'user:monday 9:30',
      [
        ['field', 'user:monday', 'user', false, ':', 'monday'],
        ['text', '9:30', '9:30'],
      ],
    ],
    ['after:10:00', [['field', 'after:10:00', 'since', false, ':', '10:00']]],
    ['after:monday 9:30', [['field', 'after:monday 9:30', 'since', false, ':', 'monday 9:30']]],
    ['after:"10:00"', [['field', 'after:"10:00"', 'after', false, ':', '10:00']]],
    ['after>10', [['field', 'after>10', 'after', false, '>', '10']]],
    ['before:ann', [['field', 'before:ann', 'before', false, ':', 'ann']]],
  ])('%s', (query, expected) => expect(shown(query)).toEqual(expected))
})

const messageOf = (query: string): string => {
  try {
    parseQuery(query, Date.UTC(2026, 10, 21), 'UTC')
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('the time of a line', () => {
  it.each([
    ['time:10:00', 'Write since:10:00.'],
    ['time<10:00', 'Write until:10:00.'],
    ['time>=10:00', 'Write since:10:00.'],
    ['time:10:00..11:00', 'Write since:10:00 until:11:00.'],
    ['time:[* TO 2026-11-21]', 'Write since:14:00 until:2026-11-21.'],
    ['time:[2026-11-20 TO *]', 'Write since:2026-11-20.'],
    ['n:[2026-11-20 TO 5]', 'Write since:2026-11-20 until:5.'],
    ['n:[5 TO 2026-11-20]', 'Write since:5 until:2026-11-20.'],
    ['last:1..5', 'Write since:1 until:5.'],
    ['ts:1..5', 'Write since:1 until:5.'],
  ])('%s is no attribute', (query, advice) => {
    expect(messageOf(query)).toContain(`the time of a line is searched with since: and until:. ${advice}`)
  })

  it('is one beside a value that is no time', () => expect(messageOf('time:5')).toBe(''))
})

describe('a query at its limits', () => {
  it.each([
    ['of 2,000 characters', 'a'.repeat(2_000), ''],
    ['of one more', 'a'.repeat(2_001), 'at most 2000 characters'],
    ['of 200 terms', 'a '.repeat(200), ''],
    ['of one more term', 'a '.repeat(201), 'at most 200 terms'],
    ['nested 30 deep', `${'('.repeat(30)}a${')'.repeat(30)}`, ''],
    ['nested one deeper', `${'('.repeat(31)}a${')'.repeat(31)}`, 'at most 30 deep'],
    ['with a regular expression of 500 characters', `/${'a'.repeat(500)}/`, ''],
    ['with a longer one', `/${'a'.repeat(501)}/`, 'has 501 characters'],
  ])('%s', (_, query, fault) => {
    if (fault === '') expect(messageOf(query)).toBe('')
    else expect(messageOf(query)).toContain(fault)
  })
})

describe('a time in a query', () => {
  it.each([
    ['last:1h OR a', true],
    ['a OR last:1h', true],
    ['a OR last:1h b', false],
    ['a last:1h OR b', false],
    ['a OR b last:1h', false],
    ['(a OR b) last:1h', false],
    ['(a) (last:1h)', true],
    ['(a) last:1h (b)', false],
    ['NOT last:1h', true],
    ['last:1h NOT a', false],
    ['last:1h', false],
    ['last<1h', true],
    ['last=1h', false],
  ])('%s is refused: %s', (query, isRefused) => expect(messageOf(query) !== '').toBe(isRefused))

  it.each([
    ['last:0m', 'is not a duration'],
    ['last:400000y', 'is not a duration'],
    ['since:9000000000000', ''],
    ['last:1h until:1h', 'since is not before until'],
    ['last:1h until:59m', ''],
    ['since:10:00 until:10:00 today', 'since is not before until'],
  ])('%s', (query, fault) => {
    if (fault === '') expect(messageOf(query)).toBe('')
    else expect(messageOf(query)).toContain(fault)
  })

  it.each([
    ['since:22:00 until:10:00', '2026-11-20T22:00 to 2026-11-21T10:00'],
    ['since:22:00 until:10:01', ''],
    ['until:14:00 since:13:00', '2026-11-20T13:00 to 2026-11-20T14:00'],
    ['until:9:00 last:14h', '2026-11-20T21:00 to 2026-11-21T09:00'],
    ['until:9:00 last:15h', ''],
    ['since:2026-11-20T05:00Z since:2026-11-20T06:00Z', '2026-11-20T06:00 to …'],
    ['until:2026-11-20T05:00Z until:2026-11-20T06:00Z', '… to 2026-11-20T05:00'],
  ])('%s is %s', (query, expected) => {
    const now = Date.UTC(2026, 10, 21, 11)
    const read = () => {
      const { from, until } = parseQuery(query, now, 'UTC')
      return [from, until].map(at => (at === null ? '…' : new Date(at).toISOString().slice(0, 16))).join(' to ')
    }
    if (expected === '') expect(read).toThrow('since is not before until')
    else expect(read()).toBe(expected)
  })

  it('is taken out of the text, also a whole day', () => {
    expect(splitTimes('a yesterday b OR c last:1h')).toEqual({
      condition: 'a  b OR c',
      times: 'yesterday last:1h',
      hasAlternatives: true,
    })
    expect(splitTimes('"last":1h a')).toEqual({ condition: '"last":1h a', times: '', hasAlternatives: false })
  })
})

describe('an error', () => {
  const parts = (query: string, at: number, end: number) => {
    const { message, fields } = syntaxError(query, { at, end }, 'no.')
    return [message, ...fields!.where!.split('\n')]
  }
  const long = 'x'.repeat(200)

  it('shows sixty characters on each side, and as many carets', () => {
    expect(parts('ab cd ef', 3, 5)).toEqual(['At character 4 (cd): no.', 'ab cd ef', '   ^^'])
    expect(parts('ab', 2, 2)).toEqual(['At the end of the query: no.', 'ab', '  ^'])
    expect(parts('ab', 1, 1)).toEqual(['At character 2 (b): no.', 'ab', ' ^'])
    const [message, line, carets] = parts(`${long}${'y'.repeat(100)}${long}`, 200, 300)
    expect(message).toContain('At character 201 (')
    expect([line!.length, line!.indexOf('y'), carets!.indexOf('^'), carets!.length]).toEqual([220, 60, 60, 120])
    expect(parts(`a\tb${long}`, 0, 1).slice(1)).toEqual([`a b${'x'.repeat(58)}`, '^'])
  })
})

it('a query is restricted to a project, and to a time when it has none', () => {
  const query = { where: null, from: null, until: null }
  const project = { kind: 'field', field: 'project', value: 'shop' }
  const word = { kind: 'word' as const, text: 'a', prefix: false }
  expect(scopeToProject(query, 'sh*op')).toEqual({ ...query, where: project })
  expect(scopeToProject({ ...query, where: word }, 'shop').where).toEqual({ kind: 'and', parts: [project, word] })
  expect(withDefaultStart(query, 5)).toEqual({ ...query, from: 5 })
  expect(withDefaultStart({ ...query, until: 9 }, 5)).toEqual({ ...query, until: 9 })
  expect(withDefaultStart({ ...query, from: 1 }, 5)).toEqual({ ...query, from: 1 })
})

it.each([
  ['server.ts', ':', '12', true],
  ['server.ts', ':', 'x', false],
  ['status', ':', '12', false],
  ['localhost', ':', '80', true],
  ['localhost', ':', '8', false],
  ['md5', ':', '0123456789ab', true],
  ['md5', ':', '0123', false],
  ['id', ':', '0123456789ab', false],
  ['TypeError', ':', 'x', true],
  ['TypeError', '=', 'x', false],
  ['urn', ':', 'x', true],
  ['a', '<', '5', false],
  ['a', '<', 'b,c', true],
  ['a', '<=', 'b,c', false],
  ['a', ':', '=x', true],
  ['a-', ':', 'x', true],
  ['fe80', ':', ':1', true],
])('%s%s%s is text: %s', (name, sign, value, expected) => expect(isPlainText(name, sign, value)).toBe(expected))
