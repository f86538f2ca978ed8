// The counters of log lines: how many arrived per minute and series. Detection reads them and never the log store.
import { downtimeBetween } from '../checks/downtimes.ts'
import type { State } from '../state/database.ts'
import { readValue, writeValue } from '../state/key-value.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'
import type { Level } from './line.ts'

/** Series of a project that are counted separately within a minute: of errors, and of the other levels. Others are aggregated by source, then in one series. */
export const MAX_SERIES_PER_MINUTE = 2_000
/** So many series of one source and level have a place within a minute, however many kinds of lines others send. */
const RESERVED_SERIES = 20
/** Series of a project in all; beyond it, new ones are aggregated at once. */
export const MAX_SERIES = 20_000
/** Lines that repeat get a series of their own beyond `MAX_SERIES`, up to this. */
const MAX_SERIES_WITH_REPEATED = 3 * MAX_SERIES
/** The source of lines that are aggregated over sources. */
export const OTHER_SOURCES = '(other)'
const MAX_CACHED_SERIES = 50_000

/** The labels that identify a series; `fingerprint` is empty below `error`. */
export type SeriesLabels = { source: string; host: string; group: string; level: Level; fingerprint: string }
export type Series = SeriesLabels & { id: number; projectId: number }

export const SERIES_COLUMNS = 'id, project_id as projectId, source, host, "group", level, fingerprint'

/** The series that counts lines with these labels at the instant `at`; created when it is new. */
export function seriesFor(state: State, projectId: number, labels: SeriesLabels, at: number): Series {
  const { separate, aggregated } = seriesOfMinute(state, projectId, labels, startOfMinute(at))
  const series = findSeries(state, projectId, labels)
  if (series && separate.has(series.id)) return series
  const known = projectSeries(state, projectId)
  if ((series || known.count < MAX_SERIES) && separate.admit(labels))
    return separate.add(series ?? insertSeries(state, projectId, labels))
  known.lastAggregatedAt = at
  const hasRoom = aggregated.size < MAX_SERIES_PER_MINUTE && known.count < 2 * MAX_SERIES
  const source = hasRoom ? labels.source : OTHER_SOURCES
  const ofSource = { source, host: '', group: '', level: labels.level, fingerprint: '' }
  const found = findSeries(state, projectId, ofSource) ?? insertSeries(state, projectId, ofSource)
  aggregated.add(found.id)
  return found
}

/**
 * The series that counts lines with these labels separately because they repeat, although `seriesFor` aggregates them; null
 * when there is no room for it either.
 */
export function seriesForRepeated(state: State, projectId: number, labels: SeriesLabels, at: number): Series | null {
  const { separate, repeated } = seriesOfMinute(state, projectId, labels, startOfMinute(at))
  const series = findSeries(state, projectId, labels)
  const hasRoom = series || projectSeries(state, projectId).count < MAX_SERIES_WITH_REPEATED
  if (!hasRoom || !repeated.admit(labels)) return null
  const found = repeated.add(series ?? insertSeries(state, projectId, labels))
  // For the rest of the minute `seriesFor` returns it.
  separate.add(found)
  return found
}

/** Whether a series counts lines with these labels only. */
export function isSeparate(series: Series, labels: SeriesLabels): boolean {
  const { source, host, group, level, fingerprint } = labels
  return (
    series.fingerprint === fingerprint &&
    series.host === host &&
    series.group === group &&
    series.level === level &&
    series.source === source
  )
}

/** When a project last had so many series that some were aggregated (epoch ms), or null; a restart forgets it. */
export function lastAggregatedAt(state: State, projectId: number): number | null {
  return projectSeries(state, projectId).lastAggregatedAt
}

/** Adds lines to the minute of a series that `at` lies in. */
export function addCount(state: State, series: number, at: number, count: number): void {
  const add = `insert into log_counts (series, at, count) values (?, ?, ?)
    on conflict (series, at) do update set count = count + excluded.count`
  state.prepare(add).run(series, startOfMinute(at), count)
}

/** Moves lines that were counted in the minute of `at` from one series to another. */
export function moveCount(state: State, from: number, to: number, at: number, count: number): void {
  const remove = 'update log_counts set count = max(0, count - ?) where series = ? and at = ?'
  state.prepare(remove).run(count, from, startOfMinute(at))
  addCount(state, to, at, count)
}

/**
 * Registers the batch of an idempotency key; returns whether it must be counted at `now`: only the first time. A batch
 * first received (`first`) before the oldest key that is still stored was counted then.
 */
