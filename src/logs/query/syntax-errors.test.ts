// Errors in a query name the position, what was found there and what is expected.
import { describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { parseQuery } from './parse.ts'

const NOW = Date.parse('2026-11-21T14:10:00Z')

function problemOf(text: string): Problem {
  try {
    parseQuery(text, NOW, 'UTC')
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error(`${text} was understood`)
}

describe('a syntax error', () => {
  it.each([
    ['x level:loud', 'At character 3 (level:loud): loud is not a level. The levels are trace, debug, info, warn'],
    ['level>>error', '>> is not a comparison. Use one of'],
    ['level:', 'level needs a value directly after it, such as level:error'],
    ['host: web-1', 'host needs a value directly after it'],
    ['host>web', 'host is a text, which cannot be compared with >. Write host:web'],
    ['status>=abc', 'At character 1 (status>=abc): abc is not a number. Write status>=500.'],
    ['(a', 'At character 1 ((): this parenthesis is never closed'],
    ['a (', 'At character 3 ((): this parenthesis is never closed'],
    ['a)', 'At character 2 ()): this parenthesis was never opened'],
    [') a', 'this parenthesis was never opened'],
    ['a ()', 'these parentheses are empty'],
    ['a "b', 'At character 3 ("): this quote is never closed'],
    ['user:"Ann', 'At character 6 ("): this quote is never closed'],
    ['OR a', 'At character 1 (OR): OR needs a condition before it'],
    ['a OR', 'At character 3 (OR): OR needs a condition after it'],
    ['a OR OR b', 'OR needs a condition after it'],
    ['a (OR b)', 'OR needs a condition before it'],
    ['AND a', 'AND needs a condition before it'],
    ['a AND', 'AND needs a condition after it'],
    ['a AND OR b', 'AND needs a condition after it'],
    ['a NOT', 'a negation needs a condition after it'],
    ['(a NOT)', 'a negation needs a condition after it'],
    ['*', '* alone is no condition. Leave it out to find every line'],
    ['* level:error', 'At character 1 (*): * alone is no condition'],
    ['message:*', '* alone is no condition'],
    ['"  "', 'Write words between the quotes'],
    ['""', 'Write words between the quotes'],
    ['*out', '* may only stand at the end of a word'],
    ['conn*refused', 'write /conn.*refused/i.'],
    ['*exception*', 'write /exception/i.'],
    ['*a.b*c*', 'write /a\\.b.*c/i.'],
    ['/(/', 'At character 1 (/(/): The regular expression /(/ has a ( that is never closed'],
    ['last:15', 'At character 1 (last:15): 15 is not a duration. Write a number and a unit, such as last:15m'],
    ['between:10:00..11:00', 'the time of a line is searched with since: and until:. Write since:10:00 until:11:00.'],
    ['timestamp>2026-11-20', 'Write since:2026-11-20.'],
    ['@timestamp<=10:00', 'Write until:10:00.'],
    ['timestamp:[2026-11-20 TO 2026-11-21]', 'Write since:2026-11-20 until:2026-11-21.'],
    ['since:[monday TO friday]', 'Write since:monday until:friday.'],
    ['n:[a TO 3]', 'a is not a number'],
    ['last:"a while"', 'a while is not a duration. Write a number and a unit'],
    ['since:13pm', '13pm is not a time'],
    ['last>1h', 'last needs a colon and a value'],
    ['since:noonish', 'noonish is not a time. Use 14:00'],
    ['since:25:00', '25:00 is not a time'],
    ['since:15:00 until:14:00 yesterday', 'since is not before until'],
    ['since:14:00 until:13:00', 'since is not before until'],
    ['(a last:1h)', 'a time applies to the whole query'],
    ['-yesterday', 'a time applies to the whole query'],
    ['a OR last:1h', 'a time applies to the whole query'],
    ['last:1h OR a', 'a time applies to the whole query'],
    [`${'('.repeat(31)}a${')'.repeat(31)}`, 'parentheses may be nested at most 30 deep'],
    ['a '.repeat(201), 'a query may have at most 200 terms'],
    ['a'.repeat(2001), 'a query may have at most 2000 characters'],
  ])('in %s is explained', (text, sentence) => {
    const problem = problemOf(text)
    expect(problem.code).toBe('invalid')
    expect(problem.message).toContain(sentence)
    expect(problem.fields?.query).toBe(problem.message)
  })

  it('is shown by carets below the term', () => {
    expect(problemOf('timeout level:loud host:a').fields?.where).toBe('timeout level:loud host:a\n        ^^^^^^^^^^')
    expect(problemOf(`${'a '.repeat(90)}level:loud`).fields?.where).toMatch(/^.{60}level:loud\n {60}\^{10}$/)
  })
})
