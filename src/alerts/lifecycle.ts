// The alerts: every change stores its new version and its line of history in one transaction.
import type { Finding, Outcome } from '../detectors/finding.ts'
import { settle } from '../detectors/rules/manual-resolve.ts'
import type { State } from '../state/database.ts'
import { and, isNotNull, lte, ne } from '../state/orm.ts'
import { alerts } from '../state/schema/index.ts'
import { type Again, type Alert, type AlertStep, fired, resolved, seenAgain, TOLD_EVERY, woken } from './alert.ts'
import { listAlerts } from './alert-lists.ts'
import {
  changeAlert,
  findAlert,
  insertAlert,
  readAlert,
  readNewestAlert,
  readOpenAlert,
  tellAlert,
  updateAlert,
} from './alerts.ts'
import { dueTellings, forgetUntold, nextTelling, tellLater, writeSighting } from './card-updates.ts'
import { backAgain, goneForNow, isFlapping, withChange } from './suppression/flapping.ts'
import { STORM } from './suppression/inhibition.ts'
import { hasDependents } from './suppression/inhibitions.ts'
import { reviewSoon } from './suppression/reevaluation.ts'
import { readThresholds } from './suppression/settings.ts'
import { judgeNew, tellHolder } from './suppression/suppressions.ts'

export { acknowledgeAlert, escalateAlert, noteAlert, snoozeAlert, unacknowledgeAlert } from './alert-actions.ts'
export { findAlert, readAlert, readOpenAlert } from './alerts.ts'

/** Turns what detectors said into alerts: new ones, ones seen again, ones that are over. */
export function applyOutcomes(state: State, outcomes: readonly Outcome[], now: number): void {
  state.transaction(() => {
    for (const outcome of outcomes) {
      if (outcome.kind === 'found') fireAlert(state, outcome.finding, now)
      else endAlert(state, outcome.key, null, now, outcome.seen)
    }
  })
}

/** Opens an alert for a finding, or counts it on the one that is open; one that flaps is opened again. */
export function fireAlert(state: State, finding: Finding, now: number): Alert {
  return state.transaction(() => {
    const newest = readNewestAlert(state, finding.key)
    const open = newest && newest.state !== 'resolved' ? newest : undefined
    if (open && open.calmAt === null) return seeAgain(state, open, finding, now)
    const thresholds = readThresholds(state, finding.projectId)
    // Who ends an alert by hand has the count begin anew.
    const changes = withChange(newest && newest.resolvedBy === null ? newest.changes : [], now, thresholds)
    const alert =
      newest && (open || isFlapping(changes, thresholds))
        ? comeBack(state, newest, finding, changes, now)
        : openNew(state, finding, changes, now)
    concernOthers(state, alert)
    return alert
  })
}

/** Ends the open alert of `key`, if there is one; by itself (`by` null) a flapping one only once it stays gone. */
export function endAlert(
  state: State,
  key: string,
  by: string | null,
  now: number,
  seen?: Finding['seen'],
): Alert | undefined {
  return state.transaction(() => {
    const open = readOpenAlert(state, key)
    if (!open || (by === null && open.calmAt !== null && open.detector !== STORM)) return open
    return end(state, open, by, now, seen)
  })
}

/** Ends the open alerts of a project that goes away. */
export function endAlertsOf(state: State, projectId: number, by: string, now: number): void {
  state.transaction(() => {
    for (const alert of listAlerts(state, { open: true, projectId, limit: -1 })) end(state, alert, by, now)
  })
}

/** Ends an alert by hand; throws `not_found`, or `conflict` when it is over. */
export function resolveAlert(state: State, id: number, by: string, now: number): Alert {
  return state.transaction(() => {
    const alert = findAlert(state, id)
    const ended = end(state, alert, by, now)
    settle(state, alert, by, now)
    return ended
  })
}

/**
 * Sends the reminders and ends the snoozes whose time has come, ends what flapped and stays gone, and brings cards up to
 * date with what was only counted meanwhile; up to `limit` of each.
 */
