// Asks an engine for one slice of time after the other when the whole takes too long: an answer that timed out has holes.
import { Problem } from '../../problem.ts'
import { DAY, HOUR } from '../../time.ts'
import type { EngineOrder, Timed } from './driver.ts'

/** Timestamps from `from` (included) to `until` (excluded), epoch ms. */
export type TimeRange = { from: number; until: number }

const FIRST_SLICE_MS = HOUR
const GROWTH = 4
/** Hardly any line is older. */
const OLDEST_MS = 400 * DAY
/** An engine has this long in any case, ms. */
const MIN_TIMEOUT_MS = 1_000

/**
 * Asks for the whole, and when that times out for slices, nearest first, each four times as long as the last. Resolves with
 * what was not searched when time ran out, else null; `ask` ends it with `stop`.
 */
export async function askInSlices(
  whole: TimeRange,
  order: EngineOrder,
  deadline: number,
  ask: (slice: TimeRange, timeoutMs: number) => Promise<Timed<'continue' | 'stop'>>,
): Promise<TimeRange | null> {
  if (whole.from >= whole.until) return null
  const left = () => Math.max(MIN_TIMEOUT_MS, deadline - performance.now())
  if (!('isTimedOut' in (await ask(whole, left() / 2)))) return null
  let rest = whole
  for (const slice of slicesOf(whole, order)) {
    if (performance.now() > deadline && rest !== whole) return rest
    const asked = await ask(slice, left())
    if ('isTimedOut' in asked) {
      if (rest !== whole) return rest
      throw new Problem('busy', 'The log engine takes too long. Search a shorter time range, or try again.', {
        retryAfterMs: 5_000,
      })
    }
    if (asked.answer === 'stop') return null
    rest = order === 'newest' ? { ...rest, until: slice.from } : { ...rest, from: slice.until }
  }
  return null
}

/** First what lies beyond any likely line, then slices that grow. */
function* slicesOf(whole: TimeRange, order: EngineOrder): Generator<TimeRange> {
  let { from, until } = whole
  const likely = order === 'newest' ? Date.now() + HOUR : Date.now() - OLDEST_MS
  const isInside = likely > from && likely < until
  for (let length = isInside ? 0 : FIRST_SLICE_MS; from < until; length = Math.max(FIRST_SLICE_MS, length * GROWTH)) {
    const edge = length === 0 ? likely : order === 'newest' ? until - length : from + length
    if (order === 'newest') {
      yield { from: Math.max(from, edge), until }
      until = Math.max(from, edge)
    } else {
      yield { from, until: Math.min(until, edge) }
      from = Math.min(until, edge)
    }
  }
}
