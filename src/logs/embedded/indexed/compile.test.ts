// What the index decides by itself: searches that must be fast at any size never read lines to decide.
import { describe, expect, it } from 'vitest'
import type { QueryNode } from '../../query/tree.ts'
import { planFor } from './compile.ts'
import type { Vocabulary } from './field-plan.ts'
import { MATCH_ALL, MATCH_NONE } from './plan.ts'

const vocabulary: Vocabulary = {
  wordVersion: 2,
  valuesOf: field => (field === 'host' ? ['web-1', 'WEB-1', 'web-2', 'db'] : null),
  wordsWithPrefix: prefix => (prefix === 'time' ? ['time', 'timeout'] : null),
}
const word = (text: string, prefix = false): QueryNode => ({ kind: 'word', text, prefix })
const field = (name: 'host' | 'group' | 'source' | 'tag' | 'trace', value: string): QueryNode => ({
  kind: 'field',
  field: name,
  value,
})
const and = (...parts: QueryNode[]): QueryNode => ({ kind: 'and', parts })
const or = (...parts: QueryNode[]): QueryNode => ({ kind: 'or', parts })
const not = (part: QueryNode): QueryNode => ({ kind: 'not', part })
const errors: QueryNode = { kind: 'level', comparison: '>=', level: 'error' }
const user: QueryNode = { kind: 'attribute', path: 'user_id', comparison: '=', value: '42' }
const regex: QueryNode = { kind: 'regex', source: 'x', caseless: false }

const plan = (node: QueryNode | null) => planFor(node, vocabulary)

describe('the plan for a query', () => {
  it.each<[string, QueryNode, string]>([
    ['a word', word('Timeout'), '"timeout"'],
    ['a phrase', { kind: 'phrase', words: ['timed', 'out-now'] }, '"timed out now"'],
    ['a word by its beginning', word('time', true), '("time" OR "timeout")'],
    [
      'a word and two fields',
      and(word('a'), field('host', 'db'), errors),
      '("a" AND fields : "ªh0db" AND (fields : "ªl4" OR fields : "ªl5"))',
    ],
    ['one word without another', and(word('a'), not(word('b')), not(word('c'))), '("a" NOT ("b" OR "c"))'],
    ['a branch of a group', field('group', 'prod/*'), '(fields : "ªg0prod" OR fields : "ªb0prod")'],
    [
      'every host that fits',
      field('host', 'web*'),
      expect.stringMatching(/^\(fields : "ªh1\w{16}" OR fields : "ªh1\w{16}"\)$/),
    ],
  ])('leaves %s to the index', (_, node, expression) => {
    expect(plan(node)).toEqual({ expression, isEmpty: false, isExact: true, likePatterns: [] })
  })

  it.each<[string, QueryNode]>([
    ['no words at all', word('-')],
    ['a host that no line has', field('host', 'nowhere*')],
    ['no alternatives', or()],
    ['something beside nothing', and(word('a'), or())],
    ['not anything', not(and())],
  ])('knows that no line can match %s', (_, node) => expect(plan(node).isEmpty).toBe(true))

  it('knows what every line matches', () => {
    expect(plan(null)).toEqual(MATCH_ALL)
    expect(plan(and())).toEqual(MATCH_ALL)
    expect(plan(or(word('a'), and()))).toEqual(MATCH_ALL)
    expect(plan(not(or()))).toEqual(MATCH_ALL)
    expect(plan(or(MATCH_NONE.isEmpty ? or() : and(), word('a'))).expression).toBe('"a"')
  })

  it('asks the index for what it can decide, and the line for the rest', () => {
    expect(plan(and(word('a'), regex))).toMatchObject({ expression: '"a"', isExact: false })
    expect(plan(and(word('a'), user))).toEqual({
      expression: '"a"',
      isEmpty: false,
      isExact: false,
      likePatterns: ['%42%'],
    })
    expect(plan(or(word('a'), regex))).toMatchObject({ expression: null, isExact: false })
    expect(plan(not(regex))).toMatchObject({ expression: null, isExact: false })
    expect(plan(and(word('a'), not(user)))).toMatchObject({ expression: '"a"', isExact: false, likePatterns: [] })
    expect(plan(word('x', true))).toMatchObject({ expression: null, isExact: false })
    expect(plan(field('tag', 'x*'))).toMatchObject({ expression: null, isExact: false })
    expect(plan(field('host', ''))).toMatchObject({ expression: null, isExact: false })
  })
})
