// What the engine is asked of each condition, and whether its answer decides; what each line is stored as.
import { describe, expect, it } from 'vitest'
import type { LogLine } from '../../line.ts'
import { aLine } from '../../query/lines.testing.ts'
import type { Comparison, QueryNode } from '../../query/tree.ts'
import { compile } from './compile.ts'
import {
  cut,
  documentOf,
  folded,
  MAX_PATH_LENGTH,
  MAX_TERM_LENGTH,
  pathTerm,
  plainDocumentOf,
  sortableNumber,
} from './document.ts'

const anyOf = (...should: object[]) => ({ bool: { should, minimum_should_match: 1 } })
const word = (text: string, prefix = false): QueryNode => ({ kind: 'word', text, prefix })
const phrase = (words: string[], prefix?: boolean): QueryNode => {
  return prefix === undefined ? { kind: 'phrase', words } : { kind: 'phrase', words, prefix }
}
const field = (name: 'host' | 'group' | 'trace', value: string): QueryNode => ({ kind: 'field', field: name, value })
const attribute = (path: string, comparison: Comparison, value: string): QueryNode => {
  return { kind: 'attribute', path, comparison, value }
}
const regex = (source: string): QueryNode => ({ kind: 'regex', source, caseless: false })
const and = (...parts: QueryNode[]): QueryNode => ({ kind: 'and', parts })
const or = (...parts: QueryNode[]): QueryNode => ({ kind: 'or', parts })
const not = (part: QueryNode): QueryNode => ({ kind: 'not', part })
const level = (comparison: Comparison): QueryNode => ({ kind: 'level', comparison, level: 'warn' })
const inWords = (clause: (field: string) => object) => anyOf(...['w', 'ws', 'wa'].map(clause))
const term = (value: string) => (name: string) => ({ term: { [name]: { value } } })
const ALL = { match_all: {} }
const HOST = { term: { f_host: 'a' } }
const LONG = 'x'.repeat(MAX_TERM_LENGTH - 2)

describe('a condition that the index decides', () => {
  it.each<[string, QueryNode | null, object]>([
    ['none', null, ALL],
    ['no parts', and(), ALL],
    ['no alternatives', or(), { match_none: {} }],
    ['parts', and(field('host', 'a'), level('=')), { bool: { filter: [HOST, { term: { lv: 3 } }] } }],
    ['alternatives', or(field('host', 'a'), level('=')), anyOf(HOST, { term: { lv: 3 } })],
    ['a negation', not(field('host', 'a')), { bool: { must_not: [HOST] } }],
    ['a word', word('Paid'), inWords(term('paid'))],
    ['no word', word('->'), { match_none: {} }],
    ['the beginning of a word', word('pa', true), inWords(name => ({ prefix: { [name]: { value: 'pa' } } }))],
    [
      'an id',
      word('AB12cd34'),
      anyOf(
        ...['w', 'ws', 'wa'].map(term('ab12cd34')),
        { term: { trace: 'ab12cd34' } },
        { term: { span: 'ab12cd34' } },
      ),
    ],
    [
      'the beginning of an id',
      word('ab12cd34', true),
      inWords(name => ({ prefix: { [name]: { value: 'ab12cd34' } } })),
    ],
    ['a phrase', phrase(['is', 'paid']), inWords(name => ({ match_phrase: { [name]: { query: 'is paid' } } }))],
    ['a long word', word(LONG), inWords(term(LONG))],
    ['a level', level('<'), { range: { lv: { lt: 3 } } }],
    ['a level and below', level('<='), { range: { lv: { lte: 3 } } }],
    ['above a level', level('>'), { range: { lv: { gt: 3 } } }],
    ['a level and above', level('>='), { range: { lv: { gte: 3 } } }],
    ['a value', field('host', 'A'), HOST],
    ['a long value', field('host', LONG), { term: { f_host: LONG } }],
    ['an id as a field', field('trace', 'A'), { term: { trace: 'a' } }],
    ['no value', field('host', ''), { bool: { must_not: [{ exists: { field: 'f_host' } }] } }],
    ['any value', field('host', '*'), { exists: { field: 'f_host' } }],
    ['any value twice', field('host', '**'), { exists: { field: 'f_host' } }],
    ['the beginning of a value', field('host', 'A*'), { prefix: { f_host: { value: 'a' } } }],
    ['the beginning of a value, twice', field('host', 'A**'), { prefix: { f_host: { value: 'a' } } }],
    ['a branch of another field', field('host', 'a/*'), { prefix: { f_host: { value: 'a/' } } }],
    [
      'a branch',
      field('group', 'prod/*'),
      anyOf({ prefix: { f_group: { value: 'prod/' } } }, { term: { f_group: 'prod' } }),
    ],
    ['an attribute', attribute('user', '=', 'Ann'), { term: { at: '4:user=ann' } }],
    ['an attribute that is empty', attribute('user', '=', ''), { term: { at: '4:user=' } }],
    ['the beginning of an attribute', attribute('user', '=', 'An*'), { prefix: { at: { value: '4:user=an' } } }],
    ['any attribute', attribute('us*er', '=', '*'), { wildcard: { at: { value: '5:us\\*er=?*' } } }],
    ['a number that is none', attribute('n', '<', 'x'), { match_none: {} }],
    ...(
      [
        ['<', { gte: '0'.repeat(16), lt: '5' }],
        ['<=', { gte: '0'.repeat(16), lte: '5' }],
        ['>', { gt: '5', lte: 'f'.repeat(16) }],
        ['>=', { gte: '5', lte: 'f'.repeat(16) }],
      ] as const
    ).map(([sign, bounds]): [string, QueryNode, object] => {
      const at = (text: string) => pathTerm('n', text === '5' ? sortableNumber(5) : text)
      const an = Object.fromEntries(Object.entries(bounds).map(([name, text]) => [name, at(text)]))
      return [`a number ${sign}`, attribute('n', sign, '5'), { range: { an } }]
    }),
  ])('%s', (_, node, filter) => expect(compile(node)).toEqual({ filter, isExact: true }))
})

