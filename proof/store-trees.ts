// Compares the log store with brute force over random query trees and hostile lines: pages, ids, order, counts, charts, tops.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { silentLogger } from '../src/logger.ts'
import { asking, faultOf, valuesFault } from '../src/logs/contract/brute-force.testing.ts'
import { hostileQuery, randomBatches } from '../src/logs/contract/hostile-lines.testing.ts'
import { openLogStore } from '../src/logs/embedded/open-log-store.ts'
import { ALL, allPages, asStored, follow } from '../src/logs/store.testing.ts'
import type { LogStore } from '../src/logs/store.ts'
import type { ServedStore } from '../src/logs/store-process.testing.ts'

/** Where the lines are while they are searched; a store that does not seal has the first only. */
const PLACES = ['hot', 'half sealed', 'sealed'] as const
type Place = (typeof PLACES)[number]

/**
 * Options: `trees` (default: 2,000), `lines` (default: 3,000), `seed`, `place` (`hot`, `half sealed` or `sealed`; default: one
 * after the other). Resolves with whether every answer was that of brute force.
 */
export async function storeTrees(options: Readonly<Record<string, string>>): Promise<boolean> {
  const trees = Number(options.trees ?? 2_000)
  const lines = Number(options.lines ?? 3_000)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  console.log(`store-trees: ${trees} trees over ${lines} lines, seed ${seed}`)
  let isSame = true
  for (const place of PLACES.filter(name => name === (options.place ?? name))) {
    const folder = mkdtempSync(join(tmpdir(), 'vakt-trees-'))
    const store: ServedStore = await openLogStore({ folder, logger: silentLogger, partitionLines: lines / 4 })
    try {
      if (place !== 'hot' && !store.seal) continue
      const begunAt = performance.now()
      await fill(store, place, lines, seed)
      const fault = await findFault(store, trees, seed)
      const seconds = Math.round((performance.now() - begunAt) / 1_000)
      console.log(`  ${place}: ${fault ?? `the same as brute force, ${seconds} s`}`)
      isSame &&= fault === null
    } finally {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return isSame
}

async function fill(store: ServedStore, place: Place, lines: number, seed: number): Promise<void> {
  const batches = randomBatches(lines, seed, { longWord: 65_532 })
  for (const [i, batch] of batches.entries()) {
    await store.append(batch)
    if (place === 'half sealed' && i === Math.floor(batches.length / 2)) await store.seal!()
  }
  if (place === 'sealed') await store.seal!()
}

/** The first difference, as a sentence with the smallest query that fast-check found for it; null when there is none. */
export async function findFault(store: LogStore, trees: number, seed: number): Promise<string | null> {
  const all = await allPages(store, ALL, 'oldest', 1_000)
  const fed = (await follow(store, 0)).found
  const stored = asStored(all)
  if (fed.length !== stored.length || fed.some((line, i) => line.id !== stored[i]!.id))
    return 'the feed gives other lines, or another order'
  const wrongValues = await valuesFault(store, all)
  if (wrongValues !== null) return wrongValues
  let done = 0
  const property = fc.asyncProperty(hostileQuery, asking, async (query, how) => {
    if (++done % 250 === 0) console.log(`    ${done} trees`)
    const fault = await faultOf(store, all, query, how)
    if (fault !== null) throw new Error(fault)
  })
  const { failed, counterexample, errorInstance } = await fc.check(property, { numRuns: trees, seed })
  return failed ? `${(errorInstance as Error).message}; asked: ${JSON.stringify(counterexample)}` : null
}
