// Search, count, paging, histogram and top compared with brute force over random lines and random queries.

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { runs } from '../../testing/property-runs.ts'
import { DAY } from '../../time.ts'
import { readBatch } from '../intake/read-batch.ts'
import { LEVELS, type LogLine, type NewLine } from '../line.ts'
import { someLine, someQuery } from '../query/lines.testing.ts'
import { matchesQuery } from '../query/matches.ts'
import type { Batch } from '../store.ts'
import type { EmbeddedLogStore } from './embedded-log-store.ts'
import { openLogStore } from './open-log-store.ts'
import { ALL, AMPLE_MS, allPages, batchOf, makeFolder, NOON, type Sent } from './store.testing.ts'

const LINES = 1_200

let store: EmbeddedLogStore
let folder: ReturnType<typeof makeFolder>
let all: readonly LogLine[]
const sent = fc.sample(someLine, { numRuns: LINES, seed: 3 }).map(asSent)

beforeAll(async () => {
  folder = makeFolder()
  store = await openLogStore({ folder: folder.path, logger: silentLogger, partitionLines: 400 })
  for (const batch of batches()) expect((await store.append(batch)).errors).toEqual([])
  all = await allPages(store, ALL, 'oldest', 97)
})

afterAll(async () => {
  await store.close()
  folder.remove()
})

describe('the embedded store', () => {
  it('returns every line as it was parsed, over many partitions', async () => {
    expect((await store.status()).partitions.length).toBeGreaterThan(5)
    const stored = all.map(({ id: _, ...line }) => line)
    const read = batches().flatMap(batch => readBatch(batch).lines)
    const inOrder = (lines: readonly NewLine[]) => lines.map(line => JSON.stringify(line, sortedNames)).sort()
    expect(inOrder(stored)).toEqual(inOrder(read))
    for (const line of all.slice(0, 50)) expect(await store.read(line.id)).toEqual(line)
  })

  it('sorts by time, then in the order of storing', () => {
    const sorted = all.toSorted((a, b) => a.timestamp - b.timestamp || (a.id < b.id ? -1 : 1))
    expect(all).toEqual(sorted)
  })

  it('finds, counts and pages what brute force finds', async () => {
    await fc.assert(
      fc.asyncProperty(
        someQuery,
        fc.constantFrom('newest' as const, 'oldest' as const),
        fc.integer({ min: 1, max: 200 }),
        async (query, order, limit) => {
          const wanted = all.filter(line => matchesQuery(query, line)).map(line => line.id)
          const found = (await allPages(store, query, order, Math.max(limit, Math.ceil(wanted.length / 20)))).map(
            line => line.id,
          )
          expect(order === 'oldest' ? found : found.toReversed()).toEqual(wanted)
          expect(await store.count(query, AMPLE_MS)).toEqual({ total: wanted.length, atLeast: false, searchedTo: null })
        },
      ),
      { numRuns: runs(200), seed: 5 },
    )
  })

  it('counts by level over time, and the top values, as brute force does', async () => {
    const span = { from: 3e11, until: 1.7e12, buckets: 7 }
    const width = Math.ceil((span.until - span.from) / span.buckets)
    await fc.assert(
      fc.asyncProperty(someQuery, async query => {
        const fitting = all.filter(line => matchesQuery(query, line))
        const inside = fitting.filter(line => line.timestamp >= span.from && line.timestamp < span.until)
        const buckets = await store.histogram(query, span.from, span.until, span.buckets, AMPLE_MS)
        expect(buckets.map(bucket => bucket.from)).toEqual(buckets.map((_, i) => span.from + i * width))
        expect(buckets.length).toBe(span.buckets)
        for (const level of LEVELS) {
          const counts = buckets.map(bucket => inside.filter(line => inBucket(line, bucket.from, width, level)).length)
          expect(buckets.map(bucket => bucket.counts[level])).toEqual(counts)
        }
        for (const field of ['host', 'group', 'tag', 'level'] as const) {
          const values = fitting.flatMap(line => (field === 'tag' ? [...new Set(line.tags)] : line[field] || []))
          const { rows, searchedTo } = await store.top(query, field, 20, AMPLE_MS)
          expect(searchedTo).toBe(null)
          expect(rows.map(row => [row.value, row.count])).toEqual(mostFrequent(values).slice(0, 20))
          for (const { value, sample } of rows.slice(0, 2)) {
            const newest = fitting.findLast(line =>
              field === 'tag' ? line.tags.includes(value) : line[field] === value,
            )
            expect(sample).toEqual(newest)
          }
        }
      }),
      { numRuns: runs(40), seed: 6 },
    )
  })

  it('counts patterns: messages of one kind together', async () => {
    const { rows } = await store.top(ALL, 'pattern', 1_000, AMPLE_MS)
    const single = all.filter(line => /^\d+$/.test(line.message)).length
    expect(rows.find(row => row.value === '<*>')!.count).toBeGreaterThanOrEqual(single)
    expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(LINES)
  })

  it('returns the lines around a line, of the same project, source and host, oldest first', async () => {
    for (const line of all.filter((_, i) => i % 100 === 0)) {
      const same = all.filter(({ source, host }) => source === line.source && host === line.host)
      const at = same.indexOf(line)
      expect(await store.context(line.id, 3, 4)).toEqual(same.slice(Math.max(0, at - 3), at + 5))
    }
  })

  it('completes the values of fields', async () => {
    const hosts = new Set(all.map(line => line.host).filter(host => host.toLowerCase().startsWith('we')))
    expect(await store.values('host', 'WE', 100)).toEqual([...hosts].sort())
    expect((await store.values('tag', '', 3)).length).toBe(3)
  })
})

function mostFrequent(values: readonly string[]): [value: string, count: number][] {
  const counts = [...Map.groupBy(values, value => value)].map(([value, { length }]): [string, number] => [
    value,
    length,
  ])
  return counts.sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
}

function inBucket(line: LogLine, from: number, width: number, level: string): boolean {
  return line.level === level && line.timestamp >= from && line.timestamp < from + width
}

/** Several days, retentions and, by their keys, writers. */
function batches(): Batch[] {
  return Array.from({ length: LINES / 50 }, (_, i) =>
    batchOf(sent.slice(i * 50, i * 50 + 50), {
      receivedAt: NOON - (i % 3) * DAY,
      retentionMs: (1 + (i % 2)) * DAY,
      idempotencyKey: `batch ${i}`,
    }),
  )
}

function sortedNames(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A random line as a client sends it. */
function asSent({ timestamp, level, message, stack, source, host, group, traceId, tags, attributes }: NewLine): Sent {
  const optional = { stack, source, host, group, trace_id: traceId }
  const given = Object.entries(optional).filter(([, text]) => text !== '')
  // The intake takes years before 1980 for mistakes. A few instants are shared by many lines.
  const at = new Date(4e11 + (timestamp % 7 === 0 ? Math.floor(timestamp / 1e11) * 1e11 : timestamp) / 2).toISOString()
  return { timestamp: at, level, message: message || 'empty', ...Object.fromEntries(given), tags, attributes }
}