describe('a condition that Vakt decides on the lines that may match', () => {
  const begun = (name: string, phrase: object) => ({
    bool: { filter: [phrase, { prefix: { [name]: { value: 'ca' } } }] },
  })
  const within = (run: string) =>
    anyOf(...['w', 'ws'].map(name => ({ wildcard: { [name]: { value: `*${run}*` } } })), { term: { cut: true } })
  it.each<[string, QueryNode, object]>([
    ['a phrase with a beginning', phrase(['by', 'ca'], true), inWords(name => begun(name, { term: { [name]: 'by' } }))],
    [
      'a longer one',
      phrase(['is', 'by', 'ca'], true),
      inWords(name => begun(name, { match_phrase: { [name]: 'is by' } })),
    ],
    ['a word that may be cut', word(`${LONG}y`), inWords(term(`${LONG}y`))],
    ['a word that is cut', word(`${LONG}yyyy`), inWords(term(`${LONG}yy`))],
    ['a value that may be cut', field('host', `${LONG}y`), { term: { f_host: `${LONG}y` } }],
    ['a beginning that may be cut', field('host', `${LONG}y*`), { prefix: { f_host: { value: `${LONG}y` } } }],
    [
      'a pattern',
      field('host', 'w?b*1'),
      anyOf({ wildcard: { f_host: { value: 'w\\?b*1' } } }, { term: { cut: true } }),
    ],
    [
      'a pattern that begins anyhow',
      field('host', '*1'),
      anyOf({ wildcard: { f_host: { value: '*1' } } }, { term: { cut: true } }),
    ],
    [
      'a pattern of an attribute',
      attribute('u', '=', 'a*b'),
      anyOf({ wildcard: { at: { value: '1:u=a*b' } } }, { term: { cut: true } }),
    ],
    ['a pattern that is too long', field('host', `*${LONG}yy`), ALL],
    ['half a character', field('host', '\ud800'), ALL],
    ['half a character in a path', attribute('\ud800', '=', 'a'), ALL],
    ['a path that is too long', attribute('p'.repeat(MAX_PATH_LENGTH + 1), '=', 'a'), ALL],
    ['a regular expression', regex('card.*fail'), { bool: { filter: [within('card'), within('fail')] } }],
    ['of which short texts are not asked', regex('card.*to'), { bool: { filter: [within('card')] } }],
    ['of which nothing is certain', regex('(a|b)'), ALL],
    ['the negation of one', not(regex('card')), ALL],
    ['parts, of which one', and(field('host', 'a'), regex('.')), { bool: { filter: [HOST, ALL] } }],
    ['alternatives, of which one', or(field('host', 'a'), regex('.')), anyOf(HOST, ALL)],
  ])('%s', (_, node, filter) => expect(compile(node)).toEqual({ filter, isExact: false }))

  it.each([
    ['9007199254740990', true, 'lt'],
    ['9007199254740991', false, 'lte'],
    ['-9007199254740990', true, 'lt'],
    ['-9007199254740991', false, 'lte'],
  ])('a number that shares its term with others: %s', (value, isExact, sign) => {
    const { filter, isExact: found } = compile(attribute('n', '<', value))
    expect([Object.keys((filter as { range: { an: object } }).range.an), found]).toEqual([['gte', sign], isExact])
    const above = compile(attribute('n', '>', value)).filter as { range: { an: object } }
    expect(Object.keys(above.range.an)).toEqual([sign.replace('l', 'g'), 'lte'])
  })

  it('a pattern or a path of the longest length is asked', () => {
    expect(compile(field('host', `*${LONG}y`)).filter).not.toEqual(ALL)
    expect(compile(attribute('p'.repeat(MAX_PATH_LENGTH), '=', 'a')).isExact).toBe(true)
  })

  it('so many parts that the engine refuses them', () => {
    const parts = (count: number) => or(...Array.from({ length: count }, () => field('host', 'a')))
    expect(compile(parts(399)).isExact).toBe(true)
    expect(compile(parts(400))).toEqual({ filter: ALL, isExact: false })
    // A word counts once for each place where it may be.
    const words = (count: number) => or(...Array.from({ length: count }, () => word('a')))
    expect(compile(words(66)).isExact).toBe(true)
    expect(compile(words(67)).isExact).toBe(false)
    const runs = (count: number) => and(...Array.from({ length: count }, () => regex('card')))
    expect(compile(runs(99)).filter).not.toEqual(ALL)
    expect(compile(runs(100)).filter).toEqual(ALL)
  })

  it('parts within so many others that the engine refuses them', () => {
    const nested = (depth: number): QueryNode => (depth === 1 ? field('host', 'a') : not(nested(depth - 1)))
    expect(compile(nested(12)).isExact).toBe(true)
    expect(compile(nested(13)).isExact).toBe(false)
    const words = (depth: number): QueryNode => (depth === 2 ? word('a') : and(words(depth - 1), field('host', 'a')))
    expect(compile(words(12)).isExact).toBe(true)
    expect(compile(words(13)).isExact).toBe(false)
  })
})

