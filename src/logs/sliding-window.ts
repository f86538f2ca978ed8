// Sliding windows over the arrivals of an error: exact for the newest, coarser and never too many for those before. Pure.
import type { Arrival } from '../state/schema/index.ts'
import { HOUR } from '../time.ts'

/** No window is longer. */
export const LONGEST_WINDOW = HOUR
/** So many arrivals are kept apart; when there are more, older ones are put together two by two. */
const MOST_ARRIVALS = 128

/** `kept` (oldest first) with `more` arrivals; those older than the longest window before the newest are left out. */
export function addArrivals(kept: readonly Arrival[], more: readonly Arrival[]): Arrival[] {
  const all = [...kept]
  for (const arrival of more) insert(all, arrival)
  if (all.length === 0) return []
  const from = all.at(-1)![0] - LONGEST_WINDOW
  const recent = all.filter(([at]) => at >= from)
  return recent.length <= MOST_ARRIVALS ? recent : thinned(recent)
}

/** Lines within `window` ms up to `until`, both ends included, of the series that `fits`. */
export function countWithin(
  arrivals: readonly Arrival[],
  window: number,
  until: number,
  fits: (series: number) => boolean = () => true,
): number {
  let sum = 0
  for (const [at, count, series] of arrivals) if (at >= until - window && at <= until && fits(series)) sum += count
  return sum
}

function insert(all: Arrival[], arrival: Arrival): void {
  let place = all.length
  while (place > 0 && all[place - 1]![0] > arrival[0]) place--
  const before = all[place - 1]
  if (before && before[0] === arrival[0] && before[2] === arrival[2])
    all[place - 1] = [before[0], before[1] + arrival[1], before[2]]
  else all.splice(place, 0, arrival)
}

/** The older half with neighbours of the same series put together at the earlier one's time; a count is never early. */
function thinned(arrivals: readonly Arrival[]): Arrival[] {
  const half = arrivals.length - MOST_ARRIVALS / 2
  const older: Arrival[] = []
  let paired = true
  for (const arrival of arrivals.slice(0, half)) {
    const last = older.at(-1)
    if (!paired && last && last[2] === arrival[2]) {
      older[older.length - 1] = [last[0], last[1] + arrival[1], last[2]]
      paired = true
    } else {
      older.push(arrival)
      paired = false
    }
  }
  return [...older, ...arrivals.slice(half)].slice(-MOST_ARRIVALS)
}
