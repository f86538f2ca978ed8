// The alerts: every change stores its new version and its line of history in one transaction.
import type { DetectionResult, Finding } from '../detectors/finding.ts'
import { dismiss } from '../detectors/rules/manual-resolve.ts'
import type { State } from '../state/database.ts'
import { and, isNotNull, lte, ne } from '../state/orm.ts'
import { alerts } from '../state/schema/index.ts'
import {
  type Alert,
  type AlertStep,
  acknowledge,
  addNote,
  CARD_UPDATE_INTERVAL_MS,
  escalate,
  openAlert,
  type Repeat,
  recordRepeat,
  resolve,
  snooze,
  unacknowledge,
  wake,
} from './alert.ts'
import {
  bumpVersion,
  findAlert,
  insertAlert,
  listAlerts,
  readAlert,
  readNewestAlert,
  readOpenAlert,
  recordChange,
  updateAlert,
} from './alerts.ts'
import { dueCardUpdates, nextCardUpdate, scheduleCardUpdate, writeRepeat } from './card-updates.ts'
import { beginStable, endStable, isFlapping, withTransition } from './suppression/flapping.ts'
import { STORM } from './suppression/inhibition.ts'
import { hasDependents } from './suppression/inhibitions.ts'
import { requestReevaluation } from './suppression/reevaluation.ts'
import { readThresholds } from './suppression/settings.ts'
import { suppressorOf } from './suppression/suppression.ts'
import { suppressNew, updateSuppressor } from './suppression/suppressions.ts'

/** Turns what detectors said into alerts: new ones, ones seen again, ones that are over. */
export function applyOutcomes(state: State, outcomes: readonly DetectionResult[], now: number): void {
  state.transaction(() => {
    for (const outcome of outcomes) {
      if (outcome.kind === 'firing') fireAlert(state, outcome.finding, now)
      else endAlert(state, outcome.key, null, now, outcome.observation)
    }
  })
}

