// Caches baselines for some minutes: they change slowly, and reading one takes a day of counts.
import { BoundedMap } from '../../bounded-map.ts'
import type { State } from '../../state/database.ts'
import { MINUTE } from '../../time.ts'

const TTL_MS = 5 * MINUTE
const MAX_SIZE = 2_000

type Entry = { at: number; baseline: number }

/** The baseline under `key` at `now`, read by `read` unless that was done in the last minutes. */
export function cachedBaseline(state: State, key: string, now: number, read: () => number): number {
  const caches = state.memory<BoundedMap<string, Entry>>('baselines')
  const cache = caches.get('') ?? new BoundedMap<string, Entry>(MAX_SIZE)
  caches.set('', cache)
  const cached = cache.get(key)
  if (cached && now >= cached.at && now - cached.at < TTL_MS) return cached.baseline
  const baseline = read()
  cache.set(key, { at: now, baseline })
  return baseline
}
