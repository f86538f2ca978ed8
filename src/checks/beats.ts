// The table of beats: storing a beat and changing its check is one transaction.

import type { State } from '../state/database.ts'
import { desc, eq, sql } from '../state/orm.ts'
import { beats } from '../state/schema/index.ts'
import { type Arrival, classifyBeat } from './beat.ts'
import { applyBeat, type BeatEffect, type BeatKind, type Check } from './check.ts'
import { storeBeatChanges } from './checks.ts'
import { recordFlip } from './flips.ts'

export type Beat = typeof beats.$inferSelect

/** How many beats of each check are stored. */
const MAX_BEATS_PER_CHECK = 100
/** How many bytes of bodies of each check are stored; older ones go first. Small ones need no counting. */
const MAX_BODIES_PER_CHECK = 2_000_000
const MIN_COUNTED_BODY = 10_000
const MAX_USER_AGENT_LENGTH = 200

/** Stores a beat and changes `check` by it; returns the changed check, what that means to people, and the kind of the beat. */
export function recordBeat(
  state: State,
  check: Check,
  arrival: Arrival,
  now: number,
): { check: Check; turn: BeatEffect; kind: BeatKind } {
  const kind = classifyBeat(check, arrival)
  const { changes, turn, duration: latest } = applyBeat(check, kind, arrival.rid, now)
  const ends = kind === 'success' || kind === 'fail'
  const duration = latest === null && ends && arrival.rid !== null ? runTime(state, check, arrival.rid, now) : latest
  const next = { ...check, ...changes }
  return state.transaction(() => {
    storeBeatChanges(state, next)
    recordFlip(state, check, changes.status, now)
    const isCompared = check.watchDuration || check.watchSize
    if (turn === 'none' && !isCompared && changes.beats! % MAX_BEATS_PER_CHECK !== 0 && isPlain(arrival, duration)) {
      const agent = cut(arrival.userAgent, MAX_USER_AGENT_LENGTH)
      state.insertLast(INSERT_PLAIN, [
        check.id,
        kind,
        now,
        arrival.method,
        arrival.scheme,
        arrival.remoteAddress,
        agent,
        0,
      ])
      return { check: next, turn, kind }
    }
    insertBeat(state, next, arrival, { kind, at: now, duration })
    return { check: next, turn, kind }
  })
}

function insertBeat(
  state: State,
  check: Check,
  arrival: Arrival,
  { kind, at, duration }: { kind: BeatKind; at: number; duration: number | null },
): void {
  state.insertNow()
  state
    .prepare(INSERT)
    .run(
      check.id,
      kind,
      at,
      arrival.method,
      arrival.scheme,
      arrival.remoteAddress,
      cut(arrival.userAgent, MAX_USER_AGENT_LENGTH),
      arrival.exitStatus,
      arrival.rid,
      duration,
      arrival.bodyBytes,
      arrival.body.length > 0 ? arrival.body : null,
      arrival.outputBytes,
    )
  if (arrival.body.length > MIN_COUNTED_BODY) state.prepare(DROP_BODIES).run(check.id, MAX_BODIES_PER_CHECK)
  if (check.beats % MAX_BEATS_PER_CHECK === 0) pruneBeats(state, check.id)
}

/** Whether a check has heard of something later than `at`: a beat of then comes after the fact, and changes no status. */
export function isLateBeat({ lastBeatAt, lastStartAt }: Check, at: number): boolean {
  return at < Math.max(lastBeatAt ?? 0, lastStartAt ?? 0)
}

/** Stores a beat that was received at `at`, before one that is stored already: it belongs to the history only. */
export function recordLateBeat(state: State, check: Check, arrival: Arrival, at: number): { kind: BeatKind } {
  const kind = classifyBeat(check, arrival)
  const next = { ...check, beats: check.beats + 1 }
  return state.transaction(() => {
    storeBeatChanges(state, next)
    const duration = kind !== 'start' && arrival.rid !== null ? runTime(state, check, arrival.rid, at) : null
    insertBeat(state, next, arrival, { kind, at, duration })
    return { kind }
  })
}

