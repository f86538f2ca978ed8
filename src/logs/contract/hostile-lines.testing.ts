// Random lines and query trees made of texts that stores get wrong: escapes, NUL, folding, numbers, long words, many attributes.
import fc from 'fast-check'
import { DAY } from '../../time.ts'
import { LEVELS, type NewLine } from '../line.ts'
import { someLine, someQuery } from '../query/lines.testing.ts'
import { type Comparison, FIELDS, type Query, type QueryNode } from '../query/tree.ts'
import { batchOf, bytes, NOON, type Sent } from '../store.testing.ts'
import type { Batch } from '../store.ts'

const LINES_PER_BATCH = 50

const PIECES = [
  '\u001b[31mERROR\u001b[0m',
  'a\u202eb\u202c',
  'nul\0byte',
  'half\ud800pair',
  '\u200b',
  '\ufeff',
  'Überlauf',
  'ÜBERLAUF',
  'u\u0308berlauf',
  'İstanbul',
  'istanbul',
  'straße',
  'STRASSE',
  'ﬁle',
  'Σίσυφος',
  'ΣΊΣΥΦΟΣ',
  'ªb',
  'foo_bar',
  'foo',
  'bar',
  'foo.bar',
  'foo-bar',
  '__proto__',
  'constructor',
  'null',
  'true',
  'NaN',
  '1e3',
  '1000',
  '+5',
  '5',
  '.5',
  '0.5',
  '-0',
  '0',
  '10KiB',
  '1_000',
  '0x10',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551615',
  '-9223372036854775808',
  '漢字',
  '東京都庁',
  '京都',
  'カタカナ',
  'ｶﾀｶﾅ',
  '데이터베이스',
  'ข้อมูล',
  '👍🏽',
  '🇳🇴',
  '10.0.0.1',
  'C:\\temp\\x',
  '%41_%',
  '"quoted"',
  "it's",
  'a*b',
  '*',
  '(or)',
  'AND',
  'web-1',
  'prod/api',
  '4bf92f3577b34da6a3ce929d0e0e4736',
  'blk_904791815409399662',
  '',
]
const SIGNS = [' ', ' ', ' ', '=', ':', ', ', '/', '\n', '\t', '_', '.', '-', '|', '']
const PATHS = [
  'status',
  'http.status',
  'http',
  'a.b.c',
  'a.b',
  'list',
  'list.n',
  'size',
  'big',
  'k',
  'foo_bar',
  'Überlauf',
  'x"',
  ' ',
  '漢字',
  'n7',
  'n1199',
  'deep.list.x',
  '__proto__',
]
/** Whole numbers that JSON can write and JavaScript cannot hold; `bodyOf` writes them as numbers. */
const BIG_NUMBERS = ['9007199254740993', '9223372036854775807', '18446744073709551616', '-9223372036854775808']
const bigNumber = (digits: string) => `@@${digits}@@`

const piece = fc.constantFrom(...PIECES)
const text = fc
  .array(fc.tuple(piece, fc.constantFrom(...SIGNS)), { maxLength: 5 })
  .map(parts => parts.flat().join('').trim())
const scalar = fc.oneof(
  piece,
  text,
  fc.constantFrom(0, -0, 5, 0.5, 500, -1.5, 1000, 1e21, 5e-324),
  fc.integer(),
  fc.constantFrom(...BIG_NUMBERS).map(bigNumber),
  fc.constantFrom(true, false, null),
)
const attribute = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ status: 500 }, { b: { c: '1e3' } }, { 'b.c': 5 }, [{ n: 1 }, { n: '+5' }]),
  },
  { weight: 1, arbitrary: fc.constantFrom({ list: [{ x: 'foo_bar' }, { x: [1, '.5'] }] }, [], {}, [[]], [['foo']]) },
)

/** How long the longest words are, in characters. */
export type Size = { longWord: number }

/** Random hostile lines as a client sends them; few instants, so that many lines share one. */
const hostileLine: fc.Arbitrary<Sent> = fc
  .record({
    timestamp: fc.integer({ min: 0, max: 40 }).map(step => NOON - 20_000 + step * step * 100),
    level: fc.constantFrom(...LEVELS),
    message: text.map(own => own || 'empty'),
    stack: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: text }),
    source: piece,
    host: fc.oneof(fc.constantFrom('web-1', 'web-2', 'WEB-1'), piece),
    group: fc.constantFrom('', 'prod', 'prod/api', 'Prod/API/auth', 'production', 'Überlauf/漢字', 'foo_bar/x'),
    trace_id: fc.constantFrom('', '', '4bf92f3577b34da6a3ce929d0e0e4736', 'ab-42-b', 'Überlauf'),
    span_id: fc.constantFrom('', '', '00f067aa0ba902b7', '1e3'),
    tags: fc.array(piece, { maxLength: 3 }),
    attributes: fc.dictionary(fc.constantFrom(...PATHS), attribute, { maxKeys: 5, noNullPrototype: true }),
  })
  .map(line => Object.fromEntries(Object.entries(line).filter(([, own]) => own !== '')) as Sent)

