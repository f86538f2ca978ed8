// Contract of log stores, searching: every answer compared with brute force, over random lines and random query trees.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runs } from '../../testing/property-runs.ts'
import { readBatch } from '../intake/read-batch.ts'
import type { LogLine, NewLine } from '../line.ts'
import { ALL, AMPLE_MS, allPages, asStored, follow } from '../store.testing.ts'
import { asking, faultOf, valuesFault } from './brute-force.testing.ts'
import { hostileQuery, randomBatches } from './hostile-lines.testing.ts'
import type { Made, Open } from './made.testing.ts'

export function searchContract(open: Open): void {
  let made: Made
  let all: readonly LogLine[]
  const sent = randomBatches(600, 3, { longWord: 3_000 })

  beforeAll(async () => {
    made = await open({ partitionLines: 200 })
    for (const [i, batch] of sent.entries()) {
      // The body is taken over by the store.
      const { errors } = await made.store.append({ ...batch, body: batch.body.slice(0) })
      expect(errors).toEqual([])
      if (i === Math.floor(sent.length / 2)) await made.settle()
    }
    await made.settle()
    all = await allPages(made.store, ALL, 'oldest', 97)
  })
  afterAll(() => made.remove())

  describe('a search', () => {
    it('returns every line as it was parsed', async () => {
      const stored = all.map(({ id: _, ...line }) => line)
      const read = sent.flatMap(batch => readBatch(batch).lines)
      const inOrder = (lines: readonly NewLine[]) => lines.map(line => JSON.stringify(line, sortedNames)).sort()
      expect(inOrder(stored)).toEqual(inOrder(read))
      for (const line of all.filter((_, i) => i % 10 === 0)) expect(await made.store.read(line.id)).toEqual(line)
      expect((await follow(made.store, 0)).found).toEqual(asStored(all))
      expect((await made.store.status()).lines).toBe(all.length)
    })

    it('sorts by time, then in the order of storing', () => {
      const sorted = all.toSorted((a, b) => a.timestamp - b.timestamp || (a.id < b.id ? -1 : 1))
      expect(all).toEqual(sorted)
    })

    it('finds, pages, counts and ranks what brute force does', async () => {
      await fc.assert(
        fc.asyncProperty(hostileQuery, asking, async (query, how) => {
          expect(await faultOf(made.store, all, query, how)).toBe(null)
        }),
        { numRuns: runs(400), seed: 5 },
      )
    })

    it('counts patterns: messages of one kind together', async () => {
      const { rows } = await made.store.top(ALL, 'pattern', 1_000, AMPLE_MS)
      const single = all.filter(line => /^\d+$/.test(line.message)).length
      expect(single).toBeGreaterThan(0)
      expect(rows.find(row => row.value === '<*>')!.count).toBeGreaterThanOrEqual(single)
      expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(all.length)
    })

    it('returns the lines around a line, of the same project, source and host, oldest first', async () => {
      for (const line of all.filter((_, i) => i % 50 === 0)) {
        const same = all.filter(({ source, host }) => source === line.source && host === line.host)
        const at = same.indexOf(line)
        expect(await made.store.context(line.id, 3, 4)).toEqual(same.slice(Math.max(0, at - 3), at + 5))
      }
    })

    it('completes the values of fields', async () => {
      expect(await valuesFault(made.store, all)).toBe(null)
    })
  })
}

function sortedNames(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