/** Opens an alert for a finding, or counts it on the one that is open; one that flaps is opened again. */
export function fireAlert(state: State, finding: Finding, now: number): Alert {
  return state.transaction(() => {
    const newest = readNewestAlert(state, finding.key)
    const open = newest && newest.state !== 'resolved' ? newest : undefined
    if (open && open.stableSince === null) return seeAgain(state, open, finding, now)
    const thresholds = readThresholds(state, finding.projectId)
    // Who ends an alert by hand has the count begin anew.
    const changes = withTransition(newest && newest.resolvedBy === null ? newest.transitionTimes : [], now, thresholds)
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
  seen?: Finding['observation'],
): Alert | undefined {
  return state.transaction(() => {
    const open = readOpenAlert(state, key)
    if (!open || (by === null && open.stableSince !== null && open.detector !== STORM)) return open
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
    dismiss(state, alert, by, now)
    return ended
  })
}

/** Puts somebody's name on an alert, until `until` when that is given; throws `not_found` or `conflict`. */
export function acknowledgeAlert(
  state: State,
  id: number,
  by: string,
  note: string | null,
  now: number,
  until: number | null = null,
): Alert {
  return changed(state, id, alert => acknowledge(alert, by, note, now, until), now)
}

/** Adds a word for the others; throws `not_found`. */
export function noteAlert(state: State, id: number, by: string, note: string, now: number): Alert {
  return changed(state, id, alert => addNote(alert, by, note), now)
}

/** Calls people anew because nobody took an alert; `to` says whom, by the escalation named. */
export function escalateAlert(state: State, id: number, to: string, name: string, now: number): Alert {
  return changed(state, id, alert => escalate(alert, to, name), now)
}

/** Takes the name off an alert again, so that its reminders go on; throws `not_found` or `conflict`. */
export function unacknowledgeAlert(state: State, id: number, by: string, now: number): Alert {
  return changed(state, id, alert => unacknowledge(alert, by, now), now)
}

/** Puts an alert off until `until`; throws `not_found`, or `conflict` when it is over. */
export function snoozeAlert(
  state: State,
  id: number,
  until: number,
  by: string,
  note: string | null,
  now: number,
): Alert {
  return changed(state, id, alert => snooze(alert, until, by, note, now), now)
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
    .where(and(isNotNull(alerts.stableSince), lte(alerts.stableSince, now), ne(alerts.detector, STORM)))
    .limit(limit)
    .all()
  state.transaction(() => {
    for (const alert of due) {
      recordChange(state, alert, wake(alert, now), now)
      // What nobody is on any more may be held back no more.
      if (alert.suppression !== null) requestReevaluation(state)
    }
    for (const { id } of calm) finish(state, readAlert(state, id)!, resolve(readAlert(state, id)!, null, now), now)
    for (const id of dueCardUpdates(state, now, limit)) {
      const alert = readAlert(state, id)
      if (alert) bumpVersion(state, alert, { seenAt: now })
    }
  })
}

/** The nearest instant at which time alone changes an alert or its cards. */
export function nextWake(state: State): number | null {
  const next = (column: 'wake_at' | 'stable_since') =>
    state
      .prepare<[], { at: number }>(
        `select ${column} as at from alerts where ${column} is not null order by ${column} limit 1`,
      )
      .get()?.at ?? null
  const due = [next('wake_at'), next('stable_since'), nextCardUpdate(state)].filter(at => at !== null)
  return due.length > 0 ? Math.min(...due) : null
}

function changed(state: State, id: number, step: (alert: Alert) => AlertStep, now: number): Alert {
  return state.transaction(() => {
    const alert = findAlert(state, id)
    // A storm that is over still holds what somebody has taken, until they give it back.
    if (alert.suppression !== null) requestReevaluation(state)
    return recordChange(state, alert, step(alert), now)
  })
}

function openNew(state: State, finding: Finding, changes: number[], now: number): Alert {
  const draft = { ...openAlert(finding, now), transitionTimes: changes }
  return insertAlert(state, { ...draft, ...suppressNew(state, draft, now) }, now)
}

function seeAgain(state: State, open: Alert, finding: Finding, now: number): Alert {
  const again = recordRepeat(open, finding, now)
  if (!again) return open
  // What grew worse, or belongs to something else now, may not be held back any more.
  const rejudged = open.severity !== finding.severity || JSON.stringify(open.labels) !== JSON.stringify(finding.labels)
  if (rejudged) requestReevaluation(state)
  return countAgain(state, open, again, now)
}

function comeBack(state: State, newest: Alert, finding: Finding, changes: number[], now: number): Alert {
  const step = endStable(newest, finding, changes, now)
  if (newest.state !== 'resolved') return turn(state, newest, step, now)
  const opened = { ...newest, ...step.changes } as Alert
  const mention = { mentionCount: newest.mentionCount + 1, mentionReason: 'fired again' as const }
  return recordChange(
    state,
    newest,
    { ...step, changes: { ...step.changes, ...mention, ...suppressNew(state, opened, now) } },
    now,
  )
}

function end(state: State, open: Alert, by: string | null, now: number, seen?: Finding['observation']): Alert {
  const thresholds = readThresholds(state, open.projectId)
  const changes = by === null ? withTransition(open.transitionTimes, now, thresholds) : []
  if (by === null && isFlapping(changes, thresholds)) {
    const gone = turn(state, open, beginStable(open, changes, now + thresholds.flapStableFor, now, seen), now)
    concernOthers(state, gone)
    return gone
  }
  const step = resolve(open, by, now, seen)
  return finish(state, open, { ...step, changes: { ...step.changes, transitionTimes: changes } }, now)
}

/** One more turn of a flapping alert: its cards are edited every ten seconds at the most. */
function turn(state: State, alert: Alert, step: AlertStep, now: number): Alert {
  const sinceTold = now - alert.seenAt
  if (alert.flappingSince === null || sinceTold < 0 || sinceTold >= CARD_UPDATE_INTERVAL_MS)
    return recordChange(state, alert, { ...step, changes: { ...step.changes, seenAt: now } }, now)
  scheduleCardUpdate(state, alert.id, alert.seenAt + CARD_UPDATE_INTERVAL_MS)
  writeRepeat(state, alert.id, `${alert.title}, which flaps`, now)
  return updateAlert(state, alert.id, { ...step.changes, seenAt: alert.seenAt })
}

function finish(state: State, alert: Alert, step: AlertStep, now: number): Alert {
  const ended = recordChange(state, alert, { ...step, changes: { ...step.changes, flappingSince: null } }, now)
  updateSuppressor(state, suppressorOf(alert), now)
  concernOthers(state, alert)
  return ended
}

/** What an alert explains (or no longer does) is judged anew. */
function concernOthers(state: State, alert: Alert): void {
  if (alert.role !== null || alert.detector === STORM || hasDependents(state, alert)) requestReevaluation(state)
}

function countAgain(state: State, alert: Alert, again: Repeat, now: number): Alert {
  writeRepeat(state, alert.id, again.title, now)
  if (again.tell) return bumpVersion(state, alert, again.changes)
  scheduleCardUpdate(state, alert.id, alert.seenAt + CARD_UPDATE_INTERVAL_MS)
  return updateAlert(state, alert.id, again.changes)
}
