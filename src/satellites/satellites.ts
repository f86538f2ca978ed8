// The tables of satellites at the main: which there are, how far each has come, and what came through them.
import { hash } from 'node:crypto'
import { Problem } from '../problem.ts'
import { randomWord } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { asc, eq, sql } from '../state/orm.ts'
import { checkSatellites, satelliteStreams, satellites } from '../state/schema/index.ts'
import { DAY, SECOND } from '../time.ts'
import type { SatelliteReport, StreamKind } from './record.ts'
import { RIVAL_MS, type Satellite } from './satellite.ts'

/** What was received this shortly before an instant may be on its way, ms; a report every 5 s is normal. */
const REPORT_TOLERANCE_MS = 10 * SECOND
/** Each asks its list of probes and reports every few seconds. */
const MAX_SATELLITES = 50
/** While a run reports at least this often, another one with its key is refused, ms. */
const SAME_KEY_MS = 12 * SECOND
/** A run that did not report for this long has nothing to send any more, ms. */
const STREAM_RETENTION_MS = 90 * DAY
/** The signature of a signed request is remembered for a satellite that is cut off for at most this long, ms. */
const SIGNATURE_RETENTION_MS = 7 * DAY

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

/** The satellite of an id as it is now, or undefined when it was removed. */
export function readSatellite(state: State, id: number): Satellite | undefined {
  return listSatellites(state).find(satellite => satellite.id === id)
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

/** How many checks may have their next beat through a satellite, so that they wait for it. */
export function countChecksThrough(state: State, id: number): number {
  const query = `select count(*) as n from checks where satellite_id = ? or exists (select 1 from check_satellites
    where check_id = checks.id and check_satellites.satellite_id = ? and until >= checks.down_at)`
  return state.prepare<[number, number], { n: number }>(query).get(id, id)!.n
}

/** Notes that a beat of a check came through a satellite: deadlines up to `until` wait for it, whatever door comes next. */
export function noteCheckSatellite(state: State, checkId: number, satelliteId: number, until: number): void {
  state
    .prepared('check satellite', db =>
      db
        .insert(checkSatellites)
        .values({
          checkId: sql.placeholder('checkId'),
          satelliteId: sql.placeholder('satelliteId'),
          until: sql.placeholder('until'),
        })
        .onConflictDoUpdate({
          target: [checkSatellites.checkId, checkSatellites.satelliteId],
          set: { until: sql`max(${checkSatellites.until}, excluded.until)` },
        })
        .prepare(),
    )
    .run({ checkId, satelliteId, until })
}

/** How far a run of a satellite has come in each stream. */
export type Progress = { [kind in StreamKind]: number }

/**
 * Admits a run that reports, or returns its refusal: two runs at the same time are those of copies of one folder or machine, or
 * of one key that was used twice. The one that reports already is accepted, and the other one waits until that is silent; a
 * restart over the same folder is accepted at once. Call it in a transaction, with the satellite as it is there.
 */
export function admitRun(
  state: State,
  satellite: Satellite,
  { instance, place }: Pick<SatelliteReport, 'instance' | 'place'>,
  now: number,
): Problem | null {
  if (satellite.instance === instance) return null
  // The lock of the folder makes a new run there the only one; a run that comes back is no new one.
  const isRestart = place !== null && satellite.place === place && !isKnownRun(state, satellite.id, instance)
  const left = satellite.instance === null ? 0 : SAME_KEY_MS - (now - (satellite.lastSeenAt ?? 0))
  if (isRestart || left <= 0) {
    // At once, and not after its report is stored: reports of the run before may still be under way here.
    state.prepare(BEGIN_RUN).run(instance, place, satellite.id)
    saveProgress(state, satellite.id, instance, {}, now)
    return null
  }
  return rivalProblem(satellite, left)
}

const BEGIN_RUN = `update satellites set stream = ?, place = ?, rival_seen_at = null, rival_since = null, rival_address = null
  where id = ?`

/** The refusal of a second run of a satellite. */
export function rivalProblem({ name, address }: Pick<Satellite, 'name' | 'address'>, retryAfterMs: number): Problem {
  return new Problem(
    'conflict',
    `Another satellite reports with the key of ${name}${address ? `, from ${address}` : ''}. If this one is a copy of its folder or machine, make a key for it ("satellites add") and start it with an empty folder.`,
    { retryAfterMs },
  )
}

/** The problem of a key that is not, or no longer, that of a satellite. */
export function unknownKeyProblem(): Problem {
  return new Problem(
    'unauthorized',
    'The key is not that of a satellite, or the satellite was removed. "satellites add" on the main makes one.',
  )
}

/** Notes that another run of a satellite was refused. */
export function noteRival(state: State, id: number, address: string, now: number): void {
  state.prepare('update satellites set rival_seen_at = ?, rival_address = ? where id = ?').run(now, address, id)
}

function isKnownRun(state: State, satelliteId: number, run: string): boolean {
  const query = 'select 1 from satellite_streams where satellite_id = ? and stream = ?'
  return state.prepare<[number, string]>(query).get(satelliteId, run) !== undefined
}

/** How far a run has come. */
export function readProgress(state: State, satelliteId: number, run: string): Progress {
  const query =
    'select state_through as beats, through as lines from satellite_streams where satellite_id = ? and stream = ?'
  return state.prepare<[number, string], Progress>(query).get(satelliteId, run) ?? { beats: 0, lines: 0 }
}

/** Records how far a run has come; never goes back. */
export function saveProgress(
  state: State,
  satelliteId: number,
  run: string,
  { beats = 0, lines = 0 }: Partial<Progress>,
  now: number,
): void {
  state.prepare(SAVE_PROGRESS).run(satelliteId, run, lines, beats, now)
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
  const { waiting, isLast } = report
  // Nothing is known of the future: a clock that is ahead would claim what still waits there.
  const aheadMs = Math.max(0, Math.round(report.now - now))
  const upTo = (claimed: number | null) => (isWhole && claimed !== null ? Math.min(claimed - aheadMs, now) : 0)
  state.emit('deadlines')
  state
    .prepared('satellite report', db =>
      db
        .update(satellites)
        .set({
          lastSeenAt: sql`${sql.placeholder('now')}`,
          completeTo: sql`max(coalesce(${satellites.completeTo}, 0), ${sql.placeholder('completeTo')})`,
          linesCompleteTo: sql`max(coalesce(${satellites.linesCompleteTo}, 0), ${sql.placeholder('linesCompleteTo')})`,
          // A report of an earlier run, which was under way when the next one began, says nothing of that.
          rivalSince: sql`case when ${satellites.instance} is not ${sql.placeholder('instance')} then ${satellites.rivalSince}
            when ${satellites.rivalSeenAt} > ${sql.placeholder('rivalsAfter')}
            then coalesce(${satellites.rivalSince}, ${satellites.rivalSeenAt}) end`,
          instance: sql`case when ${satellites.instance} is not ${sql.placeholder('instance')} then ${satellites.instance}
            else ${sql.placeholder('nextInstance')} end`,
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
      completeTo: upTo(report.completeTo),
      linesCompleteTo: upTo(report.linesCompleteTo),
      rivalsAfter: now - RIVAL_MS,
      instance: report.instance,
      nextInstance: isLast ? null : report.instance,
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

/** Up to when the log lines that came through a satellite are known (epoch ms); null for one that was removed. */
export function linesCompleteTo(state: State, satelliteId: number): number | null {
  const query = 'select lines_complete_to as at from satellites where id = ?'
  return state.prepare<[number], { at: number | null }>(query).get(satelliteId)?.at ?? null
}

/**
 * Whether lines of before `until` may still be on their way from a satellite, so that few of them prove nothing. One that has
 * been silent for a day is waited for no longer. A clock that is behind there delays no line.
 */
export function areLinesMissing(state: State, until: number): boolean {
  const query = `select 1 from satellites where lines > 0
    and lines_complete_to - min(clock_ahead_ms, 0) < ? and lines_complete_to - min(clock_ahead_ms, 0) > ? limit 1`
  return state.prepare<[number, number]>(query).get(until - REPORT_TOLERANCE_MS, until - DAY) !== undefined
}

/** The clock went back to `now`: no satellite has reported in the future. */
export function rewindSatellites(state: State, now: number): void {
  state.prepare('update satellites set last_seen_at = :now where last_seen_at > :now').run({ now })
  state.prepare('update satellites set complete_to = :now where complete_to > :now').run({ now })
  state.prepare('update satellites set lines_complete_to = :now where lines_complete_to > :now').run({ now })
  state.prepare('update satellites set rival_seen_at = :now where rival_seen_at > :now').run({ now })
}

/**
 * Before when no signature of a signed request is needed (epoch ms): a satellite that is cut off may bring one that was
 * accepted there, which nobody else may have used meanwhile.
 */
export function signaturesNeededSince(state: State, now: number): number {
  const query = 'select min(lines_complete_to) as at from satellites where lines_complete_to > ?'
  return Math.min(
    now,
    state.prepare<[number], { at: number | null }>(query).get(now - SIGNATURE_RETENTION_MS)?.at ?? now,
  )
}

/** Forgets runs that ended long ago. */
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
