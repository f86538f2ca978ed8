// How often property tests run. FC_RUNS is the number of runs of a property without one of its own (default: 25).
import fc from 'fast-check'

const RUNS = Number(process.env.FC_RUNS) || 25
/** The default of fast-check, for which tests state their own number of runs. */
const USUAL_RUNS = 100

fc.configureGlobal({ numRuns: RUNS })

/** `count` runs when FC_RUNS is 100, else fewer or more in proportion. */
export function runs(count: number): number {
  return Math.max(1, Math.round((count * RUNS) / USUAL_RUNS))
}