/** Lines that are hostile by their size: words as long as a message, and 1,200 attributes. */
function hugeLines({ longWord }: Size): Sent[] {
  const many = Object.fromEntries(Array.from({ length: 1_200 }, (_, i) => [`n${i}`, i % 3 === 0 ? `v${i}` : i]))
  return [
    { message: 'w'.repeat(longWord), timestamp: NOON, host: 'web-1' },
    { message: `${'漢'.repeat(longWord / 3)} foo_bar`, timestamp: NOON + 1 },
    { message: `foo ${'é'.repeat(longWord / 2)}`, timestamp: NOON + 2, stack: 'w'.repeat(longWord) },
    { message: 'many attributes', timestamp: NOON + 3, attributes: many },
    {
      message: 'nested',
      timestamp: NOON + 4,
      attributes: { k: many, list: Object.keys(many), n7: 'w'.repeat(longWord) },
    },
  ]
}

/** A body of JSON of such lines, with big whole numbers as numbers. */
export function bodyOf(lines: readonly Sent[]): ArrayBuffer {
  return bytes(JSON.stringify(lines).replaceAll(/"@@(-?\d+)@@"/g, '$1'))
}

const relation = fc.constantFrom<Comparison>('=', '<', '<=', '>', '>=')
const wildcard = fc.oneof(
  { weight: 3, arbitrary: piece },
  { weight: 1, arbitrary: text },
  { weight: 2, arbitrary: fc.tuple(piece, fc.constantFrom('*', '**', '*a', '*0')).map(parts => parts.join('')) },
  { weight: 1, arbitrary: piece.map(own => `*${own.slice(1)}`) },
  { weight: 1, arbitrary: piece.map(own => `${own.slice(0, 2)}*${own.slice(-1)}`) },
  { weight: 1, arbitrary: fc.constantFrom('prod/*', 'Prod/api/*', 'überlauf/*', '*', '500', 'v300', '301', 'null') },
)
const number = fc.constantFrom('500', '-1.5', '1e3', '+5', '.5', '0', '-0', '10KiB', '9223372036854775807', '1e400', '')
const regexes = [
  'foo.bar',
  '[0-9]{19}',
  'ber(l|L)auf',
  '^$',
  '^a',
  'o{2,3}_',
  '漢|京',
  '[^\\x00-\\x7f]{2}',
  '\\d+KiB',
  '\\bbar\\b',
  '(?s)a.*b',
  '\\\\temp',
  '␀',
  'x$',
]

const leaf = fc.oneof(
  fc.record({ kind: fc.constant('word' as const), text: fc.oneof(piece, text), prefix: fc.boolean() }),
  fc.record({
    kind: fc.constant('word' as const),
    text: piece.map(own => own.slice(0, 2)),
    prefix: fc.constant(true),
  }),
  fc.record({
    kind: fc.constant('phrase' as const),
    words: fc.array(piece, { minLength: 1, maxLength: 3 }),
    prefix: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('level' as const), comparison: relation, level: fc.constantFrom(...LEVELS) }),
  fc.record({ kind: fc.constant('field' as const), field: fc.constantFrom(...FIELDS), value: wildcard }),
  fc.record({
    kind: fc.constant('attribute' as const),
    path: fc.constantFrom(...PATHS),
    comparison: fc.constant('=' as const),
    value: wildcard,
  }),
  fc.record({
    kind: fc.constant('attribute' as const),
    path: fc.constantFrom(...PATHS),
    comparison: relation,
    value: number,
  }),
  fc.record({ kind: fc.constant('regex' as const), source: fc.constantFrom(...regexes), caseless: fc.boolean() }),
) as fc.Arbitrary<QueryNode>

const node = fc.letrec<{ node: QueryNode }>(tie => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('node'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('node') }),
  ),
})).node

/** Random queries with every kind of node, half of them in a time range; some are made for the plainer lines of `someLine`. */
export const hostileQuery: fc.Arbitrary<Query> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        node,
        fc.option(fc.integer({ min: -20_000, max: 140_000 })),
        fc.option(fc.integer({ min: 0, max: 90_000 })),
      )
      .map(([where, from, length]) => ({
        where,
        from: from === null ? null : NOON + from,
        until: length === null ? null : NOON + (from ?? 0) + length,
      })),
  },
  { weight: 1, arbitrary: someQuery },
)

/** Random lines, half of them hostile, on several days, with several retentions and, by their keys, for several writers. */
export function randomBatches(lines: number, seed: number, size: Size): Batch[] {
  const plain = fc.sample(someLine, { numRuns: lines / 2, seed }).map(asSent)
  const hostile = [...hugeLines(size), ...fc.sample(hostileLine, { numRuns: lines / 2, seed })]
  const mixed = plain.flatMap((line, i) => [line, hostile[i]!])
  return Array.from({ length: Math.ceil(mixed.length / LINES_PER_BATCH) }, (_, i) =>
    batchOf([], {
      body: bodyOf(mixed.slice(i * LINES_PER_BATCH, (i + 1) * LINES_PER_BATCH)),
      receivedAt: NOON - (i % 3) * DAY,
      retentionMs: (1 + (i % 2)) * DAY,
      idempotencyKey: `batch ${seed} ${i}`,
    }),
  )
}

/** A random line as a client sends it. */
function asSent({ timestamp, level, message, stack, source, host, group, traceId, tags, attributes }: NewLine): Sent {
  const optional = { stack, source, host, group, trace_id: traceId }
  const given = Object.entries(optional).filter(([, text]) => text !== '')
  // The intake takes years before 1980 for mistakes. A few instants are shared by many lines.
  const at = new Date(4e11 + (timestamp % 7 === 0 ? Math.floor(timestamp / 1e11) * 1e11 : timestamp) / 2).toISOString()
  return { timestamp: at, level, message: message || 'empty', ...Object.fromEntries(given), tags, attributes }
}
