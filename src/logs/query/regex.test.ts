// Regular expressions: what they match, how big they may be, and how errors in them are explained.
import { describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { compileRegex, findAll } from './regex.ts'

function complaint(source: string): string {
  try {
    compileRegex(source, false)
    return ''
  } catch (error) {
    expect(error).toBeInstanceOf(Problem)
    expect((error as Problem).code).toBe('invalid')
    expect((error as Problem).fields?.query).toBe((error as Problem).message)
    return (error as Problem).message
  }
}

describe('a regular expression', () => {
  it('is searched anywhere, and ignores case on request', () => {
    expect(compileRegex('ref(us|eas)ed', false).test('connection refused')).toBe(true)
    expect(compileRegex('REFUSED', false).test('connection refused')).toBe(false)
    expect(compileRegex('REFUSED', true).test('connection refused')).toBe(true)
    expect(compileRegex('^refused', false).test('connection refused')).toBe(false)
  })

  it.each([
    ['(a', 'has a ( that is never closed'],
    ['a)', 'has a ) that was never opened'],
    ['[a', 'has a [ that is never closed'],
    ['*a', 'has nothing to repeat before *'],
    ['a**', 'repeats a repetition (**)'],
    ['a{5000}', 'has an invalid repeat count ({5000})'],
    ['[z-a]', 'has an invalid range (z-a)'],
    ['a\\', 'ends with a backslash'],
    ['(a)\\1', 'has an unknown escape (\\1)'],
    ['(?!a)', 'uses (?!'],
    ['(?<=a)b', 'uses (?<=a)b'],
    ['(ab|cd){900}', 'is too complex'],
    ['a'.repeat(501), 'has 501 characters'],
  ])('/%s/ is rejected because it %s', (source, fault) => expect(complaint(source)).toContain(fault))

  it('finishes on expressions that make other engines hang', () => {
    // With backtracking they would never end; the timeout of the test is the measure.
    for (const source of ['(a*)*b|c$', '(a|a)*d|[ab]{50}c', '(.*){10}x'])
      expect(compileRegex(source, false).test('a'.repeat(65_536))).toBe(false)
  })
})

it('the places of an expression are found in order, as many as wanted', () => {
  const places = (limit: number) => findAll(compileRegex('a+', false), 'aa b a caaa', limit)
  expect(places(9)).toEqual([
    [0, 2],
    [5, 6],
    [8, 11],
  ])
  expect(places(2)).toHaveLength(2)
  expect(places(0)).toEqual([])
})
