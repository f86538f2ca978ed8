// The meaning of a query tree, case by case.
import { describe, expect, it } from 'vitest'
import type { NewLine } from '../line.ts'
import { aLine } from './lines.testing.ts'
import { matches, matchesQuery } from './matches.ts'
import type { QueryNode } from './tree.ts'

const line = aLine({
  level: 'warn',
  message: 'Connection to db-1 TIMED OUT after 30s (Ünï)',
  stack: 'Error: refused\n    at connect (net.js:10)',
  project: 'shop',
  source: 'API',
  group: 'prod/api/auth',
  tags: ['payments', 'EU'],
  traceId: 'ab12',
  attributes: {
    user_id: 42,
    snowflake: '1150736271837286401',
    ok: true,
    'http.status': '503',
    http: { method: 'GET', codes: [1, 2] },
    items: [{ sku: 'A-1' }, { sku: 'B-2' }],
    nothing: null,
  },
})

const word = (text: string, prefix = false): QueryNode => ({ kind: 'word', text, prefix })
const phrase = (words: string, prefix = false): QueryNode => ({ kind: 'phrase', words: words.split(' '), prefix })
const field = (name: 'group' | 'tag' | 'source' | 'host' | 'trace' | 'project', value: string): QueryNode => ({
  kind: 'field',
  field: name,
  value,
})
const attribute = (path: string, value: string, comparison: '=' | '<' | '>=' | '>' = '='): QueryNode => ({
  kind: 'attribute',
  path,
  comparison,
  value,
})
const level = (comparison: '=' | '<' | '<=' | '>' | '>='): QueryNode => ({ kind: 'level', comparison, level: 'warn' })
const regex = (source: string, caseless = false): QueryNode => ({ kind: 'regex', source, caseless })

const matching: [string, QueryNode][] = [
  ['a word in any case', word('timed')],
  ['a word without its accents', word('uni')],
  ['a word of the stack', word('refused')],
  ['the beginning of a word', word('connect', true)],
  ['a text of several words as a phrase', word('db-1')],
  ['words in a row over signs', phrase('db 1 timed out')],
  ['a phrase whose last word only begins', phrase('timed ou', true)],
  ['the same level', level('=')],
  ['at least', level('>=')],
  ['a field in any case', field('source', 'api')],
  ['a group exactly', field('group', 'PROD/api/auth')],
  ['a group below', field('group', 'prod/*')],
  ['a branch itself', field('group', 'prod/api/auth/*')],
  ['a star in the middle', field('group', 'p*/auth')],
  ['one tag of several', field('tag', 'eu')],
  ['a line without the field', field('host', '')],
  ['a trace', field('trace', 'AB*')],
  ['a number as text', attribute('user_id', '42')],
  ['a boolean as text', attribute('ok', 'true')],
  ['null as text', attribute('nothing', 'null')],
  ['a name that holds dots', attribute('http.status', '503')],
  ['a path into an object', attribute('http.method', 'get')],
  ['an item of an array', attribute('http.codes', '2')],
  ['a path through an array', attribute('items.sku', 'b-*')],
  ['any value', attribute('user_id', '*')],
  ['a number in a text', attribute('http.status', '500', '>=')],
  ['less', attribute('user_id', '42.5', '<')],
  ['a number of 64 bits', attribute('snowflake', '1150736271837286401')],
  ['more than another number of 64 bits', attribute('snowflake', '1150736271837286400', '>')],
  ['a number of 64 bits less than it', attribute('snowflake', '1150736271837286402', '<')],
  ['a regular expression', regex('db-\\d TIMED')],
  ['a caseless one', regex('timed (out|in)', true)],
  ['one over the stack', regex('net\\.js:\\d+')],
  ['both', { kind: 'and', parts: [word('timed'), level('=')] }],
  ['either', { kind: 'or', parts: [word('absent'), level('=')] }],
  ['not', { kind: 'not', part: word('absent') }],
  ['no conditions at all', { kind: 'and', parts: [] }],
]

const failing: [string, QueryNode][] = [
  ['a part of a word', word('time')],
  ['the beginning of no word', word('onnect', true)],
  ['signs alone', word('=>')],
  ['words in another order', phrase('out timed')],
  ['words with another between', phrase('connection timed')],
  ['a phrase from message into stack', phrase('uni error')],
  ['a level above', level('>')],
  ['a level below', level('<')],
  ['a part of a field', field('source', 'ap')],
  ['a group beside', field('group', 'prod/ap/*')],
  ['a group above without a star', field('group', 'prod')],
  ['any value of a missing field', field('host', '*')],
  ['no tags', field('tag', '')],
  ['a star over letters that are used already', field('project', '*hop*op')],
  ['two stars over the same letters', field('project', 'sho*op')],
  ['a field as an attribute', attribute('project', 'shop')],
  ['a missing attribute', attribute('absent', '*')],
  ['a method of objects', attribute('constructor', '*')],
  ['a comparison with a text', attribute('http.method', '1', '>')],
  ['a comparison with no number', attribute('user_id', 'x', '<')],
  ['more than the same number of 64 bits', attribute('snowflake', '1150736271837286401', '>')],
  ['more', attribute('user_id', '42', '>')],
  ['another case in a regular expression', regex('timed out')],
  ['one of two', { kind: 'and', parts: [word('timed'), word('absent')] }],
  ['none of two', { kind: 'or', parts: [word('missing'), word('absent')] }],
  ['no alternatives at all', { kind: 'or', parts: [] }],
]

describe('a query tree', () => {
  it.each(matching)('matches %s', (_, node) => expect(matches(node, line)).toBe(true))
  it.each(failing)('does not match %s', (_, node) => expect(matches(node, line)).toBe(false))

  it('includes the start of its time range and excludes the end', () => {
    const at = (timestamp: number): NewLine => aLine({ timestamp })
    const query = { where: null, from: 1000, until: 2000 }
    expect([999, 1000, 1999, 2000].map(time => matchesQuery(query, at(time)))).toEqual([false, true, true, false])
    expect(matchesQuery({ ...query, where: word('absent') }, at(1000))).toBe(false)
    expect(matchesQuery({ where: word('started'), from: null, until: null }, at(-5))).toBe(true)
  })

  it('compares levels in their order', () => {
    const matchesAt = (lineLevel: NewLine['level']) => matches(level('<='), aLine({ level: lineLevel }))
    expect((['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const).map(matchesAt)).toEqual([
      ...[true, true, true, true, false, false],
    ])
  })
})
