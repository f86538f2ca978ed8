// Finds one error that comes again and again: so many times within a window, or far more often than is usual for it. Pure.
import { countInWindow } from '../../logs/errors/sliding-window.ts'
import type { RecentCount } from '../../state/schema/index.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import type { Rule } from '../rules/rule.ts'

export type Spike = { count: number; needed: number; usual: number | null }

/** Below this chance a count is no accident. */
const CHANCE = 1e-6
/** How long an error must be known before it has anything usual; then so much of its past is looked at. */
export const HISTORY = DAY
const HOURS = HISTORY / HOUR

/**
 * What the window that ends at `until` holds, and how much it takes; null below that. `usual` is null for a rule without
 * a baseline and for an error that is not known for long: then the rule's own threshold decides.
 */
export function findSpike(
  rule: Pick<Rule, 'threshold' | 'window' | 'times'>,
  arrivals: readonly RecentCount[],
  until: number,
  fits: (series: number) => boolean,
  usual: () => number | null,
): Spike | null {
  const count = countInWindow(arrivals, rule.window!, until, fits)
  if (count < rule.threshold!) return null
  const known = usual()
  const needed = neededOver(rule, known)
  return count >= needed ? { count, needed, usual: known } : null
}

/** How many are too many where so many are usual (null: not known). */
export function neededOver(rule: Pick<Rule, 'threshold' | 'times'>, usual: number | null): number {
  return usual === null ? rule.threshold! : Math.max(rule.threshold!, spikeOver(usual, rule.times))
}

/**
 * What is usual for an error: the median over the hours of the last day of the most that came within one window. An
 * outage in the past does not change it, an error that is there all the time does, whether it comes evenly or in bursts.
 * `minutes` are its counts by minute, oldest first, of the day before `until`.
 */
export function usualPeak(minutes: readonly { at: number; count: number }[], window: number, until: number): number {
  const peaks = new Array<number>(HOURS).fill(0)
  let sum = 0
  let oldest = 0
  for (const { at, count } of minutes) {
    sum += count
    while (minutes[oldest]!.at <= at - Math.max(window, MINUTE)) sum -= minutes[oldest++]!.count
    const hour = Math.floor((until - at - 1) / HOUR)
    if (hour >= 0 && hour < HOURS) peaks[hour] = Math.max(peaks[hour]!, sum)
  }
  peaks.sort((a, b) => a - b)
  return peaks[HOURS / 2]!
}

/** The smallest count that is a spike over a usual one: at least `times` as much, and by Poisson less likely than one in a million. */
export function spikeOver(usual: number, times: number): number {
  let tail = 1
  let logChance = -usual
  for (let count = 0; ; count++) {
    // Far out the multiple alone decides, and sums of rounded chances would not.
    if (count >= usual * times && (tail < CHANCE || usual > 1_000)) return count
    tail -= Math.exp(logChance)
    logChance += Math.log(usual / (count + 1))
  }
}