describe('a line', () => {
  const line = (changes: Partial<LogLine> = {}): LogLine => ({ ...aLine(changes), id: '00000000011' })
  const shown = (changes: Partial<LogLine>) => {
    const { l, t, pos, lv, project, f_project, w, ...rest } = documentOf(line(changes), 1)
    return rest
  }

  it('is stored with its words, its values as they are and folded, and its whole text', () => {
    const full = line({
      ...{ level: 'warn', message: 'Is Paid', stack: 'At Cart', project: 'Shop', source: 'Api', host: 'Web-1' },
      ...{ group: 'Prod', tags: ['EU', 'us'], fingerprint: 'F', traceId: 'AB12CD34', spanId: 'S' },
      attributes: { User: 'Ann', n: 5, list: [1, '2', '2'], inner: { x: true, y: null } },
    })
    const at = [
      '4:User=ann',
      '1:n=5',
      '4:list=1',
      '4:list=2',
      '5:inner={"x":true,"y":null}',
      '7:inner.x=true',
      '7:inner.y=null',
    ]
    const an = [`1:n=${sortableNumber(5)}`, `4:list=${sortableNumber(1)}`, `4:list=${sortableNumber(2)}`]
    expect(documentOf(full, 7)).toEqual({
      ...{ t: full.timestamp, pos: 7, lv: 3, l: JSON.stringify(full) },
      ...{ w: 'is paid', ws: 'at cart', wa: expect.stringMatching(/^ann .*\bs$/) },
      ...{ project: 'Shop', source: 'Api', host: 'Web-1', group: 'Prod', fingerprint: 'F', tag: ['EU', 'us'] },
      ...{
        f_project: 'shop',
        f_source: 'api',
        f_host: 'web-1',
        f_group: 'prod',
        f_fingerprint: 'f',
        f_tag: ['eu', 'us'],
      },
      ...{ trace: 'ab12cd34', span: 's', at, an },
    })
  })

  it('has no field without a value', () => expect(shown({})).toEqual({}))

  it('that the engine refused has only what every line has', () => {
    const full = line({ host: 'h', project: 'P' })
    expect(plainDocumentOf(full, 7)).toEqual({
      ...{ t: full.timestamp, pos: 7, lv: 2, project: 'P', f_project: 'p', l: JSON.stringify(full), cut: true },
    })
  })

  const long = (length: number) => 'x'.repeat(length)
  it.each<[string, (length: number) => Partial<LogLine>]>([
    ['a word', length => ({ message: `a ${long(length)}` })],
    ['a word of the stack', length => ({ stack: `a ${long(length)}` })],
    ['a host', length => ({ host: long(length) })],
    ['a tag', length => ({ tags: ['a', long(length)] })],
    ['a trace', length => ({ traceId: long(length) })],
    ['a span', length => ({ spanId: long(length) })],
    ['an attribute', length => ({ attributes: { a: [long(length)] } })],
  ])('says that %s was cut when it is too long', (_, changes) => {
    expect(documentOf(line(changes(MAX_TERM_LENGTH)), 1).cut).toBe(undefined)
    const document = documentOf(line(changes(MAX_TERM_LENGTH + 1)), 1)
    expect(document.cut).toBe(true)
    const { l, ...terms } = document
    expect(JSON.stringify(terms)).not.toContain(long(MAX_TERM_LENGTH + 1))
  })

  it('has no terms for attributes with very long paths', () => {
    const path = (length: number) => ({ attributes: { ['p'.repeat(length)]: 'v' } })
    expect(shown(path(MAX_PATH_LENGTH)).at).toHaveLength(1)
    expect(shown(path(MAX_PATH_LENGTH + 1)).at).toBe(undefined)
  })

  it.each([
    ['shorter', 'ab', 'ab'],
    ['as long as a term may be', long(MAX_TERM_LENGTH), long(MAX_TERM_LENGTH)],
    ['longer', long(MAX_TERM_LENGTH + 1), long(MAX_TERM_LENGTH)],
    ['with half a character at the cut', `${long(MAX_TERM_LENGTH - 1)}😀`, long(MAX_TERM_LENGTH - 1)],
    ['with a character before the cut', `${long(MAX_TERM_LENGTH - 2)}😀a`, `${long(MAX_TERM_LENGTH - 2)}😀`],
    ['with the first one of a range at the cut', `${long(MAX_TERM_LENGTH - 1)}𐀀`, long(MAX_TERM_LENGTH - 1)],
    [
      'with a sign beyond pairs at the cut',
      `${long(MAX_TERM_LENGTH - 1)}\ue000a`,
      `${long(MAX_TERM_LENGTH - 1)}\ue000`,
    ],
  ])('has texts that are %s cut whole', (_, text, expected) => {
    expect(cut(text)).toBe(expected)
    expect(folded(text.toUpperCase())).toBe(expected)
  })

  it.each([
    [0, '8000000000000000'],
    [1, 'bff0000000000000'],
    [-1, '400fffffffffffff'],
    [-1.7976931348623157e308, '0010000000000000'],
    [9007199254740993n, 'c340000000000000'],
  ])('has the number %s as %s', (value, expected) => expect(sortableNumber(value)).toBe(expected))
})
