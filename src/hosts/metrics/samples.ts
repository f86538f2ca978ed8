// The tables of measurements: one row each 30 s for six hours, and five-minute rows for a week.
import type { State } from '../../state/database.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'

export type SeriesKind = 'host' | 'disk' | 'container'

/** A measurement. CPU is in percent (containers: of one core), sizes are in bytes; traffic and restarts are counters. */
export type Measurement = { kind: SeriesKind; name: string } & Partial<SampleValues>
export type SampleValues = Record<(typeof COLUMNS)[number], number | null>
/** A stored measurement; `cpuMax` and `memoryMax` are the maxima of a five-minute row, otherwise null. */
export type Sample = SampleValues & { at: number; cpuMax: number | null; memoryMax: number | null }

const COLUMNS = [
  'cpu',
  'memory',
  'memoryLimit',
  'received',
  'sent',
  'read',
  'written',
  'restarts',
  'load',
  'used',
  'size',
] as const

// Containers with a new name at each start would otherwise fill the table: the series seen least recently are evicted.
const MAX_SERIES_PER_HOST = 3_000
const EVICTED_SERIES = 300
const FINE_RETENTION_MS = 6 * HOUR
const COARSE_RETENTION_MS = 7 * DAY
export const COARSE_STEP_MS = 5 * MINUTE

/** Saves the measurements of a host at `at`. */
export function saveMeasurements(state: State, hostId: number, measurements: readonly Measurement[], at: number): void {
  const insert = state.prepare(INSERT)
  state.transaction(() => {
    for (const measurement of measurements) {
      const series = findOrAddSeries(state, hostId, measurement.kind, measurement.name, at)
      insert.run(series, at, ...COLUMNS.map(column => measurement[column] ?? null))
    }
  })
}

/**
 * The samples of a series from `from` to `until` (epoch ms, both inclusive), oldest first: as measured within the last six
 * hours, otherwise five-minute rows. `name` is empty for a host, a mount point for a disk.
 */
export function readSamples(
  state: State,
  hostId: number,
  kind: SeriesKind,
  name: string,
  span: { from: number; until: number; now: number },
): Sample[] {
  const id = findSeries(state, hostId, kind, name)
  if (id === undefined) return []
  if (span.from >= span.now - FINE_RETENTION_MS) return readRows(state, 'samples', id, span.from, span.until)
  // The newest samples are not averaged yet.
  const coarse = readRows(state, 'coarse_samples', id, span.from, span.until)
  const end = coarse.at(-1)
  return [
    ...coarse,
    ...readRows(state, 'samples', id, end === undefined ? span.from : end.at + COARSE_STEP_MS, span.until),
  ]
}

/** The newest sample of a series at or after `since` (epoch ms), or undefined. */
export function readLastSample(
  state: State,
  hostId: number,
  kind: SeriesKind,
  name: string,
  since = 0,
): Sample | undefined {
  const id = findSeries(state, hostId, kind, name)
  if (id === undefined) return undefined
  return state
    .prepare<unknown[], Sample>(
      `select ${SELECT_COLUMNS} from samples where series = ? and at >= ? order by at desc limit 1`,
    )
    .get(id, since)
}

/** The names of a host's series of a kind with measurements since `since` (epoch ms). */
export function listSeriesNames(state: State, hostId: number, kind: SeriesKind, since = 0): string[] {
  const query = 'select name from series where host_id = ? and kind = ? and seen_at >= ? order by name'
  return state
    .prepare<unknown[], { name: string }>(query)
    .all(hostId, kind, since)
    .map(row => row.name)
}

/** How many ticks it takes to roll up all series, and to prune all. */
const ROLLUP_CYCLE_TICKS = 10
const PRUNE_CYCLE_TICKS = 120

/**
 * The steps that roll samples up to five-minute rows (averages, maxima, last value of counters) until the last whole five
 * minutes, and that prune old rows. They are idempotent. With `tick`, a number that grows by one from call to call, each call
 * returns only a part of the steps. Nothing is pruned unless `mayPrune`.
 */
