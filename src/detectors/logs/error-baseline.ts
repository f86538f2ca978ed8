// What is usual for an error, read from its counters and remembered for some minutes.
import { countErrorsByMinute, startOfMinute } from '../../logs/counters.ts'
import type { KnownError } from '../../logs/errors/errors.ts'
import type { State } from '../../state/database.ts'
import { MINUTE } from '../../time.ts'
import { HISTORY, usualPeak } from './error-conditions.ts'

const REMEMBERED = 5 * MINUTE
const MOST_REMEMBERED = 1_000
/** The rise of a spike is no part of what was usual before it. */
const RISE = 15 * MINUTE

/** The usual peak of an error within `window` ms, or null while it is not known for long enough. */
export function baselineFor(state: State, error: KnownError, window: number, now: number): number | null {
  if (now - error.firstSeenAt < HISTORY + RISE) return null
  const kept = state.memory<{ at: number; usual: number }>('usual peaks')
  const key = `${error.id} ${window}`
  const known = kept.get(key)
  if (known && now >= known.at && now - known.at < REMEMBERED) return known.usual
  const until = startOfMinute(now - RISE)
  const usual = usualPeak(
    countErrorsByMinute(state, error.projectId, error.fingerprint, until - HISTORY, until),
    window,
    until,
  )
  if (kept.size >= MOST_REMEMBERED) kept.clear()
  kept.set(key, { at: now, usual })
  return usual
}
