// What a regular expression requires must be in every text that it matches.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileRegex } from './regex.ts'
import { requiredRuns } from './regex-literals.ts'

it.each([
  ['quix[o]tic', ['quix', 'tic']],
  ['timeout after \\d+ms', ['timeout', 'after', 'ms']],
  ['GET /users/42', ['get', 'users', '42']],
  ['(?i)Refused', ['refused']],
  ['colou?r', ['colo', 'r']],
  ['ab*c', ['a', 'c']],
  ['ab{0,2}c', ['a', 'c']],
  ['a{b|c}', []],
  ['one|two', []],
  ['x(one|two)y', ['x', 'y']],
  ['\\.log$', ['log']],
  ['\\p{L}foo', []],
  ['[^]]x', ['x']],
  ['^[a-z]{6} ', []],
  ['[[:alpha:]]x', ['x']],
  ['[[:x]abc', ['abc']],
  ['[^[:x]abc', ['abc']],
  ['([[:x])abc', ['abc']],
  ['(\\Q)\\Eabc)?def', []],
  ['[!-[:x]abc|z[:]]q', []],
  ['(a\\)b)cd', ['cd']],
  ['(a[)]b)cd', ['cd']],
  ['((a)b)cd', ['cd']],
  ['(ab', []],
  ['[^]]cd', ['cd']],
  ['[]a]cd', ['cd']],
  ['[]]]cd', ['cd']],
  ['[^^]cd', ['cd']],
  ['[\\]]cd', ['cd']],
  ['[[:alpha:]a]cd', ['cd']],
  ['[[:digit:]]]cd', ['cd']],
  ['[ab', []],
  ['ab]cd', ['ab', 'cd']],
  ['ab{cd', ['a', 'cd']],
  ['ab{2}cd', ['a', 'cd']],
  ['ab{,2}cd', ['a', 'cd']],
  ['ab.cd', ['ab', 'cd']],
  ['ab+cd', ['ab', 'cd']],
  ['ab\\.cd', ['ab', 'cd']],
  ['ab\\wcd', ['ab', 'cd']],
  ['ab\\101', []],
  ['ab\\', ['ab']],
  ['abab ab', ['abab', 'ab']],
])('%s requires %j', (source, runs) => {
  expect(requiredRuns(source)).toEqual(runs)
})

it('is in every text that matches, for random expressions', () => {
  const pieces = [
    'a',
    'b1',
    ' ',
    '.',
    'a*',
    'b?',
    '(a|b)',
    '[ab]',
    '\\d',
    '\\.',
    'c{0,1}',
    'c{2}',
    'd+',
    '|',
    '^',
    '{x',
    '[[:alpha:]]',
    '[[:',
    '[^',
    '!-[:',
    ':]',
    ']',
    '(',
    ')?',
    '\\Q',
    '\\E',
  ]
  const source = fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map(parts => parts.join(''))
  const text = fc.array(fc.constantFrom('a', 'b', 'b1', 'c', 'cc', 'd', ' ', '.', '1', '{x', ':', '[', ')'), {
    maxLength: 10,
  })
  fc.assert(
    fc.property(source, text, (expression, parts) => {
      const line = parts.join('')
      fc.pre(isValid(expression))
      if (compileRegex(expression, false).test(line))
        for (const run of requiredRuns(expression)) expect(line.toLowerCase()).toContain(run)
    }),
    { numRuns: 300 },
  )
})

function isValid(source: string): boolean {
  try {
    compileRegex(source, false)
    return true
  } catch {
    return false
  }
}
