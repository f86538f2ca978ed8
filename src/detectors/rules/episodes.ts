// What a rule would have made of the past: figures over time become episodes, each of which would have been one card. Pure.
import type { Rule } from './rule.ts'

/** One card that would have been: when it would have come and ended, and the worst figure meanwhile. */
export type Episode = { subject: string; projectId: number | null; from: number; until: number; value: number }

/** A figure at an instant, and whether it was beyond what is allowed. */
export type Reading = { at: number; value: number; breached: boolean }

/** The episodes of readings (oldest first): begun after `hold` of it without a break, over after `quiet` without it. */
export function episodesOf(
  rule: Pick<Rule, 'hold' | 'quiet'>,
  readings: readonly Reading[],
  worse: (value: number, than: number) => boolean,
): Omit<Episode, 'subject' | 'projectId'>[] {
  const found: Omit<Episode, 'subject' | 'projectId'>[] = []
  let since: number | null = null
  let open: Omit<Episode, 'subject' | 'projectId'> | null = null
  for (const { at, value, breached } of readings) {
    if (open && at > open.until) open = null
    if (!breached) {
      since = null
      continue
    }
    since ??= at
    if (open) {
      open.until = at + rule.quiet
      if (worse(value, open.value)) open.value = value
    } else if (at - since >= rule.hold) {
      open = { from: at, until: at + rule.quiet, value }
      found.push(open)
    }
  }
  return found
}

/**
 * Sums over a sliding window of whole minutes, at the end of each minute with something in it. Older counts are kept by the
 * hour (`hourly` before that instant): they count as spread evenly over it.
 */
export function slidingSums(
  counts: readonly { at: number; count: number }[],
  window: number,
  step: { minute: number; hour: number; hourlyBefore: number },
): { at: number; value: number }[] {
  let oldest = 0
  let sum = 0
  return counts.map(({ at, count }, index) => {
    if (at < step.hourlyBefore) {
      oldest = index + 1
      sum = 0
      return { at: at + step.hour, value: Math.round((count * Math.min(window, step.hour)) / step.hour) }
    }
    sum += count
    while (counts[oldest]!.at <= at - Math.max(window, step.minute)) sum -= counts[oldest++]!.count
    return { at: at + step.minute, value: sum }
  })
}
