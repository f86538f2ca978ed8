// Random query trees over hostile lines, of which all, none or some are in the engine: every answer is that of brute force.

import { randomBatches } from '../../src/logs/contract/hostile-lines.testing.ts'
import { openEngineStore, type Spool } from '../../src/logs/engine/engine-made.testing.ts'
import { findFault } from '../store-trees.ts'
import type { Cluster } from './cluster.ts'
import { driverOptions } from './story.ts'

/** Options: of each spool so many trees over so many lines. */
export async function playTrees(
  cluster: Cluster,
  { spools, trees, lines, seed }: { spools: readonly Spool[]; trees: number; lines: number; seed: number },
): Promise<boolean> {
  let isSame = true
  for (const spool of spools) {
    const options = driverOptions(cluster, `trees-${spool}`)
    const module = new URL('../../src/logs/engine/opensearch/driver.ts', import.meta.url).href
    const made = await openEngineStore(
      spool,
      { source: { module, options }, async remove() {} },
      { partitionLines: 200 },
    )
    try {
      const batches = randomBatches(lines, seed, { longWord: 3_000 })
      for (const [i, batch] of batches.entries()) {
        await made.store.append(batch)
        if (i === Math.floor(batches.length / 2)) await made.settle()
      }
      await made.settle()
      const began = performance.now()
      const fault = await findFault(made.store, trees, seed)
      const seconds = Math.round((performance.now() - began) / 1_000)
      console.log(`${spool} spool: ${fault ?? `${trees} trees the same as brute force, seed ${seed}, ${seconds} s`}`)
      isSame &&= fault === null
    } finally {
      await made.remove()
    }
  }
  return isSame
}