export function registerBatch(state: State, projectId: number, key: string, first: number, now: number): boolean {
  if (first + MINUTE < now - KEY_RETENTION_MS && first + MINUTE < oldestKeyAt(state, now)) return false
  const insert = 'insert into counted_batches (project_id, key, at) values (?, ?, ?) on conflict do nothing'
  return state.prepare(insert).run(projectId, key, now).changes > 0
}

/** Series of which the first count is looked for. */
const MAX_DATED_SERIES = 50

/**
 * When some of these series first had lines that are still counted (epoch ms); null when they had lines on fewer than `minDays`
 * different days (UTC).
 */
export function countedSince(state: State, ids: readonly number[], minDays: number): number | null {
  const next = state.prepare<[number, number], { at: number | null }>(
    'select min(at) as at from log_counts where series = ? and at >= ?',
  )
  let first: number | null = null
  const days = new Set<number>()
  for (const id of ids.slice(0, MAX_DATED_SERIES)) {
    let { at } = next.get(id, 0)!
    if (at !== null) first = Math.min(first ?? at, at)
    for (let read = 0; at !== null && read < minDays; read++) {
      const day = Math.floor(at / DAY)
      days.add(day)
      at = next.get(id, (day + 1) * DAY)!.at
    }
  }
  return days.size < minDays ? null : first
}

