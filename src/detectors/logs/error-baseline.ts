// How often an error usually comes, read from its counters, and how many lines are a spike over that.
import { countErrorsByMinute, startOfMinute } from '../../logs/counters.ts'
import type { KnownError } from '../../logs/errors/errors.ts'
import type { State } from '../../state/database.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { cachedBaseline } from './baseline-cache.ts'

/** The period that a baseline is taken from, and how long an error must be known to have one, ms. */
export const BASELINE_PERIOD_MS = DAY
const HOURS = BASELINE_PERIOD_MS / HOUR
/** The rise of a spike is no part of the baseline before it. */
const EXCLUDED_MS = 15 * MINUTE
/** A count that is less likely than this is not random. */
const MAX_CHANCE = 1e-6

/** The baseline of an error within a window, or null while it has not been known for long enough. */
export function baselineFor(state: State, error: KnownError, windowMs: number, now: number): number | null {
  if (now - error.firstSeenAt < BASELINE_PERIOD_MS + EXCLUDED_MS) return null
  return cachedBaseline(state, `error ${error.id} ${windowMs}`, now, () => {
    const until = startOfMinute(now - EXCLUDED_MS)
    const from = until - BASELINE_PERIOD_MS
    return medianPeak(countErrorsByMinute(state, error.projectId, error.fingerprint, from, until), windowMs, until)
  })
}

/**
 * The median over the hours of the day before `until` of the most lines within one window. An outage in the past does not
 * change it; an error that is there all the time does, whether it comes evenly or in bursts. `minutes` are the counts of
 * that day by minute, oldest first.
 */
export function medianPeak(minutes: readonly { at: number; count: number }[], windowMs: number, until: number): number {
  const peaks = new Array<number>(HOURS).fill(0)
  let sum = 0
  let oldest = 0
  for (const { at, count } of minutes) {
    sum += count
    while (minutes[oldest]!.at <= at - Math.max(windowMs, MINUTE)) sum -= minutes[oldest++]!.count
    const hour = Math.floor((until - at - 1) / HOUR)
    if (hour >= 0 && hour < HOURS) peaks[hour] = Math.max(peaks[hour]!, sum)
  }
  peaks.sort((a, b) => a - b)
  return peaks[HOURS / 2]!
}

/** The smallest count that is a spike over a baseline: at least `factor` times as much, and by Poisson less likely than one in a million. */
export function spikeThreshold(baseline: number, factor: number): number {
  let tail = 1
  let logChance = -baseline
  for (let count = 0; ; count++) {
    // Far out the factor alone decides: sums of rounded chances would be wrong.
    if (count >= baseline * factor && (tail < MAX_CHANCE || baseline > 1_000)) return count
    tail -= Math.exp(logChance)
    logChance += Math.log(baseline / (count + 1))
  }
}
