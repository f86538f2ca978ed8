// The tables of analyses, of projects with automatic analysis, and of messages that wait for an answer.
import { randomUUID } from 'node:crypto'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, desc, eq, lt, sql } from '../state/orm.ts'
import { analyses, automaticAnalyses, pendingAnswers, projects } from '../state/schema/index.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import type { Pack } from './evidence/pack.ts'
import type { Verdict } from './model/verdict.ts'

export type AnalysisRow = typeof analyses.$inferSelect
/** An analysis with its verdict and evidence parsed. */
export type Analysis = Omit<AnalysisRow, 'verdict' | 'pack'> & { verdict: Verdict | null; pack: Pack | null }
export type PendingAnswer = typeof pendingAnswers.$inferSelect

const RETENTION_MS = 90 * DAY
const PACK_RETENTION_MS = DAY

/** Saves an analysis, and returns it with its id. */
export function saveAnalysis(state: State, analysis: Omit<Analysis, 'id'>): Analysis {
  const { verdict, pack } = analysis
  const row = {
    ...analysis,
    verdict: verdict && JSON.stringify(verdict),
    pack: pack && JSON.stringify(pack),
  }
  return state.transaction(() => toAnalysis(state.db.insert(analyses).values(row).returning().get()))
}

/** Finds an analysis by its id. Throws `not_found`. */
export function findAnalysis(state: State, id: number): Analysis {
  const row = state.db.select().from(analyses).where(eq(analyses.id, id)).get()
  if (row) return toAnalysis(row)
  throw new Problem('not_found', `There is no analysis ${id}. "analyze history" shows all analyses.`, {
    fields: { analysis: 'no such analysis' },
  })
}

/** The newest analysis of a person, otherwise the newest of all; undefined before the first. */
export function readNewestAnalysis(state: State, askedBy: string): Analysis | undefined {
  const own = state.db.select().from(analyses).where(eq(analyses.askedBy, askedBy)).orderBy(desc(analyses.id)).limit(1)
  const any = state.db.select().from(analyses).orderBy(desc(analyses.id)).limit(1)
  const row = own.get() ?? any.get()
  return row && toAnalysis(row)
}

/** The newest analysis by a model with this digest, made at or after `since` (epoch ms). */
export function readByDigest(state: State, digest: string, since: number): Analysis | undefined {
  const same = and(eq(analyses.digest, digest), sql`${analyses.at} >= ${since} and ${analyses.verdict} is not null`)
  const row = state.db.select().from(analyses).where(same).orderBy(desc(analyses.id)).limit(1).get()
  return row && toAnalysis(row)
}

export type AnalysisFilter = { words?: string; alertId?: number; before?: number; projectId?: number; limit: number }

/** Analyses, newest first; each of the `words` must be in the question or the answer, ignoring case. */
export function listAnalyses(state: State, filter: AnalysisFilter): Analysis[] {
  const words = (filter.words ?? '').split(/\s+/).filter(Boolean).slice(0, 10)
  const containsWords = words.map(word => {
    const like = `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`
    return sql`(headline like ${like} escape '\\' or subject like ${like} escape '\\'
      or coalesce(question, '') like ${like} escape '\\' or coalesce(verdict, '') like ${like} escape '\\')`
  })
  const where = and(
    ...containsWords,
    filter.alertId === undefined ? undefined : eq(analyses.alertId, filter.alertId),
    filter.projectId === undefined ? undefined : eq(analyses.projectId, filter.projectId),
    filter.before === undefined ? undefined : lt(analyses.id, filter.before),
  )
  return state.db
    .select()
    .from(analyses)
    .where(where)
    .orderBy(desc(analyses.id))
    .limit(filter.limit)
    .all()
    .map(toAnalysis)
}

/** How many questions follow up an analysis directly. */
export function countFollowUps(state: State, parentId: number): number {
  const query = 'select count(*) as n from analyses where parent_id = ?'
  return state.prepare<[number], { n: number }>(query).get(parentId)!.n
}

/** How many analyses precede one in its chain of follow-up questions. */
export function countAncestors(state: State, id: number): number {
  const query = `with recursive before(id, parent) as (
    select id, parent_id from analyses where id = ?
    union all select a.id, a.parent_id from analyses a join before b on a.id = b.parent
  ) select count(*) - 1 as n from before`
  return state.prepare<[number], { n: number }>(query).get(id)!.n
}

