// The table of probes: what each asks, and its last result.
import { storeProbeBeat } from '../checks/beats.ts'
import { applyBeat, type BeatEffect, type Check } from '../checks/check.ts'
import type { State } from '../state/database.ts'
import { and, eq, ne, sql } from '../state/orm.ts'
import { checks, probes } from '../state/schema/index.ts'
import { SECOND } from '../time.ts'
import { coveredUntil } from './availability.ts'
import { recordMeasurement } from './measurements.ts'
import { expectedGap, type Probe, type ProbeResult } from './probe.ts'

export type NewProbe = Omit<typeof probes.$inferInsert, 'lastAt' | 'lastOk' | 'lastMessage' | 'lastAddress'>
export type ProbeChanges = Partial<Omit<NewProbe, 'checkId'>>

/** A check with what it asks. */
export type ProbedCheck = { check: Check; probe: Probe }

/** Later results than this after the due time show that Vakt did not look in between, ms. */
const GAP_TOLERANCE_MS = 30 * SECOND

/** Makes a check a probe. The check is stored already, as `probed`. */
export function addProbe(state: State, probe: NewProbe): Probe {
  return state.transaction(() => {
    state.emit('probes')
    return state.db.insert(probes).values(probe).returning().get()
  })
}

/** Changes what a probe asks. The last result, which was of something else, is forgotten. */
export function editProbe(state: State, checkId: number, changes: ProbeChanges): Probe {
  const forgotten = { lastAt: null, lastOk: null, lastMessage: null, lastAddress: null, certificateEndsAt: null }
  return state.transaction(() => {
    state.emit('probes')
    return state.db
      .update(probes)
      .set({ ...changes, ...forgotten })
      .where(eq(probes.checkId, checkId))
      .returning()
      .get()!
  })
}

/** What a check asks; undefined when it is no probe. */
export function readProbe(state: State, checkId: number): Probe | undefined {
  const byId = eq(probes.checkId, sql.placeholder('checkId'))
  return state.prepared('probe by check', db => db.select().from(probes).where(byId).prepare()).get({ checkId })
}

/** A check with what it asks; undefined when it is no probe, or none any more. */
export function readProbedCheck(state: State, checkId: number): ProbedCheck | undefined {
  const query = state.prepared('probed check by id', db =>
    db
      .select({ check: checks, probe: probes })
      .from(probes)
      .innerJoin(checks, eq(checks.id, probes.checkId))
      .where(eq(probes.checkId, sql.placeholder('checkId')))
      .prepare(),
  )
  return query.get({ checkId })
}

/** All checks that are probes and not paused, from a viewpoint: those without any count as from `main`. */
export function listActiveProbes(state: State, viewpoint: string | null = null): Check[] {
  const active = state.db
    .select()
    .from(checks)
    .where(and(eq(checks.probed, true), ne(checks.status, 'paused')))
    .all()
  if (viewpoint === null) return active
  const elsewhere = new Set(
    state
      .prepare<[], { id: number; via: string }>('select check_id as id, via from probes where via is not null')
      .all()
      .flatMap(({ id, via }) => (via.split('\n').includes(viewpoint) ? [] : [id])),
  )
  return elsewhere.size === 0 ? active : active.filter(({ id }) => !elsewhere.has(id))
}

/** All checks of a project that are probes, with what they ask. */
export function listProbes(state: State, projectId: number): ProbedCheck[] {
  return state.db
    .select({ check: checks, probe: probes })
    .from(probes)
    .innerJoin(checks, eq(checks.id, probes.checkId))
    .where(eq(checks.projectId, projectId))
    .all()
}

/** How many probes a project has. */
export function countProbes(state: State, projectId: number): number {
  const query = 'select count(*) as n from checks where project_id = ? and probed = 1'
  return state.prepare<[number], { n: number }>(query).get(projectId)!.n
}

/** How many checks are probed from a viewpoint: the name of a satellite, or `main`. */
export function countProbesVia(state: State, viewpoint: string): number {
  const query = 'select count(*) as n from probes where via is not null and instr(char(10) || via || char(10), ?) > 0'
  return state.prepare<[string], { n: number }>(query).get(`\n${viewpoint}\n`)!.n
}

/** Records a result that came at `now`; returns the changed check and what that means to people. */
export function recordProbe(
  state: State,
  { check, probe }: ProbedCheck,
  result: ProbeResult,
  now: number,
): ProbedCheck & { effect: BeatEffect } {
  const { ok, message, durationMs, address, certificateEndsAt } = result
  const { changes, turn: effect } = applyBeat(check, ok ? 'success' : 'fail', null, now)
  const lastDuration = durationMs === null ? null : Math.round(durationMs)
  const changed: Check = { ...check, ...changes, lastDuration }
  const last = { lastAt: now, lastOk: ok, lastMessage: message, lastAddress: address }
  // A failure before the certificate was shown says nothing about it.
  const ends = certificateEndsAt ?? probe.certificateEndsAt
  return state.transaction(() => {
    const kind = ok ? ('success' as const) : ('fail' as const)
    const beat = { kind, scheme: probe.kind, remoteAddress: address ?? '', duration: lastDuration }
    storeProbeBeat(state, changed, { ...beat, body: ok ? '' : message }, now)
    // Whoever looks at what this means reads the latest results.
    if (effect !== 'none') state.insertNow()
    state.prepare(RECORD).run(now, ok ? 1 : 0, message, address, ends, check.id)
    recordMeasurement(state, check.id, { at: now, ok, durationMs }, coveredSince(check, now))
    return { check: changed, probe: { ...probe, ...last, certificateEndsAt: ends }, effect }
  })
}

/** The time that the result before stands for, null when there was none. */
function coveredSince(check: Check, now: number): { from: number; until: number; isUp: boolean } | null {
  const from = check.lastBeatAt
  if (from === null || from >= now || check.status === 'paused') return null
  const isUp = check.misses === 0
  return { from, until: coveredUntil(from, now, expectedGap(check, from), GAP_TOLERANCE_MS), isUp }
}

const RECORD = `update probes set last_at = ?, last_ok = ?, last_message = ?, last_address = ?, certificate_ends_at = ?
  where check_id = ?`
