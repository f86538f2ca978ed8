// The tables of satellites at the main: which there are, how far each has come, and what came through them.
import { hash } from 'node:crypto'
import { Problem } from '../problem.ts'
import { randomWord } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { asc, eq, sql } from '../state/orm.ts'
import { satelliteStreams, satellites } from '../state/schema/index.ts'
import { DAY, SECOND } from '../time.ts'
import type { SatelliteReport } from './record.ts'
import type { Satellite } from './satellite.ts'

/** What was received this shortly before an instant may be on its way, ms; a report every 5 s is normal. */
const REPORT_TOLERANCE_MS = 10 * SECOND
/** Each asks its list of probes and reports every few seconds. */
const MAX_SATELLITES = 50
/** Two data folders with one key, of which both reported within this time, would undo each other's work, ms. */
const SAME_KEY_MS = 20 * SECOND
/** A data folder that did not report for this long has nothing to send any more, ms. */
const STREAM_RETENTION_MS = 90 * DAY

/** Adds a satellite; returns it with its key, which cannot be shown again. Throws `conflict` when the name is taken. */
export function addSatellite(
  state: State,
  { name, createdBy }: Pick<Satellite, 'name' | 'createdBy'>,
  now: number,
): { satellite: Satellite; key: string } {
  const key = `vakt_satellite_${randomWord(40)}`
  return state.transaction(() => {
    const all = listSatellites(state)
    if (all.length >= MAX_SATELLITES)
      throw new Problem('conflict', `There are at most ${MAX_SATELLITES} satellites. "satellites remove" removes one.`)
    if (all.some(satellite => satellite.name === name))
      throw new Problem('conflict', `There is already a satellite "${name}". "satellites list" shows all.`, {
        fields: { name: 'is taken' },
      })
    const row = { name, keyHash: hashKey(key), createdBy, createdAt: now }
    state.emit('satellites')
    return { satellite: state.db.insert(satellites).values(row).returning().get(), key }
  })
}

/** The satellites by name. */
export function listSatellites(state: State): Satellite[] {
  return state.prepared('satellites', db => db.select().from(satellites).orderBy(asc(satellites.name)).prepare()).all()
}

/** Whether there is any: without one nothing else needs to be asked. */
export function hasSatellites(state: State): boolean {
  return state.prepare('select 1 from satellites limit 1').get() !== undefined
}

/** The satellite of a name. Throws `not_found`. */
export function findSatellite(state: State, name: string): Satellite {
  const all = listSatellites(state)
  const found = all.find(satellite => satellite.name === name.trim().toLowerCase())
  if (found) return found
  const hint = all.length === 0 ? '"satellites add" makes one.' : `Satellites: ${all.map(one => one.name).join(', ')}.`
  throw new Problem('not_found', `There is no satellite "${name}". ${hint}`, {
    fields: { satellite: 'no such satellite' },
  })
}

/** The satellite of a key, or undefined. */
export function readSatelliteByKey(state: State, key: string): Satellite | undefined {
  return state
    .prepared('satellite by key', db =>
      db
        .select()
        .from(satellites)
        .where(eq(satellites.keyHash, sql.placeholder('keyHash')))
        .prepare(),
    )
    .get({ keyHash: hashKey(key) })
}

/** Removes a satellite: its key is worth nothing from now on, and what came through it stays. */
export function removeSatellite(state: State, { id, name }: Satellite): void {
  state.forget('checks by uuid')
  state.forget('sources')
  state.transaction(() => {
    state.emit('deadlines')
    state.emit('satellites')
    state.prepare('update checks set satellite_id = null where satellite_id = ?').run(id)
    state.prepare('update sources set satellite_id = null where satellite_id = ?').run(id)
    state.prepare('delete from probe_views where viewpoint = ?').run(name)
    state.db.delete(satellites).where(eq(satellites.id, id)).run()
  })
}

/** How many checks had their last beat through a satellite. */
export function countChecksThrough(state: State, id: number): number {
  const query = 'select count(*) as n from checks where satellite_id = ? and satellite_id is not null'
  return state.prepare<[number], { n: number }>(query).get(id)!.n
}

/** How far a data folder of a satellite has come: all together, and in the state. */
export type Progress = { through: number; stateThrough: number }

/**
 * How far the data folder that reports has come. Throws `conflict` while another one reports with the same key: each would
 * take the other's numbers for its own.
 */
export function readProgress(
  state: State,
  satellite: Satellite,
  { stream }: Pick<SatelliteReport, 'stream'>,
  now: number,
): Progress {
  const isOther = satellite.stream !== null && satellite.stream !== stream
  const left = SAME_KEY_MS - (now - (satellite.lastSeenAt ?? 0))
  if (isOther && left > 0)
    throw new Problem(
      'conflict',
      `Another satellite reports with the key of ${satellite.name}. Give each its own: "satellites add".`,
      { retryAfterMs: left },
    )
  return currentProgress(state, satellite.id, stream)
}

/** The same as it is now, inside a transaction. */
export function currentProgress(state: State, satelliteId: number, stream: string): Progress {
  const query =
    'select through, state_through as stateThrough from satellite_streams where satellite_id = ? and stream = ?'
  return state.prepare<[number, string], Progress>(query).get(satelliteId, stream) ?? { through: 0, stateThrough: 0 }
}

