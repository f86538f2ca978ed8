// The counters of log lines: how many of which kind came in which minute, which detection asks and never the log store.
import { downtimeBetween } from '../checks/downtimes.ts'
import type { State } from '../state/database.ts'
import { readValue, writeValue } from '../state/key-value.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'
import type { Level } from './line.ts'

/** Kinds of lines of a project that are counted apart within a minute; further ones go together by source, then all. */
export const MOST_KINDS = 2_000
/** Kinds of a project that are known at all; when there are so many, new ones go together at once. */
export const MOST_SERIES = 20_000
/** What a source is called when there are too many. */
export const OTHERS = '(other)'
const MOST_KNOWN = 50_000

/** What tells one kind of lines from another; `fingerprint` is empty below `error`. */
export type Kind = { source: string; host: string; group: string; level: Level; fingerprint: string }
export type Series = Kind & { id: number; projectId: number }

const COLUMNS = 'id, project_id as projectId, source, host, "group", level, fingerprint'

/** The series that lines of a kind are counted in at the instant `at`, made when it is new. */
export function seriesFor(state: State, projectId: number, kind: Kind, at: number): Series {
  const seen = kindsOf(state, projectId, minuteOf(at))
  const series = readSeriesOf(state, projectId, kind)
  if (series && (seen.has(series.id) || seen.size < MOST_KINDS)) return noted(seen, series)
  const known = knownOf(state, projectId)
  if (!series && seen.size < MOST_KINDS && known.number < MOST_SERIES) return noted(seen, make(state, projectId, kind))
  known.foldedAt = at
  const source = seen.size < 2 * MOST_KINDS && known.number < 2 * MOST_SERIES ? kind.source : OTHERS
  const together = { source, host: '', group: '', level: kind.level, fingerprint: '' }
  return noted(seen, readSeriesOf(state, projectId, together) ?? make(state, projectId, together))
}

/** When lines of a project last were of so many kinds that some were counted together, or null; forgotten with a restart. */
export function foldedAt(state: State, projectId: number): number | null {
  return knownOf(state, projectId).foldedAt
}

function noted(seen: Set<number>, series: Series): Series {
  seen.add(series.id)
  return series
}

/** Adds lines to the minute of a series that `at` lies in. */
export function addCount(state: State, series: number, at: number, count: number): void {
  const add = `insert into log_counts (series, at, count) values (?, ?, ?)
    on conflict (series, at) do update set count = count + excluded.count`
  state.prepare(add).run(series, minuteOf(at), count)
}

/**
 * Whether the batch of an idempotency key is to be counted at `now`: only the first time. One that was first received so
 * long ago that its key is not remembered any more was counted then.
 */
export function isFirst(state: State, projectId: number, key: string, first: number, now: number): boolean {
  if (first + MINUTE < now - KEYS_KEPT && first + MINUTE < keysKeptFrom(state, now)) return false
  const note = 'insert into counted_batches (project_id, key, at) values (?, ?, ?) on conflict do nothing'
  return state.prepare(note).run(projectId, key, now).changes > 0
}

/** Lines of an error by minute from `from` until before `until`, oldest first; minutes without any are left out. */
export function errorCounts(
  state: State,
  projectId: number,
  fingerprint: string,
  from: number,
  until: number,
): { at: number; count: number }[] {
  const query = `select at, sum(count) as count from log_series join log_counts on series = log_series.id
    where project_id = ? and fingerprint = ? and at >= ? and at < ? group by at order by at`
  return state
    .prepare<[number, string, number, number], { at: number; count: number }>(query)
    .all(projectId, fingerprint, from, until)
}

/** Lines of some series together, by minute (by hour where that is all there is), oldest first. */
export function countsOf(
  state: State,
  series: readonly Pick<Series, 'id'>[],
  from: number,
  until: number,
): { at: number; count: number }[] {
  const query = `select at, sum(count) as count from json_each(?) cross join log_counts on series = value
    and at >= ? and at < ? group by at order by at`
  const ids = JSON.stringify(series.map(({ id }) => id))
  return state.prepare<[string, number, number], { at: number; count: number }>(query).all(ids, from, until)
}

/** Every series there is. */
export function allSeries(state: State): Series[] {
  return state.prepare<[], Series>(`select ${COLUMNS} from log_series`).all()
}

/** The series of these numbers, by number. */
export function readSeries(state: State, ids: readonly number[]): Map<number, Series> {
  const query = `select ${COLUMNS} from log_series
    where id in (select value from json_each(?))`
  const found = state.prepare<[string], Series>(query).all(JSON.stringify(ids))
  return new Map(found.map(series => [series.id, series]))
}

/** The start of the minute that an instant lies in. */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE) * MINUTE
}

/** So many series are thinned at a time. */
const THINNED_AT_ONCE = 200
const BY_MINUTE = 2 * DAY
const KEPT = 35 * DAY
/** Where there are too many kinds, those that have not come for a while make room. */
const KEPT_CROWDED = 2 * DAY

