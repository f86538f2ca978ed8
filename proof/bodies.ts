// Reads mutated bodies of every wire format: each is refused as a whole with a sentence, or read.
import { attackBodies } from '../src/logs/wire/mutants.testing.ts'

/** Reads `--count` bodies (default: 1,000,000) of a `--seed`. Resolves with whether none threw or took long. */
export function bodies(options: Readonly<Record<string, string>>): Promise<boolean> {
  const count = Number(options.count ?? 1_000_000)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const { tried, stored, faults } = attackBodies(count, seed)
  for (const fault of faults.slice(0, 20)) console.log(`bodies: ${fault}`)
  console.log(`bodies: ${tried} bodies of seed ${seed}, ${stored} lines read, ${faults.length} faults`)
  return Promise.resolve(faults.length === 0)
}
