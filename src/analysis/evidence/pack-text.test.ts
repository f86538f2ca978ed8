// What a model reads of a pack, and what a card says of it.
import { describe, expect, it } from 'vitest'
import { HOUR } from '../../time.ts'
import { comparisonLines } from './comparison.ts'
import type { Pack, PackPattern } from './pack.ts'
import { writeLine, writePattern } from './pack-text.ts'

const AT = Date.UTC(2026, 10, 21, 12)
const asItIs = (text: string) => text

function pattern(id: number, changes: Partial<PackPattern> = {}): PackPattern {
  return {
    ...{ id: `T${id}`, change: 'new', level: 'error', template: `failure ${id}`, count: 3, before: 0 },
    ...{ estimated: false, known: false, first: AT, last: AT + HOUR, from: ['api@web-1'], over: [1, 2] },
    ...changes,
  } as PackPattern
}

function pack(patterns: PackPattern[], lines = 100): Pack {
  return {
    ...{ subject: 'all lines', where: null, from: AT, until: AT + HOUR, comparedFrom: AT - HOUR, patterns },
    ...{ lines: [], timeline: [], measurements: [] },
    coverage: { lines, atLeast: false, linesRead: lines, linesShown: 0, linesBefore: 5, patterns: 1, patternsShown: 1 },
  }
}

describe('a line for a model', () => {
  const line = {
    id: 'L1',
    line: 'x',
    at: AT,
    level: 'warn',
    from: 'api@web-1',
    message: 'slow',
    pattern: 'T2',
  } as const
  it('names its pattern and its origin where it has them', () => {
    expect(JSON.parse(writeLine(line, asItIs))).toEqual({
      ...{ id: 'L1', at: '2026-11-21T12:00:00.000Z', level: 'warn', from: 'api@web-1', pattern: 'T2', message: 'slow' },
    })
    expect(JSON.parse(writeLine({ ...line, from: '', pattern: null }, asItIs))).toEqual({
      ...{ id: 'L1', at: '2026-11-21T12:00:00.000Z', level: 'warn', message: 'slow' },
    })
  })
})

describe('a pattern for a model', () => {
  const read = (changes: Partial<PackPattern>) => JSON.parse(writePattern(pattern(1, changes), asItIs))
  it('has its times, origins and steps only where they say something', () => {
    expect(read({})).toMatchObject({ first: '2026-11-21T12:00:00.000Z', from: ['api@web-1'], over: '1 2' })
    expect(Object.keys(read({ first: null, from: [], count: 2 }))).toEqual([
      'id',
      'change',
      'level',
      'count',
      'before',
      'template',
    ])
  })

  it('says that it is estimated, or was seen before', () => {
    expect(read({ estimated: true, known: true })).toMatchObject({ estimated: true, seen_in_the_day_before: true })
    expect(read({})).not.toHaveProperty('estimated')
    expect(read({})).not.toHaveProperty('seen_in_the_day_before')
  })
})

describe('a comparison on a card', () => {
  const texts = (own: Pack) => comparisonLines(own).map(text => JSON.stringify(text))
  it('counts the patterns that it does not show', () => {
    const all = Array.from({ length: 12 }, (_, i) => pattern(i + 1))
    const shown = texts(pack(all)).filter(text => /failure \d/.test(text)).length
    expect(shown).toBeGreaterThan(1)
    expect(texts(pack(all)).at(-1)).toBe(`"… ${12 - shown} more; \\"analyze logs\\" shows them."`)
    expect(texts(pack(all.slice(0, shown))).join()).not.toContain('more;')
    expect(texts(pack(all.slice(0, shown + 1))).at(-1)).toContain('… 1 more;')
  })

  it('leaves out what did not change, and says when nothing did', () => {
    expect(comparisonLines(pack([pattern(1, { change: 'steady' }), pattern(2, { level: 'info' })]))).toEqual([
      'Nothing unusual in the logs compared with the period before.',
    ])
    expect(texts(pack([pattern(1, { change: 'silent', level: 'info' })])).join()).toContain('failure 1')
    expect(comparisonLines(pack([pattern(1)], 0))).toEqual([])
  })
})
