// The reports: which are made when, every one that was made, and which channel has it.
import { randomBytes } from 'node:crypto'
import { cronSchedule, nextRun } from '../../checks/cron.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, desc, eq, isNull, lte, sql } from '../../state/orm.ts'
import { reportRuns, reportSends, reports } from '../../state/schema/index.ts'
import { DAY, WEEK } from '../../time.ts'
import { listChannels } from '../routing/channels.ts'
import type { ReportMetrics } from './report.ts'
import { readReportMetrics } from './report-metrics.ts'

export type Report = typeof reports.$inferSelect
export type ReportRun = Omit<typeof reportRuns.$inferSelect, 'figures'> & { figures: ReportMetrics }
export type ReportSend = typeof reportSends.$inferSelect & {
  run: ReportRun
  name: string
  timeZone: string
  projectId: number | null
}

const KEPT_RUNS = 400
/** A cron expression always comes due within four hundred years; a report never waits so long. */
const NEVER = 400 * 366 * DAY

/** All reports by name. */
export function listReports(state: State): Report[] {
  return state.db.select().from(reports).orderBy(asc(reports.name)).all()
}

/** The report of a name; throws `not_found`. */
export function findReport(state: State, name: string): Report {
  const found = state.db.select().from(reports).where(eq(reports.name, name)).get()
  if (found) return found
  throw new Problem('not_found', `There is no report "${name}". "reports list" shows those there are.`, {
    fields: { name: 'no such report' },
  })
}

/** Adds a report; throws `conflict` when the name is taken. */
export function addReport(state: State, row: Omit<Report, 'id' | 'nextAt' | 'createdAt'>, now: number): Report {
  return state.transaction(() => {
    refuseTaken(state, row.name)
    const nextAt = dueAfter(row, now)
    state.emit('reports')
    return state.db
      .insert(reports)
      .values({ ...row, nextAt, createdAt: now })
      .returning()
      .get()
  })
}

/** Changes a report, which is next due by what it says now; throws `conflict` when its new name is taken. */
export function editReport(
  state: State,
  report: Report,
  changes: Partial<Pick<Report, 'name' | 'every' | 'cron' | 'timeZone' | 'projectId' | 'channels'>>,
  now: number,
): Report {
  return state.transaction(() => {
    if (changes.name !== undefined && changes.name !== report.name) refuseTaken(state, changes.name)
    const isDueAnew = changes.cron !== undefined || changes.timeZone !== undefined
    const due = isDueAnew ? { nextAt: dueAfter({ ...report, ...changes }, now) } : {}
    state.emit('reports')
    return state.db
      .update(reports)
      .set({ ...changes, ...due })
      .where(eq(reports.id, report.id))
      .returning()
      .get()!
  })
}

/** Removes a report with its history. */
export function removeReport(state: State, name: string): Report {
  return state.transaction(() => {
    const report = findReport(state, name)
    state.db.delete(reports).where(eq(reports.id, report.id)).run()
    state.emit('reports')
    return report
  })
}

/** Makes what is due: one that was missed is made once, over all the time it missed. */
export function makeDueReports(state: State, now: number): void {
  if ((nextReport(state) ?? Number.POSITIVE_INFINITY) > now) return
  state.transaction(() => {
    for (const report of state.db.select().from(reports).where(lte(reports.nextAt, now)).all()) {
      let until = report.nextAt
      let next = dueAfter(report, until)
      for (; next <= now; next = dueAfter(report, next)) until = next
      state.db.update(reports).set({ nextAt: next }).where(eq(reports.id, report.id)).run()
      makeReport(state, report, report.nextAt - periodOf(report), until, now)
    }
  })
}

/** Makes a report of a period and has it sent to its channels. */
export function makeReport(state: State, report: Report, from: number, until: number, now: number): ReportRun {
  return state.transaction(() => {
    const figures = readReportMetrics(state, { from, until, projectId: report.projectId })
    const run = state.db
      .insert(reportRuns)
      .values({ reportId: report.id, at: now, from, until, figures })
      .returning()
      .get()
    const open = listChannels(state).filter(row => row.origin !== 'person')
    const channels = open.filter(row => report.channels.length === 0 || report.channels.includes(row.id))
    for (const { id } of channels)
      state.db
        .insert(reportSends)
        .values({ runId: run.id, channelId: id, nonce: randomBytes(12).toString('hex'), nextAttemptAt: now })
        .run()
    state
      .prepare(
        'delete from report_runs where report_id = ? and id <= (select id from report_runs where report_id = ? order by id desc limit 1 offset ?)',
      )
      .run(report.id, report.id, KEPT_RUNS)
    state.emit('reports')
    return { ...run, figures }
  })
}

