// Reads lines that no program wrote on purpose, through every door: none may be lost, none may throw.
import { faultOf, mutantLine } from '../src/logs/intake/mutants.testing.ts'
import { createRandom } from './random.ts'

/** Reads `--count` lines (default: 1,000,000) of a `--seed`. Resolves with whether each became one line. */
export function lines(options: Readonly<Record<string, string>>): Promise<boolean> {
  const count = Number(options.count ?? 1_000_000)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const random = createRandom(seed)
  const begun = performance.now()
  let faults = 0
  for (let i = 0; i < count; i++) {
    const text = mutantLine(random)
    const fault = attempt(text)
    if (fault !== null && faults++ < 20) console.log(`lines: ${fault}: ${JSON.stringify(text).slice(0, 300)}`)
    if (i % 200_000 === 199_999) console.log(`lines: ${i + 1}`)
  }
  const seconds = Math.round((performance.now() - begun) / 1000)
  console.log(`lines: ${count} lines of seed ${seed}, ${faults} faults, ${seconds} s`)
  return Promise.resolve(faults === 0)
}

function attempt(text: string): string | null {
  try {
    return faultOf(text)
  } catch (error) {
    return `threw ${String(error)}`
  }
}
