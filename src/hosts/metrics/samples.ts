// What hosts and containers measured: every half minute for hours, then five-minute rows for a week.
import type { State } from '../../state/database.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'

export type SeriesKind = 'host' | 'disk' | 'container'

/** One measurement. CPU is in percent (containers: of one core), sizes in bytes; traffic and restarts are counted up. */
export type Measured = { kind: SeriesKind; name: string } & Partial<Values>
export type Values = Record<(typeof COLUMNS)[number], number | null>
/** A stored measurement; `cpuMax` and `memoryMax` are the largest of a five-minute row, else null. */
export type Sample = Values & { at: number; cpuMax: number | null; memoryMax: number | null }

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

// A host whose containers have a new name every time keeps the newest, not all of a week.
const MOST_SERIES = 3_000
const SERIES_DROPPED = 300
const FINE_KEPT = 6 * HOUR
const COARSE_KEPT = 7 * DAY
export const COARSE = 5 * MINUTE

/** Stores what one look at a host measured at `at`. */
export function storeMeasured(state: State, hostId: number, measured: readonly Measured[], at: number): void {
  const insert = state.prepare(INSERT)
  state.transaction(() => {
    for (const one of measured)
      insert.run(seriesId(state, hostId, one.kind, one.name, at), at, ...COLUMNS.map(name => one[name] ?? null))
  })
}

/**
 * Samples of one series from `from` to `until` (both inclusive), oldest first: as measured where that is kept and the time
 * is no longer than that, else by five minutes. `name` is empty for a host, a mount for a disk.
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
  const fine = span.from >= span.now - FINE_KEPT
  if (fine) return readRows(state, 'samples', id, span.from, span.until)
  // What is not averaged yet is shown as measured.
  const coarse = readRows(state, 'coarse_samples', id, span.from, span.until)
  const end = coarse.at(-1)
  return [...coarse, ...readRows(state, 'samples', id, end === undefined ? span.from : end.at + COARSE, span.until)]
}

/** The newest sample of a series no older than `since`, or undefined. */
export function lastSample(
  state: State,
  hostId: number,
  kind: SeriesKind,
  name: string,
  since = 0,
): Sample | undefined {
  const id = findSeries(state, hostId, kind, name)
  if (id === undefined) return undefined
  return state
    .prepare<unknown[], Sample>(`select ${SELECTED} from samples where series = ? and at >= ? order by at desc limit 1`)
    .get(id, since)
}

/** The names of a host's series of a kind that were measured since `since`. */
export function seriesNames(state: State, hostId: number, kind: SeriesKind, since = 0): string[] {
  const query = 'select name from series where host_id = ? and kind = ? and seen_at >= ? order by name'
  return state
    .prepare<unknown[], { name: string }>(query)
    .all(hostId, kind, since)
    .map(row => row.name)
}

/** How many turns it takes to make the five-minute rows of all series, and to drop what is old of all. */
const ROW_TURNS = 10
const DROP_TURNS = 120

/**
 * The steps that make five-minute rows of what was measured (averages, largest values, the last state of what is counted up),
 * up to the last whole five minutes, and drop what is older than it is kept. Taking them again changes nothing. With `turn`, a
 * number that counts up from call to call, each call gives a part of them only.
 */
export function* thinning(state: State, now: number, turn?: number): Generator<() => void> {
  const until = Math.floor(now / COARSE) * COARSE
  const isTurn = (id: number, turns: number) => turn === undefined || id % turns === turn % turns
  for (const { id } of state.prepare<[], { id: number }>('select id from series').all()) {
    if (isTurn(id, ROW_TURNS)) yield () => makeRows(state, id, until)
    if (isTurn(id, DROP_TURNS)) yield () => dropOld(state, id, now)
  }
  if (isTurn(0, DROP_TURNS)) yield () => state.prepare('delete from series where seen_at < ?').run(now - COARSE_KEPT)
}

function makeRows(state: State, id: number, until: number): void {
  const { last } = state.prepare<[number], { last: number | null }>(LAST_ROW).get(id)!
  const from = Math.max((last ?? 0) + COARSE, until - FINE_KEPT)
  if (from < until) state.prepare(THIN).run({ id, from, until })
}

function dropOld(state: State, id: number, now: number): void {
  state.prepare('delete from samples where series = ? and at < ?').run(id, now - FINE_KEPT - COARSE)
  state.prepare('delete from coarse_samples where series = ? and at < ?').run(id, now - COARSE_KEPT)
}

function seriesId(state: State, hostId: number, kind: SeriesKind, name: string, at: number): number {
  const known = 'update series set seen_at = ? where host_id = ? and kind = ? and name = ? returning id'
  const row = state.prepare<unknown[], { id: number }>(known).get(at, hostId, kind, name)
  return row ? row.id : newSeries(state, hostId, kind, name, at)
}

function newSeries(state: State, hostId: number, kind: SeriesKind, name: string, at: number): number {
  const { n } = state.prepare<[number], { n: number }>(COUNT_SERIES).get(hostId)!
  if (n >= MOST_SERIES) state.prepare(DROP_LONGEST_UNSEEN).run(hostId, at, n - MOST_SERIES + SERIES_DROPPED)
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
  const query = `select ${SELECTED} from ${table} where series = ? and at between ? and ? order by at`
  return state.prepare<unknown[], Sample>(query).all(id, from, until)
}

const SELECTED = `at, cpu, memory, memory_limit as memoryLimit, received, sent, read, written, restarts, load, used, size,
  cpu_max as cpuMax, memory_max as memoryMax`

// A look asked for by hand may fall on the instant of a round.
const INSERT = `insert or replace into samples (series, at, cpu, memory, memory_limit, received, sent, read, written, restarts,
  load, used, size) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const COUNT_SERIES = 'select count(*) as n from series where host_id = ?'
const DROP_LONGEST_UNSEEN = `delete from series where id in
  (select id from series where host_id = ? and seen_at < ? order by seen_at limit ?)`

const LAST_ROW = 'select max(at) as last from coarse_samples where series = ?'

// SQLite gives bare columns beside a lone max() from the row that has it, but here are several: counters only grow, so their
// largest is their last, save for a restart, which then shows five minutes late.
const THIN = `insert or replace into coarse_samples (series, at, cpu, memory, memory_limit, received, sent, read, written,
    restarts, load, used, size, cpu_max, memory_max)
  select series, at / ${COARSE} * ${COARSE}, avg(cpu), avg(memory), max(memory_limit), max(received), max(sent), max(read),
    max(written), max(restarts), avg(load), max(used), max(size), max(cpu), max(memory)
  from samples where series = @id and at >= @from and at < @until group by at / ${COARSE}`