/** The id of the newest analysis of an alert that still has its evidence. */
export function readNewestIdOfAlert(state: State, alertId: number): number | null {
  const query = 'select id from analyses where alert_id = ? and pack is not null order by id desc limit 1'
  return state.prepare<[number], { id: number }>(query).get(alertId)?.id ?? null
}

/**
 * Deletes analyses older than 90 days, and the evidence of those older than a day together with that of their follow-up
 * questions: log lines must not outlive their retention here.
 */
export function pruneAnalyses(state: State, now: number): void {
  state.transaction(() => {
    state.prepare('update analyses set pack = null where pack is not null and at < ?').run(now - PACK_RETENTION_MS)
    const following = `update analyses set pack = null where pack is not null
      and parent_id in (select id from analyses where pack is null)`
    while (state.prepare(following).run().changes > 0);
    state.prepare('delete from analyses where at < ?').run(now - RETENTION_MS)
  })
}

/** A unique digest, for an analysis that is never reused as an answer. */
export function createUniqueDigest(): string {
  return `once:${randomUUID()}`
}

/** An alert is analyzed this long after it notified people, so that its first lines are stored. */
const AUTOMATIC_DELAY_MS = 20 * SECOND
/** Older alerts are not analyzed automatically. */
const MAX_ALERT_AGE_MS = 10 * MINUTE

/** Turns the automatic analysis of a project's critical alerts on or off. */
export function setAutomaticAnalysis(state: State, projectId: number, isOn: boolean, by: string, now: number): void {
  state.transaction(() => {
    state.db.delete(automaticAnalyses).where(eq(automaticAnalyses.projectId, projectId)).run()
    if (isOn) state.db.insert(automaticAnalyses).values({ projectId, by, at: now }).run()
  })
}

/** The names of the projects with automatic analysis. */
export function listAutomaticProjects(state: State): string[] {
  return state.db
    .select({ name: projects.name })
    .from(automaticAnalyses)
    .innerJoin(projects, eq(projects.id, automaticAnalyses.projectId))
    .orderBy(asc(projects.name))
    .all()
    .map(row => row.name)
}

const DUE_ALERTS_QUERY = `select a.id, coalesce(a.released_at, a.fired_at) as notified_at from alerts a
  join automatic_analyses p on p.project_id = a.project_id
  where a.state <> 'resolved' and a.severity = 'critical' and a.suppression is null and notified_at > ?
    and not exists (select 1 from analyses n where n.alert_id = a.id) order by a.id limit 20`

/** Critical alerts to analyze automatically, oldest first, with when each is due (epoch ms). */
export function listAlertsToAnalyze(state: State, now: number): { id: number; dueAt: number }[] {
  return state
    .prepare<[number], { id: number; notified_at: number }>(DUE_ALERTS_QUERY)
    .all(now - MAX_ALERT_AGE_MS)
    .map(row => ({ id: row.id, dueAt: row.notified_at + AUTOMATIC_DELAY_MS }))
}

/** How many automatic analyses were made in the last hour. */
export function countAutomaticAnalyses(state: State, now: number): number {
  const query = 'select count(*) as n from analyses where automatic = 1 and at > ?'
  return state.prepare<[number], { n: number }>(query).get(now - HOUR)!.n
}

/** Records a message that waits for its answer, and returns its id. */
export function recordPendingAnswer(state: State, answer: Omit<PendingAnswer, 'id'>): number {
  return state.transaction(() => state.db.insert(pendingAnswers).values(answer).returning().get().id)
}

/** Deletes the record of a message that has its answer, or never gets one. */
export function deletePendingAnswer(state: State, id: number): void {
  state.transaction(() => state.db.delete(pendingAnswers).where(eq(pendingAnswers.id, id)).run())
}

/** All messages without their answer; after a start, those that a crash interrupted. */
export function listPendingAnswers(state: State): PendingAnswer[] {
  return state.db.select().from(pendingAnswers).all()
}

function toAnalysis(row: AnalysisRow): Analysis {
  return {
    ...row,
    verdict: row.verdict === null ? null : (JSON.parse(row.verdict) as Verdict),
    pack: row.pack === null ? null : readPack(row.pack),
  }
}

/** Reads stored evidence; an earlier version stored `timeline` as `happenings` and `measurements` as `measured`. */
function readPack(text: string): Pack {
  const {
    happenings = [],
    measured = [],
    ...pack
  } = JSON.parse(text) as Pack & {
    happenings?: Pack['timeline']
    measured?: Pack['measurements']
  }
  return { ...pack, timeline: pack.timeline ?? happenings, measurements: pack.measurements ?? measured }
}