/**
 * Puts minutes older than two days together by the hour and drops what is older than 35 days; a part of the series at a
 * time, so that it never takes long, and nothing when all of it is done for the hour.
 */
export function thinCounts(state: State, now: number): void {
  const cut = Math.floor((now - BY_MINUTE) / HOUR) * HOUR
  const [done, last] = (readValue(state, 'counts thinned') ?? '0 0').split(' ').map(Number) as [number, number]
  if (done >= cut) return
  state.transaction(() => {
    const query = 'select id, project_id as projectId from log_series where id > ? order by id limit ?'
    const ids = state.prepare<[number, number], { id: number; projectId: number }>(query).all(last, THINNED_AT_ONCE)
    for (const { id, projectId } of ids) {
      const crowded = knownOf(state, projectId).number >= MOST_SERIES
      thin(state, id, cut, now - (crowded ? KEPT_CROWDED : KEPT))
    }
    // The series that were forgotten may be in memory.
    state.forget('log series')
    if (ids.length < THINNED_AT_ONCE) {
      state.forget('series of a project')
      state.forget('all series')
    }
    writeValue(state, 'counts thinned', ids.length < THINNED_AT_ONCE ? `${cut} 0` : `${done} ${ids.at(-1)!.id}`)
  })
}

function thin(state: State, series: number, cut: number, kept: number): void {
  const minutes = `from log_counts where series = ? and at < ? and at % ${HOUR} <> 0`
  const together = `insert into log_counts (series, at, count)
    select series, at / ${HOUR} * ${HOUR}, sum(count) ${minutes} and true group by 2
    on conflict (series, at) do update set count = count + excluded.count`
  state.prepare(together).run(series, cut)
  state.prepare(`delete ${minutes}`).run(series, cut)
  state.prepare('delete from log_counts where series = ? and at < ?').run(series, kept)
  // The highest number stays, or the next new series would be given it, and be taken for this one by who remembers.
  const empty = `delete from log_series where id = ? and not exists (select 1 from log_counts where series = ?)
    and id < (select max(id) from log_series)`
  state.prepare(empty).run(series, series)
}

/** Forgets which batches were counted some minutes ago. */
export function pruneCountedBatches(state: State, now: number): void {
  state.prepare('delete from counted_batches where at < ?').run(keysKeptFrom(state, now) - MINUTE)
}

/** Only a death between storing and counting leaves a doubt: minutes are enough, and the time that Vakt was away. */
const KEYS_KEPT = 5 * MINUTE

function keysKeptFrom(state: State, now: number): number {
  return now - KEYS_KEPT - downtimeBetween(state, now - DAY, now)
}

function readSeriesOf(state: State, projectId: number, kind: Kind): Series | undefined {
  const known = state.memory<Series>('log series')
  const { source, host, group, level, fingerprint } = kind
  const key = `${projectId}\0${source}\0${host}\0${group}\0${level}\0${fingerprint}`
  const kept = known.get(key)
  if (kept) return kept
  const find = `select id from log_series where project_id = ? and source = ? and host = ? and "group" = ? and level = ?
    and fingerprint = ?`
  const row = state.prepare<unknown[], { id: number }>(find).get(projectId, source, host, group, level, fingerprint)
  if (!row) return undefined
  const series = { id: row.id, projectId, source, host, group, level, fingerprint }
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(key, series)
  return series
}

function make(state: State, projectId: number, kind: Kind): Series {
  const { source, host, group, level, fingerprint } = kind
  const insert =
    'insert into log_series (project_id, source, host, "group", level, fingerprint) values (?, ?, ?, ?, ?, ?)'
  state.prepare(insert).run(projectId, source, host, group, level, fingerprint)
  knownOf(state, projectId).number++
  return readSeriesOf(state, projectId, kind)!
}

/** How many series a project has, and when lines were last counted together. */
function knownOf(state: State, projectId: number): { number: number; foldedAt: number | null } {
  const kept = state.memory<{ number: number; foldedAt: number | null }>('series of a project')
  const found = kept.get(String(projectId))
  if (found) return found
  const query = 'select count(*) as number from log_series where project_id = ?'
  const { number } = state.prepare<[number], { number: number }>(query).get(projectId)!
  const known = { number, foldedAt: null }
  kept.set(String(projectId), known)
  return known
}

/** Which series of a project have had lines in a minute; only the present minute's are remembered. */
function kindsOf(state: State, projectId: number, minute: number): Set<number> {
  const kinds = state.memory<{ minute: number; seen: Set<number> }>('kinds of the minute')
  const kept = kinds.get(String(projectId))
  if (kept && kept.minute === minute) return kept.seen
  const seen = new Set<number>()
  kinds.set(String(projectId), { minute, seen })
  return seen
}
