// Counts lines of a project that has more kinds of lines than are counted separately: a kind that repeats among them is
// found and counted separately after all, however many kinds there are.
import type { State } from '../state/database.ts'
import type { RecentCount } from '../state/schema/index.ts'
import { HOUR } from '../time.ts'
import { addCount, moveCount, type Series, type SeriesLabels, seriesForRepeated, startOfMinute } from './counters.ts'
import { HeavyHitters } from './heavy-hitters.ts'

/** Kinds that are watched for repetition at a time, over all projects; in a smaller flood every count is exact. */
const MAX_WATCHED_ERRORS = 32_768
const MAX_WATCHED_OTHERS = 16_384
/** A kind with this many lines repeats. */
const REPEATED = 2
/** The longest window of a rule: what has not repeated for that long is new again. */
const FORGET_AFTER_MS = HOUR
const FORGET_EVERY_MS = HOUR / 6
/** The counts of a kind before it is counted separately: as many as a flood can delay that by. */
const MAX_PENDING = 8

/** Lines that were aggregated, by minute. */
type Pending = RecentCount[]

export class OverflowCounter {
  readonly #errors = new HeavyHitters<Pending>(MAX_WATCHED_ERRORS)
  readonly #others = new HeavyHitters<Pending>(MAX_WATCHED_OTHERS)
  #forgotAt = 0

  /**
   * Adds `count` lines with these labels, which `seriesFor` aggregates in `aggregated`. Returns what is counted separately
   * by it: nothing while the kind has one line, then also its earlier lines, with the instants at which they came.
   */
  add(
    state: State,
    projectId: number,
    labels: SeriesLabels,
    aggregated: Series,
    at: number,
    count: number,
  ): RecentCount[] {
    const { source, host, group, level, fingerprint } = labels
    this.#forget(at)
    const watched = fingerprint === '' ? this.#others : this.#errors
    // The lines of an error count together, from whichever host they come.
    const key = fingerprint === '' ? `${host}\0${group}` : fingerprint
    const hitter = watched.add(String(projectId), `${source}\0${level}`, key, count, at)
    const isRepeated = hitter.count - hitter.overcount >= REPEATED
    const series = isRepeated ? seriesForRepeated(state, projectId, labels, at) : null
    if (series === null) {
      addCount(state, aggregated.id, at, count)
      hitter.data = addPending(hitter.data ?? [], [at, count, aggregated.id])
      return []
    }
    const pending = hitter.data ?? []
    hitter.data = null
    addCount(state, series.id, at, count)
    for (const [earlier, lines, from] of pending) moveCount(state, from, series.id, earlier, lines)
    return [...pending.map(([earlier, lines]): RecentCount => [earlier, lines, series.id]), [at, count, series.id]]
  }

  #forget(now: number): void {
    if (Math.abs(now - this.#forgotAt) < FORGET_EVERY_MS) return
    this.#forgotAt = now
    for (const watched of [this.#errors, this.#others]) watched.forget(now - FORGET_AFTER_MS)
  }
}

function addPending(pending: Pending, [at, count, series]: RecentCount): Pending {
  const last = pending.at(-1)
  const isSame = last && last[2] === series && startOfMinute(last[0]) === startOfMinute(at)
  if (isSame) return [...pending.slice(0, -1), [last[0], last[1] + count, series]]
  return [...pending, [at, count, series] satisfies RecentCount].slice(-MAX_PENDING)
}