export function* downsample(state: State, now: number, tick?: number, mayPrune = true): Generator<() => void> {
  const until = Math.floor(now / COARSE_STEP_MS) * COARSE_STEP_MS
  const isDue = (id: number, cycle: number) => tick === undefined || id % cycle === tick % cycle
  for (const { id } of state.prepare<[], { id: number }>('select id from series').all()) {
    if (isDue(id, ROLLUP_CYCLE_TICKS)) yield () => rollUp(state, id, until)
    if (mayPrune && isDue(id, PRUNE_CYCLE_TICKS)) yield () => pruneSeries(state, id, now)
  }
  if (mayPrune && isDue(0, PRUNE_CYCLE_TICKS))
    yield () => state.prepare('delete from series where seen_at < ?').run(now - COARSE_RETENTION_MS)
}

function rollUp(state: State, id: number, until: number): void {
  const { last } = state.prepare<[number], { last: number | null }>(LAST_COARSE_ROW).get(id)!
  const from = Math.max((last ?? 0) + COARSE_STEP_MS, until - FINE_RETENTION_MS)
  if (from < until) state.prepare(ROLL_UP).run({ id, from, until })
}

function pruneSeries(state: State, id: number, now: number): void {
  state.prepare('delete from samples where series = ? and at < ?').run(id, now - FINE_RETENTION_MS - COARSE_STEP_MS)
  state.prepare('delete from coarse_samples where series = ? and at < ?').run(id, now - COARSE_RETENTION_MS)
}

function findOrAddSeries(state: State, hostId: number, kind: SeriesKind, name: string, at: number): number {
  const known = 'update series set seen_at = ? where host_id = ? and kind = ? and name = ? returning id'
  const row = state.prepare<unknown[], { id: number }>(known).get(at, hostId, kind, name)
  return row ? row.id : addSeries(state, hostId, kind, name, at)
}

function addSeries(state: State, hostId: number, kind: SeriesKind, name: string, at: number): number {
  const { n } = state.prepare<[number], { n: number }>(COUNT_SERIES).get(hostId)!
  if (n >= MAX_SERIES_PER_HOST) state.prepare(EVICT_SERIES).run(hostId, at, n - MAX_SERIES_PER_HOST + EVICTED_SERIES)
  const insert = 'insert into series (host_id, kind, name, seen_at) values (?, ?, ?, ?) returning id'
  return state.prepare<unknown[], { id: number }>(insert).get(hostId, kind, name, at)!.id
}

function findSeries(state: State, hostId: number, kind: SeriesKind, name: string): number | undefined {
  const query = 'select id from series where host_id = ? and kind = ? and name = ?'
  return state.prepare<unknown[], { id: number }>(query).get(hostId, kind, name)?.id
}

function readRows(
  state: State,
  table: 'samples' | 'coarse_samples',
  id: number,
  from: number,
  until: number,
): Sample[] {
  const query = `select ${SELECT_COLUMNS} from ${table} where series = ? and at between ? and ? order by at`
  return state.prepare<unknown[], Sample>(query).all(id, from, until)
}

const SELECT_COLUMNS = `at, cpu, memory, memory_limit as memoryLimit, received, sent, read, written, restarts, load, used, size,
  cpu_max as cpuMax, memory_max as memoryMax`

// A collection by hand may fall on the instant of a scheduled one.
const INSERT = `insert or replace into samples (series, at, cpu, memory, memory_limit, received, sent, read, written, restarts,
  load, used, size) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const COUNT_SERIES = 'select count(*) as n from series where host_id = ?'
const EVICT_SERIES = `delete from series where id in
  (select id from series where host_id = ? and seen_at < ? order by seen_at limit ?)`

const LAST_COARSE_ROW = 'select max(at) as last from coarse_samples where series = ?'

// Counters only grow, so their maximum is their last value, except after a restart, which then shows five minutes late.
const ROLL_UP = `insert or replace into coarse_samples (series, at, cpu, memory, memory_limit, received, sent, read, written,
    restarts, load, used, size, cpu_max, memory_max)
  select series, at / ${COARSE_STEP_MS} * ${COARSE_STEP_MS}, avg(cpu), avg(memory), max(memory_limit), max(received), max(sent), max(read),
    max(written), max(restarts), avg(load), max(used), max(size), max(cpu), max(memory)
  from samples where series = @id and at >= @from and at < @until group by at / ${COARSE_STEP_MS}`
