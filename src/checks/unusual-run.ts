// Compares a run with the earlier ones of its job: clearly longer, clearly shorter, or with clearly less output. Pure.
import { SECOND } from '../time.ts'

/** How many earlier runs are compared with, and how many there must be. */
export const COMPARED_RUNS = 30
const MIN_RUNS = 5
/** "Clearly" is this many times the usual value (or less than its inverse), and further away than runs usually differ. */
const FACTOR = 2
const SPREADS = 5
/** Differences of durations below this are not worth a card, ms. */
const MIN_DIFFERENCE_MS = 2 * SECOND
/** Makes the median deviation comparable with a standard deviation. */
const MAD_TO_DEVIATION = 1.4826

/** How a run differs from `usual`, the median of the earlier ones. */
export type Unusual = { kind: 'longer' | 'shorter' | 'smaller'; value: number; usual: number }

/** What is unusual about a run of `ms`, given the durations of the earlier runs; null when nothing is, or too few are known. */
export function unusualDuration(ms: number, earlier: readonly number[]): Unusual | null {
  const usual = usualOf(earlier)
  if (usual === null || Math.abs(ms - usual.median) < MIN_DIFFERENCE_MS) return null
  if (Math.abs(ms - usual.median) <= SPREADS * usual.deviation) return null
  if (ms > usual.median * FACTOR) return { kind: 'longer', value: ms, usual: usual.median }
  if (ms < usual.median / FACTOR) return { kind: 'shorter', value: ms, usual: usual.median }
  return null
}

/** What is unusual about an output of `bytes`, given those of the earlier runs: clearly less, or nothing where there never was. */
export function unusualSize(bytes: number, earlier: readonly number[]): Unusual | null {
  const usual = usualOf(earlier)
  if (usual === null) return null
  const smaller: Unusual = { kind: 'smaller', value: bytes, usual: usual.median }
  if (bytes === 0 && earlier.every(size => size > 0)) return smaller
  const isClear = bytes < usual.median / FACTOR && usual.median - bytes > SPREADS * usual.deviation
  return isClear ? smaller : null
}

function usualOf(values: readonly number[]): { median: number; deviation: number } | null {
  if (values.length < MIN_RUNS) return null
  const median = medianOf(values)
  return { median, deviation: MAD_TO_DEVIATION * medianOf(values.map(value => Math.abs(value - median))) }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.round((sorted[middle - 1]! + sorted[middle]!) / 2)
}