/** Records how far a data folder has come; never goes back. */
export function saveProgress(
  state: State,
  satelliteId: number,
  stream: string,
  progress: Partial<Progress>,
  now: number,
): void {
  const { through = 0, stateThrough = 0 } = progress
  state.prepare(SAVE_PROGRESS).run(satelliteId, stream, through, stateThrough, now)
}

const SAVE_PROGRESS = `insert into satellite_streams (satellite_id, stream, through, state_through, seen_at) values (?, ?, ?, ?, ?)
  on conflict (satellite_id, stream) do update set through = max(through, excluded.through),
  state_through = max(state_through, excluded.state_through), seen_at = excluded.seen_at`

/** What a request of a satellite brought. */
export type Received = { beats: number; lines: number; refused: number; lastRefusal: string | null }

/** Records a report; `isWhole` when everything that it brought is stored. */
export function saveReport(
  state: State,
  { id }: Satellite,
  {
    report,
    received,
    isWhole,
    address,
  }: { report: SatelliteReport; received: Received; isWhole: boolean; address: string },
  now: number,
): void {
  const { beats, lines, refused, lastRefusal } = received
  const { waiting } = report
  state.emit('deadlines')
  state
    .prepared('satellite report', db =>
      db
        .update(satellites)
        .set({
          lastSeenAt: sql`${sql.placeholder('now')}`,
          completeTo: sql`max(coalesce(${satellites.completeTo}, 0), ${sql.placeholder('completeTo')})`,
          stream: sql`${sql.placeholder('stream')}`,
          address: sql`${sql.placeholder('address')}`,
          version: sql`${sql.placeholder('version')}`,
          clockAheadMs: sql`${sql.placeholder('ahead')}`,
          waitingRecords: sql`${sql.placeholder('records')}`,
          waitingBytes: sql`${sql.placeholder('bytes')}`,
          waitingSince: sql`${sql.placeholder('since')}`,
          refusedThere: sql`${sql.placeholder('refusedThere')}`,
          beats: sql`${satellites.beats} + ${sql.placeholder('beats')}`,
          lines: sql`${satellites.lines} + ${sql.placeholder('lines')}`,
          refused: sql`${satellites.refused} + ${sql.placeholder('refused')}`,
          lastRefusal: sql`coalesce(${sql.placeholder('lastRefusal')}, ${satellites.lastRefusal})`,
        })
        .where(eq(satellites.id, sql.placeholder('id')))
        .prepare(),
    )
    .run({
      id,
      now,
      // Nothing is known of the future: a clock that is ahead would claim what still waits there.
      completeTo: isWhole ? Math.min(report.completeTo - Math.max(0, Math.round(report.now - now)), now) : 0,
      stream: report.stream,
      address,
      version: String(report.version).slice(0, 50),
      ahead: Math.round(report.now - now),
      records: waiting.records,
      bytes: waiting.bytes,
      since: waiting.since,
      refusedThere: report.refused,
      beats,
      lines,
      refused,
      lastRefusal,
    })
}

/** Notes through which satellite the lines of some sources came last. */
export function markSources(state: State, satelliteId: number, projectId: number, names: Iterable<string>): void {
  const mark = state.prepare(
    'update sources set satellite_id = ? where project_id = ? and name = ? and satellite_id is not ?',
  )
  for (const name of names) if (mark.run(satelliteId, projectId, name, satelliteId).changes > 0) state.forget('sources')
}

/** Up to when what came through a satellite is known (epoch ms); null for one that was removed. */
export function completeTo(state: State, satelliteId: number): number | null {
  const query = 'select complete_to as at from satellites where id = ?'
  return state.prepare<[number], { at: number | null }>(query).get(satelliteId)?.at ?? null
}

/**
 * Whether lines of before `until` may still be on their way from a satellite, so that few of them prove nothing. One that has
 * been silent for a day is waited for no longer. A clock that is behind there delays no line.
 */
export function areLinesMissing(state: State, until: number): boolean {
  const query = `select 1 from satellites where lines > 0
    and complete_to - min(clock_ahead_ms, 0) < ? and complete_to - min(clock_ahead_ms, 0) > ? limit 1`
  return state.prepare<[number, number]>(query).get(until - REPORT_TOLERANCE_MS, until - DAY) !== undefined
}

/** The clock went back to `now`: no satellite has reported in the future. */
export function rewindSatellites(state: State, now: number): void {
  state.prepare('update satellites set last_seen_at = :now where last_seen_at > :now').run({ now })
  state.prepare('update satellites set complete_to = :now where complete_to > :now').run({ now })
}

/** Forgets data folders that are not used any more. */
export function pruneStreams(state: State, now: number): void {
  state.transaction(() =>
    state.db
      .delete(satelliteStreams)
      .where(sql`${satelliteStreams.seenAt} < ${now - STREAM_RETENTION_MS}`)
      .run(),
  )
}

// The keys are 238 random bits, so a plain hash withstands guessing.
function hashKey(key: string): string {
  return hash('sha256', key, 'hex')
}
