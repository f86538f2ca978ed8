// Patterns with stars, and the values at a path of attributes, at their edges.
import { describe, expect, it } from 'vitest'
import { attributeValues, readNumber, valueNumber, valueText } from './attributes.ts'
import { wildcardTest } from './wildcard.ts'

it.each<[pattern: string, matching: string[], other: string[]]>([
  ['web', ['web', 'WEB'], ['web-1', '', 'we']],
  ['', [''], ['a']],
  ['*', ['a', ' '], ['']],
  ['web*', ['web', 'web-1'], ['aweb', 'we']],
  ['*web', ['web', 'my-web'], ['webs', 'eb']],
  ['a*a', ['aa', 'aba'], ['a', 'ab']],
  ['ab*ba', ['abba', 'abxba'], ['aba']],
  ['*b*', ['b', 'abc', 'bb'], ['ac']],
  ['a*b*c', ['abc', 'axbyc', 'abbc'], ['acb', 'ac']],
  ['a*bb*c', ['abbc', 'abbbc'], ['abc', 'abxbc']],
  ['a*x*x*c', ['axxc', 'axyxc'], ['axc']],
  ['*ab*ab*', ['abab', 'xabyabz'], ['ab', 'aba', 'xabx']],
  ['a*bc', ['abc', 'abcbc'], ['ab']],
  ['*b*bc', ['bbc', 'abbc'], ['bc', 'abc']],
])('%s', (pattern, matching, other) => {
  const test = wildcardTest(pattern)
  expect([...matching, ...other].filter(test)).toEqual(matching)
})

describe('the values at a path', () => {
  it.each<[string, string, unknown, unknown[]]>([
    ['a name', 'a', { a: 1 }, [1]],
    ['an object', 'a', { a: { b: 1 } }, [{ b: 1 }]],
    ['a path', 'a.b', { a: { b: 1 } }, [1]],
    ['a name with dots', 'a.b', { 'a.b': 1 }, [1]],
    ['both', 'a.b.c', { 'a.b': { c: 1 }, a: { 'b.c': 2, b: { c: 3 } }, 'a.b.c': 4 }, [4, 2, 3, 1]],
    ['items', 'a', { a: [1, [2, 3]] }, [1, 2, 3]],
    ['objects in a list', 'a.b', { a: [{ b: 1 }, { c: 2 }, { b: [3] }] }, [1, 3]],
    ['null', 'a', { a: null }, [null]],
    ['below null', 'a.b', { a: null }, []],
    ['below a text', 'a.length', { a: 'text' }, []],
    ['an empty name', '.a', { '': { a: 1 } }, [1]],
    ['what every object has', 'constructor', {}, []],
    ['what every object has, below', 'a.constructor', { a: {} }, []],
    ['nothing', 'b', { a: 1 }, []],
  ])('%s', (_, path, attributes, expected) => {
    expect(attributeValues(attributes as never, path)).toEqual(expected)
  })

  it.each<[unknown, string, number | bigint | null]>([
    ['text', 'text', null],
    ['5', '5', 5],
    [5, '5', 5],
    [true, 'true', null],
    [null, 'null', null],
    [{ a: 1 }, '{"a":1}', null],
  ])('%j is the text %s and the number %s', (value, text, number) => {
    expect([valueText(value as never), valueNumber(value as never)]).toEqual([text, number])
  })

  it.each<[string, number | bigint | null]>([
    ['-1.5e3', -1_500],
    ['+5', 5],
    ['.5', 0.5],
    ['5.', 5],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['+9007199254740993', 9_007_199_254_740_993n],
    ['-9007199254740993', -9_007_199_254_740_993n],
    ['9007199254740993.5', 9_007_199_254_740_994],
    ['1e400', null],
    ['0x10', null],
    ['Infinity', null],
    ['', null],
    ['5 ', null],
    ['1e', null],
  ])('the text "%s" is the number %s', (text, expected) => expect(readNumber(text)).toBe(expected))
})