export function wakeAlerts(state: State, now: number, limit: number): void {
  if ((nextWake(state) ?? Number.POSITIVE_INFINITY) > now) return
  const due = state.db
    .select()
    .from(alerts)
    .where(and(isNotNull(alerts.wakeAt), lte(alerts.wakeAt, now)))
    .limit(limit)
    .all()
  const calm = state.db
    .select()
    .from(alerts)
    .where(and(isNotNull(alerts.calmAt), lte(alerts.calmAt, now), ne(alerts.detector, STORM)))
    .limit(limit)
    .all()
  state.transaction(() => {
    for (const alert of due) {
      changeAlert(state, alert, woken(alert, now), now)
      // What nobody is on any more may be held back no more.
      if (alert.heldBy !== null) reviewSoon(state)
    }
    for (const { id } of calm) finish(state, readAlert(state, id)!, resolved(readAlert(state, id)!, null, now), now)
    for (const id of dueTellings(state, now, limit)) {
      const alert = readAlert(state, id)
      if (alert) tellAlert(state, alert, { seenAt: now })
      else forgetUntold(state, id)
    }
  })
}

/** The nearest instant at which time alone changes an alert or its cards. */
export function nextWake(state: State): number | null {
  const next = (column: 'wake_at' | 'calm_at') =>
    state
      .prepare<[], { at: number }>(
        `select ${column} as at from alerts where ${column} is not null order by ${column} limit 1`,
      )
      .get()?.at ?? null
  const due = [next('wake_at'), next('calm_at'), nextTelling(state)].filter(at => at !== null)
  return due.length > 0 ? Math.min(...due) : null
}

function openNew(state: State, finding: Finding, changes: number[], now: number): Alert {
  const draft = { ...fired(finding, now), changes }
  return insertAlert(state, { ...draft, ...judgeNew(state, draft, now) }, now)
}

function seeAgain(state: State, open: Alert, finding: Finding, now: number): Alert {
  const again = seenAgain(open, finding, now)
  if (!again) return open
  // What grew worse, or belongs to something else now, may not be held back any more.
  const rejudged = open.severity !== finding.severity || JSON.stringify(open.labels) !== JSON.stringify(finding.labels)
  if (rejudged) reviewSoon(state)
  return countAgain(state, open, again, now)
}

function comeBack(state: State, newest: Alert, finding: Finding, changes: number[], now: number): Alert {
  const step = backAgain(newest, finding, changes, now)
  if (newest.state !== 'resolved') return turn(state, newest, step, now)
  const opened = { ...newest, ...step.changes } as Alert
  const calls = { calls: newest.calls + 1, callReason: 'fired again' as const }
  return changeAlert(
    state,
    newest,
    { ...step, changes: { ...step.changes, ...calls, ...judgeNew(state, opened, now) } },
    now,
  )
}

function end(state: State, open: Alert, by: string | null, now: number, seen?: Finding['seen']): Alert {
  const thresholds = readThresholds(state, open.projectId)
  const changes = by === null ? withChange(open.changes, now, thresholds) : []
  if (by === null && isFlapping(changes, thresholds)) {
    const gone = turn(state, open, goneForNow(open, changes, now + thresholds.flapGood, now, seen), now)
    concernOthers(state, gone)
    return gone
  }
  const step = resolved(open, by, now, seen)
  return finish(state, open, { ...step, changes: { ...step.changes, changes } }, now)
}

/** One more turn of a flapping alert: its cards are edited every ten seconds at the most. */
function turn(state: State, alert: Alert, step: AlertStep, now: number): Alert {
  const sinceTold = now - alert.seenAt
  if (alert.flappingSince === null || sinceTold < 0 || sinceTold >= TOLD_EVERY)
    return changeAlert(state, alert, { ...step, changes: { ...step.changes, seenAt: now } }, now)
  tellLater(state, alert.id, alert.seenAt + TOLD_EVERY)
  writeSighting(state, alert.id, `${alert.title}, which flaps`, now)
  return updateAlert(state, alert.id, { ...step.changes, seenAt: alert.seenAt })
}

function finish(state: State, alert: Alert, step: AlertStep, now: number): Alert {
  const ended = changeAlert(state, alert, { ...step, changes: { ...step.changes, flappingSince: null } }, now)
  tellHolder(state, alert.heldBy, now)
  concernOthers(state, alert)
  return ended
}

/** What an alert explains (or no longer does) is judged anew. */
function concernOthers(state: State, alert: Alert): void {
  if (alert.role !== null || alert.detector === STORM || hasDependents(state, alert.key)) reviewSoon(state)
}

function countAgain(state: State, alert: Alert, again: Again, now: number): Alert {
  writeSighting(state, alert.id, again.title, now)
  if (again.tell) return tellAlert(state, alert, again.changes)
  tellLater(state, alert.id, alert.seenAt + TOLD_EVERY)
  return updateAlert(state, alert.id, again.changes)
}
