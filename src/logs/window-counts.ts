// Counts of lines for rules over a time window, read in short steps, so that nothing else waits where there are many series.
import { BoundedMap } from '../bounded-map.ts'
import type { State } from '../state/database.ts'
import { HOUR, MINUTE } from '../time.ts'
import { MINUTE_RETENTION_MS, SERIES_COLUMNS, type Series } from './counters.ts'

/** Long work in steps: whoever runs it may do other work at each `yield`. */
export type Cooperative<T> = Generator<undefined, T>

/** Series that are read in one step, and how many of their minutes at most. */
export const SERIES_PER_STEP = 2_000
const MINUTES_PER_STEP = 50_000
/** Windows that are cached; evaluate rules with the same window one after the other. */
const MAX_CACHED_WINDOWS = 4
/** All series by id. The list is cached and only new series are read; it is another list after series were removed. */
export function* readAllSeries(state: State): Cooperative<readonly Series[]> {
  const cache = state.memory<Series[]>('all series')
  const all = cache.get('') ?? []
  cache.set('', all)
  const query = `select ${SERIES_COLUMNS} from log_series where id > ? order by id limit ${SERIES_PER_STEP}`
  while (true) {
    const more = state.prepare<[number], Series>(query).all(all.at(-1)?.id ?? 0)
    all.push(...more)
    if (more.length < SERIES_PER_STEP) return all
    yield
  }
}

/** How many lines each series had from `from` (included) to `until` (excluded), whole minutes, by id; series without lines are left out. */
export type WindowCounter = (from: number, until: number) => Cooperative<ReadonlyMap<number, number>>

/** Counts lines of a few windows, each read once for all rules. */
export function createWindowCounter(state: State): WindowCounter {
  const cache = new BoundedMap<string, Map<number, number>>(MAX_CACHED_WINDOWS)
  return function* (from, until) {
    const key = `${from} ${until}`
    const cached = cache.get(key)
    if (cached) return cached
    const lines = yield* countWindow(state, from, until)
    cache.set(key, lines)
    return lines
  }
}

/** How many lines each of some series had from `from` (included) to `until` (excluded), by id; series without lines are left out. */
export function countBySeries(
  state: State,
  series: readonly Pick<Series, 'id'>[],
  from: number,
  until: number,
): Map<number, number> {
  const query = `select value as id, sum(count) as count from json_each(?) cross join log_counts on series = value
    and at >= ? and at < ? group by value`
  const ids = JSON.stringify(series.map(({ id }) => id))
  const rows = state.prepare<[string, number, number], { id: number; count: number }>(query).all(ids, from, until)
  return new Map(rows.map(({ id, count }) => [id, count]))
}

/** The clock went back to `now`: removes the counts after it, which would be added to those of coming minutes. */
export function rewindCounts(state: State, now: number): void {
  state.prepare('delete from log_counts where series in (select id from log_series) and at > ?').run(now)
}

function* countWindow(state: State, from: number, until: number): Cooperative<Map<number, number>> {
  const lines = new Map<number, number>()
  const all = yield* readAllSeries(state)
  // A cross join, so that SQLite starts with the series: there are many more counts, and each series finds its own by index.
  const query = `select id, sum(count) as count from log_series cross join log_counts on series = id
    and at >= ? and at < ? where id >= ? and id <= ? group by id`
  const statement = state.prepare<[number, number, number, number], { id: number; count: number }>(query)
  const rows =
    Math.min(until - from, MINUTE_RETENTION_MS) / MINUTE + Math.max(0, until - from - MINUTE_RETENTION_MS) / HOUR
  const step = Math.max(1, Math.min(SERIES_PER_STEP, Math.floor(MINUTES_PER_STEP / rows)))
  for (let i = 0; i < all.length; i += step) {
    const last = all[Math.min(i + step, all.length) - 1]!
    for (const { id, count } of statement.all(from, until, all[i]!.id, last.id)) lines.set(id, count)
    yield
  }
  return lines
}