/** Deletes all but the latest beats of a check. */
function pruneBeats(state: State, checkId: number): void {
  state.prepare(PRUNE).run(checkId, checkId, MAX_BEATS_PER_CHECK)
}

/** A result of a probe as it is stored among the beats; `body` is the reason of a failure. */
export type ProbeBeat = Pick<Beat, 'kind' | 'scheme' | 'remoteAddress' | 'duration'> & { body: string }

/** Stores the result of a probe of `check` (already changed by it) among its beats. */
export function storeProbeBeat(state: State, check: Check, beat: ProbeBeat, now: number): void {
  state.transaction(() => {
    storeBeatChanges(state, check)
    const { kind, scheme, remoteAddress, duration, body } = beat
    const row = [check.id, kind, now, 'PROBE', scheme, remoteAddress, '', duration, Buffer.byteLength(body)]
    state.insertLast(INSERT_PROBE, [...row, body === '' ? null : Buffer.from(body)])
    if (check.beats % MAX_BEATS_PER_CHECK !== 0) return
    state.insertNow()
    pruneBeats(state, check.id)
  })
}

/** A beat by its id, or undefined. */
export function readBeat(state: State, id: number): Beat | undefined {
  return state.db.select().from(beats).where(eq(beats.id, id)).get()
}

/** The latest beats of a check, newest first. */
export function listBeats(state: State, checkId: number, limit: number): Beat[] {
  const ofCheck = eq(beats.checkId, sql.placeholder('checkId'))
  const query = state.prepared('beats of a check', db =>
    db.select().from(beats).where(ofCheck).orderBy(desc(beats.id)).limit(sql.placeholder('limit')).prepare(),
  )
  return query.all({ checkId, limit })
}

/** How long the run of an id took, from its stored start: runs that overlap each have their own. Null without a start. */
function runTime(state: State, { id }: Check, rid: string, now: number): number | null {
  const start = state.prepare<[number, string], { kind: string; at: number }>(RUN_START).get(id, rid)
  return start?.kind === 'start' && start.at <= now ? now - start.at : null
}

// The latest beat of the run that is no log: an end there means that this run was already measured.
const RUN_START = `select kind, received_at as at from beats where check_id = ? and rid = ? and kind in ('start', 'success', 'fail')
  order by id desc limit 1`

/** What is known of a successful run: how long it took (ms), and the bytes that it made. */
export type RunFacts = { duration: number | null; bytes: number }

/** The latest successful runs of a check, newest first, at most `limit`. */
export function listRuns(state: State, checkId: number, limit: number): RunFacts[] {
  return state.prepare<[number, number], RunFacts>(RUNS).all(checkId, limit)
}

const RUNS = `select duration, coalesce(output_bytes, body_bytes) as bytes from beats
  where check_id = ? and kind = 'success' order by id desc limit ?`

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : Array.from(text).slice(0, limit).join('')
}

// Nearly all beats, and the only ones that arrive by the thousand, carry nothing but the signal.
function isPlain({ exitStatus, rid, bodyBytes, outputBytes }: Arrival, duration: number | null): boolean {
  return exitStatus === null && rid === null && duration === null && bodyBytes === 0 && outputBytes === null
}

const INSERT_PLAIN = `insert into beats (check_id, kind, received_at, method, scheme, remote_address, user_agent, body_bytes)
  values`

const INSERT_PROBE = `insert into beats (check_id, kind, received_at, method, scheme, remote_address, user_agent, duration,
  body_bytes, body) values`

const INSERT = `insert into beats (check_id, kind, received_at, method, scheme, remote_address, user_agent, exit_status,
  rid, duration, body_bytes, body, output_bytes) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const DROP_BODIES = `update beats set body = null where id in (select id from (
    select id, sum(length(body)) over (order by id desc) as total from beats where check_id = ? and body is not null
  ) where total > ?)`

const PRUNE = `delete from beats where check_id = ?
  and id <= (select id from beats where check_id = ? order by id desc limit 1 offset ?)`
