// Log lines and query trees for tests: one plain line to vary, and random ones that often match each other.
import fc from 'fast-check'
import type { NewLine } from '../line.ts'
import { LEVELS } from '../line.ts'
import type { Comparison, Query, QueryNode } from './tree.ts'
import { FIELDS } from './tree.ts'

/** A line with nothing but a message, with changes. */
export function aLine(changes: Partial<NewLine> = {}): NewLine {
  return {
    timestamp: Date.UTC(2026, 10, 21, 12),
    receivedAt: Date.UTC(2026, 10, 21, 12),
    level: 'info',
    message: 'started',
    project: 'default',
    source: '',
    host: '',
    group: '',
    tags: [],
    fingerprint: '',
    stack: '',
    traceId: '',
    spanId: '',
    attributes: {},
    ...changes,
  }
}

// Few distinct pieces, so that random queries often match random lines; some are hostile to a parser.
const pieces = [
  'error',
  'Timeout',
  'or',
  'NOT',
  'today',
  'a',
  'b',
  '42',
  'prod',
  'web-1',
  'é',
  'last',
  '漢字',
  '漢字字漢a',
  'ข้อมูล',
  'มูล',
  'ab12cd34',
  '_',
  'x"y',
]
const signs = [' ', ' ', ': ', '-', '/', '\\', '"', '(', ')', '*', '.', "'", '=', '>', '“', '\n']
const piece = fc.constantFrom(...pieces)
const text = fc.array(fc.tuple(piece, fc.constantFrom(...signs)), { maxLength: 6 }).map(parts => parts.flat().join(''))
const value = fc.oneof(
  piece,
  text,
  fc.constantFrom('1..3', '10:00', '*', 'pro*', '*o*', 'prod/*', 'prod/api', '', '500', '-1.5'),
)
const path = fc.constantFrom(
  'status',
  'http.status',
  'user_id',
  'host',
  'a b',
  'level',
  'x"',
  'last',
  '@t',
  '12',
  'a:b',
  'after',
  'timestamp',
)
const relation = fc.constantFrom<Comparison>('=', '<', '<=', '>', '>=')

/** Random lines made of the pieces that random queries are made of. */
export const someLine: fc.Arbitrary<NewLine> = fc
  .record({
    timestamp: fc.integer({ min: 0, max: 2e12 }),
    level: fc.constantFrom(...LEVELS),
    message: text,
    stack: text,
    source: value,
    host: value,
    group: fc.constantFrom('', 'prod', 'prod/api', 'Prod/API/auth', 'production'),
    traceId: fc.constantFrom('', '', 'ab12cd34', 'AB12CD34', 'ab-42-b'),
    tags: fc.array(piece, { maxLength: 3 }),
    attributes: fc.dictionary(path, fc.oneof(value, fc.integer(), fc.boolean(), fc.constant({ status: 500 })), {
      maxKeys: 4,
    }),
  })
  .map(aLine)

const regex = fc.constantFrom('err.r', '^a', 'a/b', 'x\\/y', 'o|NOT', '[/"]', '\\(', 'e{2,3}', 'a b', '\\\\', '"', ' ')

/** Random trees of everything a query can hold. */
export const someNode: fc.Arbitrary<QueryNode> = fc.letrec<{ node: QueryNode; leaf: QueryNode }>(tie => ({
  leaf: fc.oneof(
    fc.record({ kind: fc.constant('word' as const), text: fc.oneof(piece, text), prefix: fc.boolean() }),
    fc.record({
      kind: fc.constant('phrase' as const),
      words: fc.array(piece, { minLength: 1, maxLength: 3 }),
      prefix: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('level' as const), comparison: relation, level: fc.constantFrom(...LEVELS) }),
    fc.record({ kind: fc.constant('field' as const), field: fc.constantFrom(...FIELDS), value }),
    fc.record({ kind: fc.constant('attribute' as const), path, comparison: fc.constant('=' as const), value }),
    fc.record({
      kind: fc.constant('attribute' as const),
      path,
      comparison: relation,
      value: fc.constantFrom('500', '-1.5', '1e3', '0'),
    }),
    fc.record({ kind: fc.constant('regex' as const), source: regex, caseless: fc.boolean() }),
  ),
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('leaf'),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('node'), { maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('node') }),
  ),
})).node

/** Random queries: a condition or none, between two instants or none. */
export const someQuery: fc.Arbitrary<Query> = fc
  .tuple(
    fc.option(someNode),
    fc.option(fc.integer({ min: 0, max: 1e12 })),
    fc.option(fc.integer({ min: 1, max: 1e12 })),
  )
  .map(([where, from, length]) => ({ where, from, until: length === null ? null : (from ?? 0) + length }))
