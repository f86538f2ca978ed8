// Compares the answers of a store to a query with those of brute force over all its lines: pages, ids, order, counts, charts, tops.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { LEVELS, type LogLine } from '../line.ts'
import { matchesQuery } from '../query/matches.ts'
import type { Query } from '../query/tree.ts'
import { foldCase } from '../query/wildcard.ts'
import { AMPLE_MS, allPages } from '../store.testing.ts'
import type { LogReader, TopField } from '../store.ts'

/** The fields whose most frequent values brute force can count; patterns are mined. */
const COUNTED_FIELDS = ['fingerprint', 'source', 'host', 'group', 'tag', 'level'] as const satisfies TopField[]
const LISTED_FIELDS = ['source', 'host', 'group', 'tag'] as const
const BUCKETS = 7
const TOP_LIMIT = 20

/**
 * How a query is asked. The page size is at least a twentieth of what is found; the chart begins after this share of all
 * lines.
 */
export type Asking = {
  limit: number
  order: 'newest' | 'oldest'
  field: (typeof COUNTED_FIELDS)[number]
  chartFrom: number
}

/** Random ways to ask a query. */
export const asking: fc.Arbitrary<Asking> = fc.record({
  limit: fc.integer({ min: 1, max: 200 }),
  order: fc.constantFrom('newest' as const, 'oldest' as const),
  field: fc.constantFrom(...COUNTED_FIELDS),
  chartFrom: fc.constantFrom(0, 0.2, 0.5, 0.7),
})

/**
 * What the store answers otherwise than brute force does, as a sentence; null when everything agrees. `all` are all its
 * lines, in the order of time and then of storing.
 */
export async function faultOf(
  store: LogReader,
  all: readonly LogLine[],
  query: Query,
  { limit, order, field, chartFrom }: Asking,
): Promise<string | null> {
  const wanted = all.filter(line => matchesQuery(query, line))
  const inOrder = order === 'oldest' ? wanted : wanted.toReversed()
  const found = await allPages(store, query, order, Math.max(limit, Math.ceil(wanted.length / 20)))
  if (!isDeepStrictEqual(found, inOrder)) return `pages: ${difference(idsOf(found), idsOf(inOrder))}`
  const count = await store.count(query, AMPLE_MS)
  const total = { total: wanted.length, atLeast: false, searchedTo: null }
  if (!isDeepStrictEqual(count, total)) return `count: ${JSON.stringify(count)} instead of ${wanted.length}`
  return (await histogramFault(store, all, query, wanted, chartFrom)) ?? (await topFault(store, query, wanted, field))
}

async function histogramFault(
  store: LogReader,
  all: readonly LogLine[],
  query: Query,
  wanted: readonly LogLine[],
  share: number,
): Promise<string | null> {
  // Neither the first nor the last line is inside.
  const from = (all[Math.floor(all.length * share)]?.timestamp ?? 0) + 1
  const until = Math.max(from + BUCKETS, all.at(-1)?.timestamp ?? 0)
  const width = Math.ceil((until - from) / BUCKETS)
  const buckets = await store.histogram(query, from, until, BUCKETS, AMPLE_MS)
  const expected = Array.from({ length: Math.ceil((until - from) / width) }, (_, i) => {
    const start = from + i * width
    const inside = wanted.filter(({ timestamp }) => timestamp >= start && timestamp < Math.min(until, start + width))
    const counts = Object.fromEntries(LEVELS.map(level => [level, inside.filter(line => line.level === level).length]))
    return { from: start, counts }
  })
  return isDeepStrictEqual(JSON.parse(JSON.stringify(buckets)), expected)
    ? null
    : `histogram: ${JSON.stringify(buckets)} instead of ${JSON.stringify(expected)}`
}

async function topFault(store: LogReader, query: Query, wanted: readonly LogLine[], field: Asking['field']) {
  const { rows, searchedTo } = await store.top(query, field, TOP_LIMIT, AMPLE_MS)
  const newest = new Map<string, LogLine>()
  const counts = new Map<string, number>()
  for (const line of wanted)
    for (const value of valuesOf(line, field)) {
      newest.set(value, line)
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
  const expected = [...counts]
    .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .slice(0, TOP_LIMIT)
    .map(([value, number]) => ({ value, count: number, sample: newest.get(value)! }))
  if (searchedTo !== null) return `top ${field}: it searched to ${searchedTo} only`
  return isDeepStrictEqual(rows, expected)
    ? null
    : `top ${field}: ${JSON.stringify(rows).slice(0, 500)} instead of ${JSON.stringify(expected).slice(0, 500)}`
}

/** What completion gives otherwise than the lines have, for every prefix; null when everything agrees. */
export async function valuesFault(store: LogReader, all: readonly LogLine[]): Promise<string | null> {
  for (const field of LISTED_FIELDS) {
    const values = new Set(all.flatMap(line => valuesOf(line, field)).filter(value => value !== ''))
    for (const prefix of new Set(['', ...[...values].map(value => value.slice(0, 2).toUpperCase())])) {
      const expected = [...values].filter(value => foldCase(value).startsWith(foldCase(prefix))).sort()
      const found = await store.values(field, prefix, 10_000)
      if (!isDeepStrictEqual(found, expected))
        return `values of ${field} with "${prefix}": ${difference(found, expected)}`
      const first = await store.values(field, prefix, 2)
      if (!isDeepStrictEqual(first, expected.slice(0, 2))) return `the first values of ${field}: ${first}`
    }
  }
  return null
}

function valuesOf(line: LogLine, field: Asking['field']): readonly string[] {
  if (field === 'tag') return [...new Set(line.tags)]
  return line[field] === '' ? [] : [line[field]]
}

function idsOf(lines: readonly LogLine[]): string[] {
  return lines.map(({ id }) => id)
}

function difference(found: readonly string[], expected: readonly string[]): string {
  const missing = expected.filter(text => !found.includes(text))
  const extra = found.filter(text => !expected.includes(text))
  if (missing.length + extra.length === 0)
    return found.length === expected.length
      ? 'another order or other lines'
      : `${found.length} instead of ${expected.length}`
  return `${found.length} found, ${expected.length} expected; missing ${missing.slice(0, 3)}; not expected ${extra.slice(0, 3)}`
}
