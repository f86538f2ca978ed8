// Sliding windows over the line counts of an error: exact for the newest entries, coarser for older ones, of limited length. Pure.
import type { RecentCount } from '../../state/schema/index.ts'
import { HOUR } from '../../time.ts'

/** The longest window of a rule. */
export const MAX_WINDOW_MS = HOUR
/** Beyond this many entries, older ones are merged two by two. */
const MAX_ENTRIES = 128

/** `entries` (oldest first) with `more` added; entries older than the longest window before the newest are dropped. */
export function addToWindow(entries: readonly RecentCount[], more: readonly RecentCount[]): RecentCount[] {
  const all = [...entries]
  for (const entry of more) insert(all, entry)
  if (all.length === 0) return []
  const from = all.at(-1)![0] - MAX_WINDOW_MS
  const recent = all.filter(([at]) => at >= from)
  return recent.length <= MAX_ENTRIES ? recent : mergeOlderHalf(recent)
}

/** Lines within `windowMs` up to `until`, both ends included, of the series that `matches`. */
export function countInWindow(
  entries: readonly RecentCount[],
  windowMs: number,
  until: number,
  matches: (series: number) => boolean = () => true,
): number {
  let sum = 0
  for (const [at, count, series] of entries) if (at >= until - windowMs && at <= until && matches(series)) sum += count
  return sum
}

function insert(all: RecentCount[], entry: RecentCount): void {
  let place = all.length
  while (place > 0 && all[place - 1]![0] > entry[0]) place--
  const before = all[place - 1]
  if (before && before[0] === entry[0] && before[2] === entry[2])
    all[place - 1] = [before[0], before[1] + entry[1], before[2]]
  else all.splice(place, 0, entry)
}

/** Merges neighbours of the same series in the older half, at the earlier one's time: a line is never counted for too long. */
function mergeOlderHalf(entries: readonly RecentCount[]): RecentCount[] {
  const half = entries.length - MAX_ENTRIES / 2
  const older: RecentCount[] = []
  let paired = true
  for (const entry of entries.slice(0, half)) {
    const last = older.at(-1)
    if (!paired && last && last[2] === entry[2]) {
      older[older.length - 1] = [last[0], last[1] + entry[1], last[2]]
      paired = true
    } else {
      older.push(entry)
      paired = false
    }
  }
  return [...older, ...entries.slice(half)].slice(-MAX_ENTRIES)
}
