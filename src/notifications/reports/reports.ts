// The reports tables: reports, their runs (one for each report that was made), and the delivery of runs to channels.
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
export type ReportRun = Omit<typeof reportRuns.$inferSelect, 'metrics'> & { metrics: ReportMetrics }
export type NamedReportRun = ReportRun & { name: string }
export type ReportSend = typeof reportSends.$inferSelect & {
  run: ReportRun
  name: string
  timeZone: string
  projectId: number | null
}

const MAX_RUNS = 400
/** The calendar repeats every 400 years: a cron expression without a date until then has none. */
const MAX_WAIT_MS = 400 * 366 * DAY

/** All reports by name. */
export function listReports(state: State): Report[] {
  return state.db.select().from(reports).orderBy(asc(reports.name)).all()
}

/** The report with this name; throws `not_found`. */
export function findReport(state: State, name: string): Report {
  const found = state.db.select().from(reports).where(eq(reports.name, name)).get()
  if (found) return found
  throw new Problem('not_found', `There is no report "${name}". "reports list" shows all reports.`, {
    fields: { name: 'no such report' },
  })
}

/** Adds a report; throws `conflict` when the name is taken. */
export function addReport(state: State, row: Omit<Report, 'id' | 'nextAt' | 'createdAt'>, now: number): Report {
  return state.transaction(() => {
    refuseTakenName(state, row.name)
    const nextAt = dueAfter(row, now)
    state.emit('reports')
    return state.db
      .insert(reports)
      .values({ ...row, nextAt, createdAt: now })
      .returning()
      .get()
  })
}

/** Edits a report and computes when it is next due; throws `conflict` when its new name is taken. */
export function editReport(
  state: State,
  report: Report,
  changes: Partial<Pick<Report, 'name' | 'every' | 'cron' | 'timeZone' | 'projectId' | 'channels' | 'target'>>,
  now: number,
): Report {
  return state.transaction(() => {
    if (changes.name !== undefined && changes.name !== report.name) refuseTakenName(state, changes.name)
    const isRescheduled = changes.cron !== undefined || changes.timeZone !== undefined
    const due = isRescheduled ? { nextAt: dueAfter({ ...report, ...changes }, now) } : {}
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

/** Makes the reports that are due. A report that was missed several times is made once, over the whole time. */
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

/** What of a report its metrics follow from, beside the period. */
export function scopeOf({ projectId, target, timeZone }: Pick<Report, 'projectId' | 'target' | 'timeZone'>) {
  // Zero is no target at all.
  return { projectId, target: target === 0 ? null : target, timeZone }
}

/** Makes a report of a period, which is then sent to its channels. */
export function makeReport(state: State, report: Report, from: number, until: number, now: number): ReportRun {
  return state.transaction(() => {
    const metrics = readReportMetrics(state, { ...scopeOf(report), from, until })
    const run = state.db
      .insert(reportRuns)
      .values({ reportId: report.id, at: now, from, until, metrics })
      .returning()
      .get()
    const channels = listChannels(state).filter(
      ({ id, origin }) => origin !== 'person' && (report.channels.length === 0 || report.channels.includes(id)),
    )
    for (const { id } of channels)
      state.db
        .insert(reportSends)
        .values({ runId: run.id, channelId: id, nonce: randomBytes(12).toString('hex'), nextAttemptAt: now })
        .run()
    state
      .prepare(
        'delete from report_runs where report_id = ? and id <= (select id from report_runs where report_id = ? order by id desc limit 1 offset ?)',
      )
      .run(report.id, report.id, MAX_RUNS)
    state.emit('reports')
    return { ...run, metrics }
  })
}

/** The length of the period of a report, ms. */
export function periodOf({ every }: Pick<Report, 'every'>): number {
  return every === 'daily' ? DAY : WEEK
}

/** When the next report is due; null without reports. */
export function nextReport(state: State): number | null {
  return state.prepare<[], { at: number | null }>('select min(next_at) as at from reports').get()?.at ?? null
}

/** The newest `limit` runs of a report, or of all reports without one, newest first. */
export function listRuns(state: State, report: Report | null, limit: number): NamedReportRun[] {
  const rows = state.db
    .select({ run: reportRuns, name: reports.name })
    .from(reportRuns)
    .innerJoin(reports, eq(reports.id, reportRuns.reportId))
    .where(report === null ? undefined : eq(reportRuns.reportId, report.id))
    .orderBy(desc(reportRuns.id))
    .limit(limit)
    .all()
  return rows.map(({ run, name }) => ({ ...run, metrics: run.metrics as ReportMetrics, name }))
}

/** The deliveries that are due at `now`, at most `limit`. */
export function dueSends(state: State, now: number, limit: number): ReportSend[] {
  if ((nextSend(state) ?? Number.POSITIVE_INFINITY) > now) return []
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
    run: { ...run, metrics: run.metrics as ReportMetrics },
  }))
}

/** When the next delivery is due; null when there is none. */
export function nextSend(state: State): number | null {
  const query = 'select min(next_attempt_at) as at from report_sends where ended_at is null'
  return state.prepare<[], { at: number | null }>(query).get()?.at ?? null
}

/**
 * Reschedules reports after the clock moved back by `ms` to `now`: only those that would otherwise come later than a day
 * after their period. A report that was just made is not made again.
 */
export function rewindReports(state: State, now: number, ms: number): void {
  for (const report of listReports(state).filter(({ nextAt, every }) => nextAt > now + periodOf({ every }) + DAY))
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

/** Updates the delivery of a run to a channel. */
export function markSend(
  state: State,
  { runId, channelId }: Pick<ReportSend, 'runId' | 'channelId'>,
  changes: Partial<typeof reportSends.$inferSelect>,
): void {
  const which = and(eq(reportSends.runId, runId), eq(reportSends.channelId, channelId))
  state.transaction(() => state.db.update(reportSends).set(changes).where(which).run())
}

/** The deliveries of a run, by channel. */
export function listSends(state: State, runId: number) {
  return state.db
    .select()
    .from(reportSends)
    .where(eq(reportSends.runId, runId))
    .orderBy(asc(reportSends.channelId))
    .all()
}

function refuseTakenName(state: State, name: string): void {
  if (state.db.select().from(reports).where(eq(reports.name, name)).get())
    throw new Problem('conflict', `There is a report "${name}" already.`, { fields: { name: 'is taken' } })
}

function dueAfter({ cron, timeZone }: Pick<Report, 'cron' | 'timeZone'>, at: number): number {
  return nextRun(cronSchedule(cron, timeZone), at) ?? at + MAX_WAIT_MS
}
