// Contract of log stores with a hot and a sealed part: sealing changes no answer, whatever is sealed and what is not.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../testing/property-runs.ts'
import { ALL, allPages, asStored, follow } from '../store.testing.ts'
import { asking, faultOf, valuesFault } from './brute-force.testing.ts'
import { hostileQuery, randomBatches } from './hostile-lines.testing.ts'
import { fresh, type Made, type Open } from './made.testing.ts'

const LINES = 300

/** `open` opens a store that has `seal`, and does not seal by itself. */
export function sealContract(open: Open): void {
  describe('sealing', () => {
    it('changes no answer: hot, half sealed and sealed, in any order of batches, and after a restart', async () => {
      const made = await fresh(open)
      const batches = randomBatches(LINES, 11, { longWord: 3_000 })
      const half = batches.length / 2
      for (const batch of batches.slice(0, half)) await made.store.append(batch)
      await expectNoFaults(made, 21)
      const hot = await allPages(made.store, ALL)
      await made.seal!()
      expect(await allPages(made.store, ALL)).toEqual(hot)
      for (const batch of batches.slice(half)) await made.store.append(batch)
      await expectNoFaults(made, 22)
      const mixed = await allPages(made.store, ALL)
      await made.seal!()
      expect(await allPages(made.store, ALL)).toEqual(mixed)
      await expectNoFaults(made, 23)
      await made.seal!()
      await made.restart()
      expect(await allPages(made.store, ALL)).toEqual(mixed)
      expect((await made.store.status()).lines).toBe(mixed.length)
    })
  })
}

async function expectNoFaults(made: Made, seed: number): Promise<void> {
  const all = await allPages(made.store, ALL, 'oldest')
  expect((await follow(made.store, 0)).found).toEqual(asStored(all))
  expect(await valuesFault(made.store, all)).toBe(null)
  await fc.assert(
    fc.asyncProperty(hostileQuery, asking, async (query, how) => {
      expect(await faultOf(made.store, all, query, how)).toBe(null)
    }),
    { numRuns: runs(80), seed },
  )
}