/** Lines of an error by minute from `from` (included) to `until` (excluded), oldest first; minutes without lines are left out. */
export function countErrorsByMinute(
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

/** Lines of level error or fatal of a project (null: of all) by minute from `from` (included) to `until` (excluded), oldest first. */
export function countErrorLines(
  state: State,
  projectId: number | null,
  from: number,
  until: number,
): { at: number; count: number }[] {
  const query = `select at, sum(count) as count from log_series cross join log_counts on series = log_series.id
    and at >= ? and at < ? where level in ('error', 'fatal') and (? is null or project_id = ?) group by at order by at`
  return state.prepare<unknown[], { at: number; count: number }>(query).all(from, until, projectId, projectId)
}

/** Lines of some series together by minute, or by hour where counts are downsampled; oldest first. */
export function countByMinute(
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

/** All series. */
export function listSeries(state: State): Series[] {
  return state.prepare<[], Series>(`select ${SERIES_COLUMNS} from log_series`).all()
}

/** The series with these ids, by id. */
export function readSeries(state: State, ids: readonly number[]): Map<number, Series> {
  const query = `select ${SERIES_COLUMNS} from log_series
    where id in (select value from json_each(?))`
  const found = state.prepare<[string], Series>(query).all(JSON.stringify(ids))
  return new Map(found.map(series => [series.id, series]))
}

/** The start of the minute of an instant, epoch ms. */
export function startOfMinute(at: number): number {
  return Math.floor(at / MINUTE) * MINUTE
}

/** Series that one run downsamples. */
const SERIES_PER_RUN = 200
/** Counts older than this are kept by hour. */
export const MINUTE_RETENTION_MS = 2 * DAY
const RETENTION_MS = 35 * DAY
/** The retention in a project with too many series, so that idle ones make room. */
const CROWDED_RETENTION_MS = 2 * DAY

/**
 * Downsamples counts older than two days to hours and drops those older than 35 days. A run is short: it does a part of
 * the series, and nothing once all are done for the hour.
 */
export function downsampleCounts(state: State, now: number): void {
  const cut = Math.floor((now - MINUTE_RETENTION_MS) / HOUR) * HOUR
  const [done, last] = (readValue(state, 'counts thinned') ?? '0 0').split(' ').map(Number) as [number, number]
  if (done >= cut) return
  state.transaction(() => {
    const query = 'select id, project_id as projectId from log_series where id > ? order by id limit ?'
    const ids = state.prepare<[number, number], { id: number; projectId: number }>(query).all(last, SERIES_PER_RUN)
    for (const { id, projectId } of ids) {
      const crowded = projectSeries(state, projectId).count >= MAX_SERIES
      downsampleSeries(state, id, cut, now - (crowded ? CROWDED_RETENTION_MS : RETENTION_MS))
    }
    // Removed series may be cached.
    state.forget('log series')
    if (ids.length < SERIES_PER_RUN) {
      state.forget('series of a project')
      state.forget('all series')
    }
    writeValue(state, 'counts thinned', ids.length < SERIES_PER_RUN ? `${cut} 0` : `${done} ${ids.at(-1)!.id}`)
  })
}

function downsampleSeries(state: State, series: number, cut: number, dropBefore: number): void {
  const minutes = `from log_counts where series = ? and at < ? and at % ${HOUR} <> 0`
  const toHours = `insert into log_counts (series, at, count)
    select series, at / ${HOUR} * ${HOUR}, sum(count) ${minutes} and true group by 2
    on conflict (series, at) do update set count = count + excluded.count`
  state.prepare(toHours).run(series, cut)
  state.prepare(`delete ${minutes}`).run(series, cut)
  state.prepare('delete from log_counts where series = ? and at < ?').run(series, dropBefore)
  // The highest id stays: the next new series would get it, and a cache would take it for this one.
  const empty = `delete from log_series where id = ? and not exists (select 1 from log_counts where series = ?)
    and id < (select max(id) from log_series)`
  state.prepare(empty).run(series, series)
}

/** Removes the keys of batches that were counted some minutes ago. */
export function pruneCountedBatches(state: State, now: number): void {
  state.prepare('delete from counted_batches where at < ?').run(oldestKeyAt(state, now) - MINUTE)
}

/** Only a crash between storing and counting leaves a doubt: some minutes are enough, plus the downtime of Vakt. */
const KEY_RETENTION_MS = 5 * MINUTE

function oldestKeyAt(state: State, now: number): number {
  return now - KEY_RETENTION_MS - downtimeBetween(state, now - DAY, now)
}

function findSeries(state: State, projectId: number, labels: SeriesLabels): Series | undefined {
  const cache = state.memory<Series>('log series')
  const { source, host, group, level, fingerprint } = labels
  const key = `${projectId}\0${source}\0${host}\0${group}\0${level}\0${fingerprint}`
  const cached = cache.get(key)
  if (cached) return cached
  const find = `select id from log_series where project_id = ? and source = ? and host = ? and "group" = ? and level = ?
    and fingerprint = ?`
  const row = state.prepare<unknown[], { id: number }>(find).get(projectId, source, host, group, level, fingerprint)
  if (!row) return undefined
  const series = { id: row.id, projectId, source, host, group, level, fingerprint }
  if (cache.size >= MAX_CACHED_SERIES) cache.clear()
  cache.set(key, series)
  return series
}

function insertSeries(state: State, projectId: number, labels: SeriesLabels): Series {
  const { source, host, group, level, fingerprint } = labels
  const insert =
    'insert into log_series (project_id, source, host, "group", level, fingerprint) values (?, ?, ?, ?, ?, ?)'
  state.prepare(insert).run(projectId, source, host, group, level, fingerprint)
  projectSeries(state, projectId).count++
  return findSeries(state, projectId, labels)!
}

type ProjectSeries = { count: number; lastAggregatedAt: number | null }

/** How many series a project has, and when lines were last aggregated. */
function projectSeries(state: State, projectId: number): ProjectSeries {
  const cache = state.memory<ProjectSeries>('series of a project')
  const cached = cache.get(String(projectId))
  if (cached) return cached
  const query = 'select count(*) as count from log_series where project_id = ?'
  const { count } = state.prepare<[number], { count: number }>(query).get(projectId)!
  const known = { count, lastAggregatedAt: null }
  cache.set(String(projectId), known)
  return known
}

/** A minute's series of a project's errors, or of its other levels. */
type SeriesOfMinute = { minute: number; separate: SeriesPlaces; repeated: SeriesPlaces; aggregated: Set<number> }

/** The places for series within a minute; each source and level has some reserved, so that a noisy one does not take all. */
class SeriesPlaces {
  readonly #ids = new Set<number>()
  readonly #admitted = new Map<string, number>()
  #count = 0

  has(id: number): boolean {
    return this.#ids.has(id)
  }

  add(series: Series): Series {
    this.#ids.add(series.id)
    return series
  }

  /** Takes a place for a series with these labels; false when there is none left. */
  admit({ source, level }: SeriesLabels): boolean {
    const key = `${source}\0${level}`
    const own = this.#admitted.get(key) ?? 0
    const hasPlace =
      this.#count < MAX_SERIES_PER_MINUTE || (own < RESERVED_SERIES && this.#count < 2 * MAX_SERIES_PER_MINUTE)
    if (!hasPlace) return false
    this.#count++
    this.#admitted.set(key, own + 1)
    return true
  }
}

/** Only the current minute is remembered. */
function seriesOfMinute(state: State, projectId: number, labels: SeriesLabels, minute: number): SeriesOfMinute {
  const minutes = state.memory<SeriesOfMinute>('series of the minute')
  const key = labels.fingerprint === '' ? `${projectId} others` : `${projectId} errors`
  const current = minutes.get(key)
  if (current && current.minute === minute) return current
  const fresh = { minute, separate: new SeriesPlaces(), repeated: new SeriesPlaces(), aggregated: new Set<number>() }
  minutes.set(key, fresh)
  return fresh
}
