// How messages are split into pieces, and which patterns are siblings.
import { describe, expect, it } from 'vitest'
import { digitKey, maskForPattern, maskIdentity } from './masks.ts'
import { joinPieces, splitPieces } from './pieces.ts'
import { siblingKeys } from './sibling-keys.ts'

it.each([
  ['a b', ['a', 'b'], 'a b'],
  ['  a   b ', ['a', 'b'], 'a b'],
  ['a=b, (c)', ['a', '=', 'b', ',', '(', 'c', ')'], 'a=b, (c)'],
  ['{"a":1}', ['{', '"', 'a', '"', ':', '1', '}'], '{"a":1}'],
  ['', [], ''],
])('%j is the pieces %j', (text, words, joined) => {
  const pieces = splitPieces(text)
  expect(pieces.words).toEqual(words)
  expect(joinPieces(pieces)).toBe(joined)
})

it('a message has 120 pieces at most', () => {
  const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`)
  expect(splitPieces(words(120).join(' ')).words).toEqual(words(120))
  expect(splitPieces(words(121).join(' ')).words).toEqual(words(120))
  expect(splitPieces(`${words(119).join(' ')} a=b`).words).toEqual([...words(119), 'a'])
})

describe('the keys of a pattern', () => {
  const keys = (text: string) => siblingKeys(text.split(' '), 3, 5)
  it('are equal at the place where alone two patterns differ, and nowhere else', () => {
    const one = keys('job of ann in the north zone')
    const other = keys('job of bob in the north zone')
    expect(one.map((key, at) => key === other[at])).toEqual([false, false, true, false, false, false, false])
    expect(new Set(one).size).toBe(one.length)
    expect(keys('job of ann in the north zone')).toEqual(one)
    // The same words in another order, or one more.
    expect(keys('of job ann in the north zone')[2]).not.toBe(one[2])
    expect(keys('job of ann in the north zone now')[2]).not.toBe(one[2])
  })

  it.each([
    ['aa bb cc', [0, 0, 0]],
    ['aa bb cc dd', [0, 1, 1, 1]],
    ['aa bb cc dd ee', [0, 1, 1, 1, 1]],
    ['aa bb cc dd ee ff', [1, 1, 1, 1, 1, 1]],
    ['aa bb cc dd 7 =', [0, 1, 1, 1, 0, 0]],
    ['aa bb cc <*> x', [0, 0, 0, 0, 0]],
  ])('of %s are for words among enough others: %j', (text, expected) => {
    expect(keys(text).map(key => Number(key !== 0))).toEqual(expected)
  })
})

describe('the identity of a message', () => {
  it.each([
    ['db gone', 'db gone', true],
    ['db 5 gone', 'db <*> gone', true],
    ['status 503', 'status 503', true],
    ['a'.repeat(2_100), 'a'.repeat(2_000), true],
  ])('%s', (message, masked, isStable) => expect(maskIdentity(message)).toEqual({ masked, isStable }))

  it('is that of two thousand characters', () => {
    const long = `${'a '.repeat(1_000)}5`
    expect(maskForPattern(long)).toBe('a '.repeat(1_000))
    expect(maskForPattern(`${'a '.repeat(999)}b5`)).toBe(`${'a '.repeat(999)}<*>`)
  })

  it.each([
    ['db 15', 'db 00'],
    ['db 105', 'db 000'],
    ['answer 503', 'answer 000\u00007 503'],
    ['5030 404x 500', '0000 000x 000\u00005 404,10 500'],
    ['303 603', '000 000'],
  ])('of %s has the key %j', (message, key) => expect(digitKey(message)).toBe(key))
})
