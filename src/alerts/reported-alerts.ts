// The table of alerts that other programs report: it ends those that their sender forgot.
import { downtimeBetween } from '../checks/downtimes.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq, lte } from '../state/orm.ts'
import { reportedAlerts } from '../state/schema/index.ts'
import { formatDuration } from '../time.ts'
import { readAlert, recordChange } from './alerts.ts'
import { endAlert } from './lifecycle.ts'

/** A report of an alert: the sender's own time, and when the alert ends without another report, both epoch ms. */
export type AlertReport = { sentAt: number | null; endsAt: number | null }

/** Records that an alert was reported at `now`; `endsAt` null: it ends only when its sender or a person ends it. */
export function recordReport(state: State, alertId: number, { sentAt, endsAt }: AlertReport, now: number): void {
  const silenceMs = endsAt === null ? null : endsAt - now
  const row = { reportedAt: now, sentAt, silenceMs, dueAt: endsAt }
  state.db
    .insert(reportedAlerts)
    .values({ alertId, ...row })
    .onConflictDoUpdate({ target: reportedAlerts.alertId, set: row })
    .run()
  if (endsAt !== null) state.emit('deadlines')
}

/** The sender's own time of the last report of an alert (epoch ms); null when it has none. */
export function lastSentAt(state: State, alertId: number): number | null {
  const query = 'select sent_at as at from reported_alerts where alert_id = ?'
  return state.prepare<[number], { at: number | null }>(query).get(alertId)?.at ?? null
}

/**
 * Ends the alerts without a report in time, at most `limit` of them. Time in which Vakt could not be reached does not count:
 * their senders may have tried.
 */
export function endForgottenAlerts(state: State, now: number, limit: number): void {
  if ((nextForgottenAlert(state) ?? Number.POSITIVE_INFINITY) > now) return
  const due = state.db
    .select()
    .from(reportedAlerts)
    .where(and(lte(reportedAlerts.dueAt, now)))
    .orderBy(asc(reportedAlerts.dueAt))
    .limit(limit)
    .all()
  state.transaction(() => {
    for (const { alertId, reportedAt, silenceMs } of due) {
      const dueAt = reportedAt + (silenceMs ?? 0) + downtimeBetween(state, reportedAt, now)
      const isForgotten = dueAt <= now
      state.db
        .update(reportedAlerts)
        .set({ dueAt: isForgotten ? null : dueAt })
        .where(eq(reportedAlerts.alertId, alertId))
        .run()
      if (isForgotten) endForgotten(state, alertId, reportedAt, now)
    }
  })
}

/** The nearest instant (epoch ms) at which an alert may end without a report; null when none does. */
export function nextForgottenAlert(state: State): number | null {
  const query = 'select due_at as at from reported_alerts where due_at is not null order by due_at limit 1'
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}

/** Rebases what is due after the clock went back by `ms` to `now`. */
export function rewindReports(state: State, now: number, ms: number): void {
  state
    .prepare(
      `update reported_alerts set due_at = due_at - :ms, reported_at = reported_at - iif(reported_at > :now, :ms, 0)
        where due_at is not null`,
    )
    .run({ now, ms })
}

function endForgotten(state: State, alertId: number, reportedAt: number, now: number): void {
  const alert = readAlert(state, alertId)
  if (!alert || alert.state === 'resolved') return
  const what = `${alert.detector === 'reported' ? 'its sender' : alert.detector} has not reported it for ${formatDuration(now - reportedAt)}`
  const noted = recordChange(state, alert, { changes: {}, kind: 'other', what }, now)
  const { observation } = noted
  const sentence = `${what[0]!.toUpperCase()}${what.slice(1)}, so it counts as resolved.`
  endAlert(state, alert.key, null, now, { ...observation, lines: [...observation.lines, sentence] })
}
