// The counted lines as rules ask for them: read a part at a time, so that nothing else waits where there are many kinds.
import type { State } from '../state/database.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'
import type { Series } from './counters.ts'

/** Where something long may stop for a moment, with nothing to say yet. */
export type Pausing<T> = Generator<undefined, T>

/** So many series are read or looked at without a pause, and so many of their minutes. */
export const PART = 2_000
const MOST_MINUTES = 50_000
/** Windows that are remembered; rules of the same window should be asked one after the other. */
const MOST_WINDOWS = 4
/** Counts older than this are by the hour. */
const BY_MINUTE = 2 * DAY

const COLUMNS = 'id, project_id as projectId, source, host, "group", level, fingerprint'

/** Every series by its number. The list is kept in memory and read on; it is another one when series were forgotten. */
export function* readAllSeries(state: State): Pausing<readonly Series[]> {
  const kept = state.memory<Series[]>('all series')
  const all = kept.get('') ?? []
  kept.set('', all)
  const query = `select ${COLUMNS} from log_series where id > ? order by id limit ${PART}`
  while (true) {
    const more = state.prepare<[number], Series>(query).all(all.at(-1)?.id ?? 0)
    all.push(...more)
    if (more.length < PART) return all
    yield
  }
}

/** How many lines each series had from `from` until before `until` (whole minutes), by number; none is left out. */
export type LinesWithin = (from: number, until: number) => Pausing<ReadonlyMap<number, number>>

/** Counts of a few windows, each read once for all who ask. */
export function linesWithin(state: State): LinesWithin {
  const kept = new Map<string, Map<number, number>>()
  return function* (from, until) {
    const key = `${from} ${until}`
    const known = kept.get(key)
    if (known) return known
    const lines = yield* readLines(state, from, until)
    if (kept.size >= MOST_WINDOWS) kept.delete(kept.keys().next().value!)
    kept.set(key, lines)
    return lines
  }
}

/** How many lines each of some series had from `from` until before `until`, by number; none is left out. */
export function linesOf(
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

/** The clock went back to `now`: what was counted after that would be counted with what is to come. */
export function rewindCounts(state: State, now: number): void {
  state.prepare('delete from log_counts where series in (select id from log_series) and at > ?').run(now)
}

function* readLines(state: State, from: number, until: number): Pausing<Map<number, number>> {
  const lines = new Map<number, number>()
  const all = yield* readAllSeries(state)
  // Crossed, so that SQLite begins with the series: the counts are many more, and each series finds its own at once.
  const query = `select id, sum(count) as count from log_series cross join log_counts on series = id
    and at >= ? and at < ? where id >= ? and id <= ? group by id`
  const statement = state.prepare<[number, number, number, number], { id: number; count: number }>(query)
  const rows = Math.min(until - from, BY_MINUTE) / MINUTE + Math.max(0, until - from - BY_MINUTE) / HOUR
  const part = Math.max(1, Math.min(PART, Math.floor(MOST_MINUTES / rows)))
  for (let i = 0; i < all.length; i += part) {
    const last = all[Math.min(i + part, all.length) - 1]!
    for (const { id, count } of statement.all(from, until, all[i]!.id, last.id)) lines.set(id, count)
    yield
  }
  return lines
}
