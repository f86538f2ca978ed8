// The tables of response times and availability: each result for some days, then a summary of each day.
import type { State } from '../state/database.ts'
import { DAY, HOUR } from '../time.ts'
import { type ResponseTimes, responseTimes, type UpTime } from './availability.ts'
import { addResult, type MeasuredResult, unpackResults } from './packed-results.ts'

/** How long each result is kept, ms: longer than the week that charts draw in detail. */
const RESULT_RETENTION_MS = 8 * DAY
const DAY_RETENTION_MS = 400 * DAY
/** How many days of probes one pass summarizes, so that it never delays a beat. */
const BATCH_SIZE = 200

type HourRow = { hour: number; upMs: number; downMs: number; results: Buffer }
/** The summary of a day (UTC) that began at `day`. */
export type DaySummary = UpTime & ResponseTimes & { day: number; succeeded: number; failed: number }

/** Records a result, and that the result before it stood for the time from `covered.from` until `covered.until`. */
export function recordMeasurement(
  state: State,
  checkId: number,
  result: MeasuredResult,
  covered: { from: number; until: number; isUp: boolean } | null,
): void {
  state.transaction(() => {
    for (let hour = floor(covered?.from ?? 0, HOUR); covered !== null && hour < covered.until; hour += HOUR) {
      const ms = Math.min(hour + HOUR, covered.until) - Math.max(hour, covered.from)
      state.prepare(ADD_TIME).run(checkId, hour, covered.isUp ? ms : 0, covered.isUp ? 0 : ms)
    }
    const hour = floor(result.at, HOUR)
    const packed = state.prepare<unknown[], HourRow>(READ_HOUR).get(checkId, hour)?.results ?? Buffer.alloc(0)
    state.prepare(SET_RESULTS).run(checkId, hour, addResult(packed, result))
  })
}

/** Every result from `from` until `until` (epoch ms), oldest first; those of the last eight days are kept. */
export function readResults(state: State, checkId: number, from: number, until: number): MeasuredResult[] {
  return readHours(state, checkId, from, until)
    .flatMap(({ hour, results }) => unpackResults(hour, results))
    .filter(({ at }) => at >= from && at < until)
}

/** The summaries of the days (UTC) that touch `from` until `until`, oldest first; the days of the last week from their results. */
export function readDays(state: State, checkId: number, from: number, until: number): DaySummary[] {
  const start = floor(from, DAY)
  const stored = state.prepare<unknown[], DaySummary>(READ_DAYS).all(checkId, start, until)
  const recent = Map.groupBy(readHours(state, checkId, start, until), ({ hour }) => floor(hour, DAY))
  return [...stored, ...[...recent].map(([day, hours]) => summarizeDay(day, hours))].sort((a, b) => a.day - b.day)
}

/** How long the target was up and down from `from` until `until`; the hour or day at the start counts in proportion. */
export function readUpTime(state: State, checkId: number, from: number, until: number): UpTime {
  const total = { upMs: 0, downMs: 0 }
  const add = ({ upMs, downMs }: UpTime, start: number, lengthMs: number) => {
    const share = Math.min(1, (start + lengthMs - from) / lengthMs)
    total.upMs += upMs * share
    total.downMs += downMs * share
  }
  for (const row of state.prepare<unknown[], DaySummary>(READ_DAYS).all(checkId, floor(from, DAY), until))
    add(row, row.day, DAY)
  for (const row of state.prepare<unknown[], HourRow>(READ_HOUR_TIMES).all(checkId, floor(from, HOUR), until))
    add(row, row.hour, HOUR)
  return { upMs: Math.round(total.upMs), downMs: Math.round(total.downMs) }
}

/** How long the target was up and down on each day (UTC) that touches `from` until `until`. */
export function readUpTimeByDay(
  state: State,
  checkId: number,
  from: number,
  until: number,
): (UpTime & { day: number })[] {
  const start = floor(from, DAY)
  return state
    .prepare<unknown[], UpTime & { day: number }>(READ_DAY_TIMES)
    .all(checkId, start, until, checkId, start, until)
}

/** Summarizes the days whose results are past their retention, and deletes what is older than 400 days. */
export function pruneMeasurements(state: State, now: number): void {
  const oldest = floor(now - RESULT_RETENTION_MS, DAY)
  state.transaction(() => {
    const days = state.prepare<unknown[], { checkId: number; day: number }>(FIND_OLD_DAYS).all(oldest, BATCH_SIZE)
    for (const { checkId, day } of days) {
      const { upMs, downMs, succeeded, failed, p50, p95, maximum } = summarizeDay(
        day,
        readHours(state, checkId, day, day + DAY),
      )
      state
        .prepare(STORE_DAY)
        .run(checkId, day, upMs, downMs, succeeded, failed, round(p50), round(p95), round(maximum))
      state
        .prepare('delete from probe_hours where check_id = ? and hour >= ? and hour < ?')
        .run(checkId, day, day + DAY)
    }
    state.prepare('delete from probe_days where day < ?').run(now - DAY_RETENTION_MS)
  })
}

function summarizeDay(day: number, hours: readonly HourRow[]): DaySummary {
  const results = hours.flatMap(({ hour, results }) => unpackResults(hour, results))
  const succeeded = results.filter(({ ok }) => ok).length
  const sum = (read: (row: HourRow) => number) => hours.reduce((total, row) => total + read(row), 0)
  return {
    day,
    upMs: sum(row => row.upMs),
    downMs: sum(row => row.downMs),
    succeeded,
    failed: results.length - succeeded,
    ...responseTimes(results),
  }
}

function readHours(state: State, checkId: number, from: number, until: number): HourRow[] {
  return state.prepare<unknown[], HourRow>(READ_HOURS).all(checkId, floor(from, HOUR), until)
}

function floor(at: number, unit: number): number {
  return Math.floor(at / unit) * unit
}

function round(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms)
}

const ADD_TIME = `insert into probe_hours (check_id, hour, up_ms, down_ms, results) values (?, ?, ?, ?, x'')
  on conflict do update set up_ms = up_ms + excluded.up_ms, down_ms = down_ms + excluded.down_ms`
const READ_HOUR = 'select results from probe_hours where check_id = ? and hour = ?'
const SET_RESULTS = `insert into probe_hours (check_id, hour, up_ms, down_ms, results) values (?, ?, 0, 0, ?)
  on conflict do update set results = excluded.results`
const READ_HOURS = `select hour, up_ms as upMs, down_ms as downMs, results from probe_hours
  where check_id = ? and hour >= ? and hour < ? order by hour`
const READ_HOUR_TIMES = `select hour, up_ms as upMs, down_ms as downMs from probe_hours
  where check_id = ? and hour >= ? and hour < ?`
const READ_DAYS = `select day, up_ms as upMs, down_ms as downMs, succeeded, failed, p50, p95, maximum from probe_days
  where check_id = ? and day >= ? and day < ? order by day`
const READ_DAY_TIMES = `select day, sum(up_ms) as upMs, sum(down_ms) as downMs from (
    select day, up_ms, down_ms from probe_days where check_id = ? and day >= ? and day < ?
    union all select hour - hour % ${DAY}, up_ms, down_ms from probe_hours where check_id = ? and hour >= ? and hour < ?
  ) group by day order by day`
const FIND_OLD_DAYS = `select distinct check_id as checkId, hour - hour % ${DAY} as day from probe_hours where hour < ? limit ?`
const STORE_DAY = `insert or replace into probe_days (check_id, day, up_ms, down_ms, succeeded, failed, p50, p95, maximum)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`
