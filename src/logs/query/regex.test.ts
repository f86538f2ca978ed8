// Regular expressions: what they match, how big they may be, and how their mistakes are told.
import { describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { compileRegex } from './regex.ts'

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
  it('is searched anywhere, letter case aside when asked', () => {
    expect(compileRegex('ref(us|eas)ed', false).test('connection refused')).toBe(true)
    expect(compileRegex('REFUSED', false).test('connection refused')).toBe(false)
    expect(compileRegex('REFUSED', true).test('connection refused')).toBe(true)
    expect(compileRegex('^refused', false).test('connection refused')).toBe(false)
  })

  it.each([
    ['(a', 'opens a ('],
    ['a)', 'closes a )'],
    ['[a', 'opens a ['],
    ['*a', 'has nothing before *'],
    ['a**', 'repeats a repetition (**)'],
    ['a{5000}', 'repeats too often or backwards ({5000})'],
    ['[z-a]', 'has a range it cannot read (z-a)'],
    ['a\\', 'ends in a backslash'],
    ['(a)\\1', 'has an escape it does not know (\\1)'],
    ['(?!a)', 'uses (?!'],
    ['(?<=a)b', 'uses (?<=a)b'],
    ['(ab|cd){900}', 'repeats too much'],
    ['a'.repeat(501), 'is 501 characters long'],
  ])('/%s/ is refused because it %s', (source, why) => expect(complaint(source)).toContain(why))

  it('finishes on expressions that make other engines hang', () => {
    // Backtracking would need longer than the universe has; the test's own timeout is the measure.
    for (const source of ['(a*)*b|c$', '(a|a)*d|[ab]{50}c', '(.*){10}x'])
      expect(compileRegex(source, false).test('a'.repeat(65_536))).toBe(false)
  })
})
