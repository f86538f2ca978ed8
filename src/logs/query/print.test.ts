// A printed query parses to the same meaning, for random trees on random lines.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../testing/property-runs.ts'
import { aLine, someLine, someNode, someQuery } from './lines.testing.ts'
import { matches, matchesQuery } from './matches.ts'
import { parseQuery } from './parse.ts'
import { printQuery } from './print.ts'

const NOW = Date.UTC(2026, 10, 21, 12)

describe('a printed query', () => {
  it('matches the same lines when it is parsed again', () => {
    const lines = fc.array(someLine, { minLength: 5, maxLength: 25 })
    let matching = 0
    let failing = 0
    fc.assert(
      fc.property(someNode, lines, (where, sample) => {
        const again = parseQuery(printQuery({ where, from: null, until: null }), NOW, 'UTC')
        for (const line of sample) {
          const expected = matches(where, line)
          if (expected) matching++
          else failing++
          if (matchesQuery(again, line) !== expected) throw new Error(printQuery({ where, from: null, until: null }))
        }
      }),
      { numRuns: runs(1500) },
    )
    expect(Math.min(matching, failing)).toBeGreaterThan(100)
  })

  it('keeps its time range', () => {
    fc.assert(
      fc.property(someQuery, query => {
        const again = parseQuery(printQuery(query), NOW, 'Europe/Berlin')
        expect([again.from, again.until]).toEqual([query.from, query.until])
        expect(again.where === null).toBe(query.where === null)
      }),
    )
  })

  it.each([
    'timeout',
    'timeou*',
    '"connection refused"',
    '"connection refu"*',
    'a b -c',
    'a OR (b c)',
    '(a OR b) -(c OR d)',
    'level>=warn host:web-1 group:prod/*',
    'user:"Ann Lee" http.status>=500 "a b":c',
    '/a\\/b c/i',
    'a since:2026-11-21T12:00:00.000Z until:2026-11-21T13:00:00.000Z',
  ])('%s is printed as people type it', text => expect(printQuery(parseQuery(text, NOW, 'UTC'))).toBe(text))

  it('is empty for the empty query', () => expect(printQuery({ where: null, from: null, until: null })).toBe(''))

  it('matches no line for conditions that no line matches', () => {
    for (const where of [
      { kind: 'word' as const, text: '=>', prefix: false },
      { kind: 'attribute' as const, path: 'n', comparison: '<' as const, value: 'x' },
      { kind: 'or' as const, parts: [] },
    ]) {
      const line = aLine({ attributes: { n: 'a' } })
      expect(matchesQuery(parseQuery(printQuery({ where, from: null, until: null }), NOW, 'UTC'), line)).toBe(false)
    }
  })
})