/** How long a period a report is about, ms. */
export function periodOf({ every }: Pick<Report, 'every'>): number {
  return every === 'daily' ? DAY : WEEK
}

/** When the next report is due. */
export function nextReport(state: State): number | null {
  return state.prepare<[], { at: number | null }>('select min(next_at) as at from reports').get()?.at ?? null
}

/** The reports made so far, newest first. */
export function listRuns(state: State, report: Report, limit: number): ReportRun[] {
  const rows = state.db
    .select()
    .from(reportRuns)
    .where(eq(reportRuns.reportId, report.id))
    .orderBy(desc(reportRuns.id))
    .limit(limit)
    .all()
  return rows.map(row => ({ ...row, figures: row.figures as ReportMetrics }))
}

/** What is to be sent at `now`. */
export function dueSends(state: State, now: number, limit: number): ReportSend[] {
  const rows = state.db
    .select({
      ...{ send: reportSends, run: reportRuns },
      ...{ name: reports.name, timeZone: reports.timeZone, projectId: reports.projectId },
    })
    .from(reportSends)
    .innerJoin(reportRuns, eq(reportRuns.id, reportSends.runId))
    .innerJoin(reports, eq(reports.id, reportRuns.reportId))
    .where(and(isNull(reportSends.endedAt), sql`${reportSends.nextAttemptAt} <= ${now}`))
    .orderBy(asc(reportSends.runId))
    .limit(limit)
    .all()
  return rows.map(({ send, run, ...rest }) => ({
    ...send,
    ...rest,
    run: { ...run, figures: run.figures as ReportMetrics },
  }))
}

/** When something is to be sent next. */
export function nextSend(state: State): number | null {
  const query = 'select min(next_attempt_at) as at from report_sends where ended_at is null'
  return state.prepare<[], { at: number | null }>(query).get()?.at ?? null
}

/**
 * Has reports come when they are due by a clock that went back by `ms` to `now`. One that was just made is not made again:
 * only a report that would keep people waiting for longer than its period comes sooner.
 */
export function rewindReports(state: State, now: number, ms: number): void {
  for (const report of listReports(state).filter(one => one.nextAt > now + periodOf(one) + DAY))
    state.db
      .update(reports)
      .set({ nextAt: dueAfter(report, now) })
      .where(eq(reports.id, report.id))
      .run()
  state
    .prepare(
      `update report_sends set next_attempt_at = next_attempt_at - :ms, sent_at = sent_at - iif(sent_at > :now, :ms, 0)
        where ended_at is null`,
    )
    .run({ now, ms })
}

/** Notes how far a report came on its way to a channel. */
export function markSend(
  state: State,
  { runId, channelId }: Pick<ReportSend, 'runId' | 'channelId'>,
  changes: Partial<typeof reportSends.$inferSelect>,
): void {
  const which = and(eq(reportSends.runId, runId), eq(reportSends.channelId, channelId))
  state.transaction(() => state.db.update(reportSends).set(changes).where(which).run())
}

/** Where a report went: by channel, whether it arrived, is on its way, or was given up. */
export function listSends(state: State, runId: number) {
  return state.db
    .select()
    .from(reportSends)
    .where(eq(reportSends.runId, runId))
    .orderBy(asc(reportSends.channelId))
    .all()
}

function refuseTaken(state: State, name: string): void {
  if (state.db.select().from(reports).where(eq(reports.name, name)).get())
    throw new Problem('conflict', `There is a report "${name}" already.`, { fields: { name: 'is taken' } })
}

function dueAfter({ cron, timeZone }: Pick<Report, 'cron' | 'timeZone'>, at: number): number {
  return nextRun(cronSchedule(cron, timeZone), at) ?? at + NEVER
}
