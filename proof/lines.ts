// Reads lines that no program wrote on purpose, through every door: none may be lost, none may throw.
import { faultsOf, mutantLine } from '../src/logs/intake/mutants.testing.ts'
import { createRandom } from './random.ts'

/** How many lines are read in one body. */
const BATCH_SIZE = 200
const MAX_SHOWN_FAULTS = 20

/** Reads `--count` lines (default: 1,000,000) of a `--seed`. Resolves with whether each became one line. */
export function lines(options: Readonly<Record<string, string>>): Promise<boolean> {
  const count = Number(options.count ?? 1_000_000)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const random = createRandom(seed)
  const begun = performance.now()
  let faults = 0
  console.log(`lines: seed ${seed}`)
  for (let read = 0; read < count; read += BATCH_SIZE) {
    const texts = Array.from({ length: Math.min(BATCH_SIZE, count - read) }, () => mutantLine(random))
    for (const { text, fault } of faultsOf(texts))
      if (faults++ < MAX_SHOWN_FAULTS) console.log(`lines: ${fault}: ${JSON.stringify(text).slice(0, 300)}`)
    if ((read + BATCH_SIZE) % 200_000 === 0) console.log(`lines: ${read + BATCH_SIZE}`)
  }
  const seconds = Math.round((performance.now() - begun) / 1000)
  console.log(`lines: ${count} lines of seed ${seed}, ${faults} faults, ${seconds} s`)
  return Promise.resolve(faults === 0)
}
