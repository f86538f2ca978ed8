// A compiled filter finds every line that matches, and no other where it is said to be exact; the engine is played by a few lines.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostileQuery, randomBatches } from '../../contract/hostile-lines.testing.ts'
import { readBatch } from '../../intake/read-batch.ts'
import type { LogLine } from '../../line.ts'
import { aLine } from '../../query/lines.testing.ts'
import { matches } from '../../query/matches.ts'
import type { QueryNode } from '../../query/tree.ts'
import { compile } from './compile.ts'
import { documentOf, type LineDocument, plainDocumentOf } from './document.ts'

type Clause = { readonly [kind: string]: unknown }

/** Whether a document fits a filter, as OpenSearch's documentation says of each clause. */
function fits(clause: Clause, document: LineDocument): boolean {
  const [kind] = Object.keys(clause)
  const content = clause[kind!] as { readonly [field: string]: unknown }
  if (kind === 'match_all') return true
  if (kind === 'match_none') return false
  if (kind === 'bool') {
    const { filter = [], should = [], must_not: mustNot = [] } = content as Record<string, Clause[]>
    const isAny = should.length === 0 || should.some(own => fits(own, document))
    return isAny && filter.every(own => fits(own, document)) && !mustNot.some(own => fits(own, document))
  }
  if (kind === 'exists') return termsOf(document, content.field as string).length > 0
  const [field] = Object.keys(content)
  const given = content[field!] as unknown
  const terms = termsOf(document, field!)
  if (kind === 'range') return terms.some(term => isWithin(term, given as Record<string, string | number>))
  const value = typeof given === 'object' ? Object.values(given as object)[0] : given
  if (kind === 'match_phrase') return ` ${terms.join(' ')} `.includes(` ${value} `)
  const test = { term: isTerm, prefix: isPrefix, wildcard: isWildcard }[kind as 'term']!
  return terms.some(term => test(term, value))
}

function termsOf(document: LineDocument, field: string): (string | number | boolean)[] {
  const value = document[field] as string | undefined
  if (value === undefined) return []
  if (['w', 'ws', 'wa'].includes(field)) return value.split(' ')
  return [value].flat()
}

const isTerm = (term: unknown, value: unknown) => term === value
const isPrefix = (term: unknown, value: unknown) => String(term).startsWith(String(value))
const isWildcard = (term: unknown, pattern: unknown) =>
  new RegExp(
    `^${String(pattern).replaceAll(/\\.|[*?]|[^\\*?]+/gsu, piece =>
      piece === '*' ? '.*' : piece === '?' ? '.' : RegExp.escape(piece.startsWith('\\') ? piece.slice(1) : piece),
    )}$`,
    'su',
  ).test(String(term))

function isWithin(term: string | number | boolean, bounds: Record<string, string | number>): boolean {
  const tests = { lt: term < bounds.lt!, lte: term <= bounds.lte!, gt: term > bounds.gt!, gte: term >= bounds.gte! }
  return Object.keys(bounds).every(name => tests[name as keyof typeof tests])
}

const lines = randomBatches(120, 7, { longWord: 3_000 }).flatMap(batch => readBatch(batch).lines) as LogLine[]
const documents = lines.map((line, i) => documentOf(line, i))
const regex = fc
  .array(
    fc.constantFrom('foo', 'Überlauf', 'erl', '_bar', 'www', 'ooo', '.', 'a?', '[o]+', '(a|b)', ' ', '\\d', '漢'),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .chain(parts =>
    fc.record({ kind: fc.constant('regex' as const), source: fc.constant(parts.join('')), caseless: fc.boolean() }),
  )

describe('a filter', () => {
  it.each([
    ['any condition', hostileQuery.map(({ where }) => where).filter(where => where !== null)],
    ['a regular expression', regex],
  ] as [string, fc.Arbitrary<QueryNode>][])('of %s finds every line that matches', (_, nodes) => {
    fc.assert(
      fc.property(nodes, node => {
        const { filter, isExact } = compile(node)
        for (const [i, line] of lines.entries()) {
          const isMatch = matches(node, line)
          const isFit = fits(filter as Clause, documents[i]!)
          if (isMatch !== isFit && (isMatch || isExact))
            throw new Error(`${isMatch ? 'not found' : 'found'}: ${JSON.stringify(line).slice(0, 500)}`)
        }
      }),
    )
  })

  it('of a regular expression leaves out the lines without its texts, unless a word is too long for the index', () => {
    const messages = ['a quixotic idea', 'QUIX0TIC', 'quix', 'nothing', `${'x'.repeat(1_500)}quixotic`]
    const { filter } = compile({ kind: 'regex', source: 'quix[o]tic', caseless: false })
    const found = messages.filter(message => fits(filter as Clause, documentOf(aLine({ message }) as LogLine, 1)))
    expect(found).toEqual([messages[0], messages[1], messages[4]])
    // The engine refused the words of this one.
    const refused = plainDocumentOf(aLine({ message: 'a quixotic idea' }) as LogLine, 1)
    expect(fits(filter as Clause, refused)).toBe(true)
  })
})
