// What the results of a probe show: the share of time that it was up, and how fast it answered. Pure.
import type { MeasuredResult } from './packed-results.ts'

/** How long a target was up and down; time in which Vakt did not look is in neither. */
export type UpTime = { upMs: number; downMs: number }

/** The share (0 to 1) of the known time that a target was up, null when nothing is known. */
export function upShare({ upMs, downMs }: UpTime): number | null {
  return upMs + downMs === 0 ? null : upMs / (upMs + downMs)
}

/**
 * How long a result stands for the state of its target: until the next one, but when that came much later than expected
 * (Vakt was stopped or offline, the check was paused), only for the time until it was expected.
 */
export function coveredUntil(previousAt: number, at: number, expectedMs: number, toleranceMs: number): number {
  const isGap = at - previousAt > 2 * expectedMs + toleranceMs
  return isGap ? Math.min(previousAt + expectedMs, at) : at
}

/** The value below which `share` of sorted numbers lie (nearest rank), null without numbers. */
export function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null
}

export type ResponseTimes = { p50: number | null; p95: number | null; maximum: number | null }

/** The response times (ms) of the results that succeeded: half were faster than p50, 95 % faster than p95. */
export function responseTimes(results: readonly MeasuredResult[]): ResponseTimes {
  const sorted = results
    .flatMap(({ ok, durationMs }) => (ok && durationMs !== null ? [durationMs] : []))
    .sort((a, b) => a - b)
  return { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), maximum: sorted.at(-1) ?? null }
}
