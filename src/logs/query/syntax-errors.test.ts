// Mistakes in a query are answered with where they are and what would be right.
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

describe('a mistake', () => {
  it.each([
    ['x level:loud', 'At character 3, level:loud: loud is no level. The levels are trace, debug, info, warn'],
    ['level>>error', '>> is no comparison. Write one of'],
    ['level:', 'level needs its value right after the sign, such as level:error'],
    ['host: web-1', 'host needs its value right after the sign'],
    ['host>web', 'host is a text and cannot be compared. Write host:web'],
    ['status>=abc', 'status>= needs a number'],
    ['(a', 'At character 1, (: this parenthesis is never closed'],
    ['a (', 'At character 3, (: this parenthesis is never closed'],
    ['a)', 'At character 2, ): this parenthesis closes none'],
    [') a', 'this parenthesis closes none'],
    ['a ()', 'there is nothing in these parentheses'],
    ['a "b', 'At character 3, ": this quote is never closed'],
    ['user:"Ann', 'At character 6, ": this quote is never closed'],
    ['OR a', 'At character 1, OR: OR has nothing before it'],
    ['a OR', 'At character 3, OR: OR has nothing after it'],
    ['a OR OR b', 'OR has nothing after it'],
    ['a (OR b)', 'OR has nothing before it'],
    ['AND a', 'AND has nothing before it'],
    ['a AND', 'AND has nothing after it'],
    ['a AND OR b', 'AND has nothing after it'],
    ['a NOT', 'there is nothing after it to leave out'],
    ['(a NOT)', 'there is nothing after it to leave out'],
    ['=>', 'there is no letter or digit to search for. Signs are found by /=>/'],
    ['"=> /"', 'Signs are found by /'],
    ['""', 'Write words between the quotes'],
    ['*out', '* can only end a word'],
    ['"=>/"', 'Signs are found by /=>\\//.'],
    ['conn*refused', 'search /conn.*refused/'],
    ['/(/', 'At character 1, /(/: The regular expression /(/ opens a ( that it does not close'],
    ['last:15', 'last:15: 15 is no duration. Write a number and a unit, such as last:15m'],
    ['last>1h', 'last takes a colon'],
    ['since:noonish', 'noonish is no time that can be read. Write 14:00'],
    ['since:25:00', '25:00 is no time'],
    ['since:15:00 until:14:00 yesterday', 'since is not before until'],
    ['since:14:00 until:13:00', 'since is not before until'],
    ['(a last:1h)', 'a time holds for the whole query'],
    ['-yesterday', 'a time holds for the whole query'],
    ['a OR last:1h', 'a time holds for the whole query'],
    ['last:1h OR a', 'a time holds for the whole query'],
    [`${'('.repeat(31)}a${')'.repeat(31)}`, 'parentheses go at most 30 deep'],
    ['a '.repeat(201), 'a query has at most 200 pieces'],
    ['a'.repeat(2001), 'a query has at most 2000 characters'],
  ])('in %s is told', (text, sentence) => {
    const problem = problemOf(text)
    expect(problem.code).toBe('invalid')
    expect(problem.message).toContain(sentence)
    expect(problem.fields?.query).toBe(problem.message)
  })

  it('is shown by carets below the piece', () => {
    expect(problemOf('timeout level:loud host:a').fields?.where).toBe('timeout level:loud host:a\n        ^^^^^^^^^^')
    expect(problemOf(`${'a '.repeat(90)}level:loud`).fields?.where).toMatch(/^.{60}level:loud\n {60}\^{10}$/)
  })
})
