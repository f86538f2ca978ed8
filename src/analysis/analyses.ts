// The analyses that were made: kept for a season, their evidence for a day, so that questions can follow.
import { randomUUID } from 'node:crypto'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, desc, eq, lt, sql } from '../state/orm.ts'
import { analyses } from '../state/schema/index.ts'
import { DAY } from '../time.ts'
import type { Pack } from './evidence/pack.ts'
import type { Verdict } from './model/verdict.ts'

export type AnalysisRow = typeof analyses.$inferSelect
/** An analysis as it is worked with. */
export type Analysis = Omit<AnalysisRow, 'verdict' | 'pack'> & { verdict: Verdict | null; pack: Pack | null }

const KEPT = 90 * DAY
const PACK_KEPT = DAY

/** Writes down an analysis and gives it its number. */
export function saveAnalysis(state: State, analysis: Omit<Analysis, 'id'>): Analysis {
  const { verdict, pack } = analysis
  const row = {
    ...analysis,
    verdict: verdict && JSON.stringify(verdict),
    pack: pack && JSON.stringify(pack),
  }
  return state.transaction(() => opened(state.db.insert(analyses).values(row).returning().get()))
}

/** The analysis of a number; throws `not_found`. */
export function findAnalysis(state: State, id: number): Analysis {
  const row = state.db.select().from(analyses).where(eq(analyses.id, id)).get()
  if (row) return opened(row)
  throw new Problem('not_found', `There is no analysis ${id}. "analyze history" shows them.`, {
    fields: { analysis: 'no such analysis' },
  })
}

/** The newest analysis that somebody asked for, or else the newest of all; undefined before the first. */
export function newestAnalysis(state: State, askedBy: string): Analysis | undefined {
  const own = state.db.select().from(analyses).where(eq(analyses.askedBy, askedBy)).orderBy(desc(analyses.id)).limit(1)
  const any = state.db.select().from(analyses).orderBy(desc(analyses.id)).limit(1)
  const row = own.get() ?? any.get()
  return row && opened(row)
}

/** The newest analysis by a model with this digest made at or after `since`. */
export function readByDigest(state: State, digest: string, since: number): Analysis | undefined {
  const same = and(eq(analyses.digest, digest), sql`${analyses.at} >= ${since} and ${analyses.verdict} is not null`)
  const row = state.db.select().from(analyses).where(same).orderBy(desc(analyses.id)).limit(1).get()
  return row && opened(row)
}

export type HistoryFilter = { words?: string; alertId?: number; before?: number; projectId?: number; limit: number }

/** Analyses, newest first; `words` must all be in what was asked or answered, letter case aside. */
export function listAnalyses(state: State, filter: HistoryFilter): Analysis[] {
  const words = (filter.words ?? '').split(/\s+/).filter(Boolean).slice(0, 10)
  const holding = words.map(word => {
    const like = `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`
    return sql`(headline like ${like} escape '\\' or subject like ${like} escape '\\'
      or coalesce(question, '') like ${like} escape '\\' or coalesce(verdict, '') like ${like} escape '\\')`
  })
  const where = and(
    ...holding,
    filter.alertId === undefined ? undefined : eq(analyses.alertId, filter.alertId),
    filter.projectId === undefined ? undefined : eq(analyses.projectId, filter.projectId),
    filter.before === undefined ? undefined : lt(analyses.id, filter.before),
  )
  return state.db.select().from(analyses).where(where).orderBy(desc(analyses.id)).limit(filter.limit).all().map(opened)
}

/** How many questions followed an analysis. */
export function countFollowing(state: State, parentId: number): number {
  const query = 'select count(*) as n from analyses where parent_id = ?'
  return state.prepare<[number], { n: number }>(query).get(parentId)!.n
}

/** How many analyses went before one, each followed by the next. */
export function countFollowed(state: State, id: number): number {
  const query = `with recursive before(id, parent) as (
    select id, parent_id from analyses where id = ?
    union all select a.id, a.parent_id from analyses a join before b on a.id = b.parent
  ) select count(*) - 1 as n from before`
  return state.prepare<[number], { n: number }>(query).get(id)!.n
}

/** The newest analysis of an alert whose evidence is still there. */
export function newestOfAlert(state: State, alertId: number): number | null {
  const query = 'select id from analyses where alert_id = ? and pack is not null order by id desc limit 1'
  return state.prepare<[number], { id: number }>(query).get(alertId)?.id ?? null
}

/**
 * Drops old analyses, and the evidence of those older than a day with that of the questions that followed them: log lines
 * must not outlive their retention here, however long people go on asking.
 */
export function pruneAnalyses(state: State, now: number): void {
  state.transaction(() => {
    state.prepare('update analyses set pack = null where pack is not null and at < ?').run(now - PACK_KEPT)
    const following = `update analyses set pack = null where pack is not null
      and parent_id in (select id from analyses where pack is null)`
    while (state.prepare(following).run().changes > 0);
    state.prepare('delete from analyses where at < ?').run(now - KEPT)
  })
}

/** A digest that nothing else has, for what is never to be answered from here. */
export function uniqueDigest(): string {
  return `once:${randomUUID()}`
}

function opened(row: AnalysisRow): Analysis {
  return {
    ...row,
    verdict: row.verdict === null ? null : (JSON.parse(row.verdict) as Verdict),
    pack: row.pack === null ? null : (JSON.parse(row.pack) as Pack),
  }
}
