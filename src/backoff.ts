// How long to wait before the next attempt after failures.
import { MINUTE, SECOND } from './time.ts'

export type BackOff = {
  /** The wait after the first failure, ms (default 1 s). */
  baseMs?: number
  /** The longest wait, ms (default 5 min). */
  maxMs?: number
  /** Returns a number from 0 to 1 (default Math.random). */
  random?: () => number
}

/**
 * The wait (ms) after `failures` failures in a row: none after no failure, then `baseMs`, doubled with each failure up to
 * `maxMs`. Up to half of it is taken off at random, so that many clients do not retry at the same moment
 * ("equal jitter" of the AWS Architecture Blog, "Exponential Backoff And Jitter").
 */
export function backOff(
  failures: number,
  { baseMs = SECOND, maxMs = 5 * MINUTE, random = Math.random }: BackOff = {},
): number {
  if (failures <= 0) return 0
  const wait = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(wait * (1 - random() / 2))
}
