// The lifecycle of alerts: firing, repeats, flapping, people's actions, reminders and resolving.
import type { DetectionResult, Finding } from '../detectors/finding.ts'
import { dismiss } from '../detectors/rules/manual-resolve.ts'
import type { State } from '../state/database.ts'
import { and, isNotNull, lte, ne } from '../state/orm.ts'
import { alerts } from '../state/schema/index.ts'
import {
  type Alert,
  type AlertTransition,
  acknowledge,
  addNote,
  CARD_UPDATE_INTERVAL_MS,
  escalate,
  openAlert,
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
import { groupKeyOf } from './groups/group-keys.ts'
import {
  endMember,
  joinGroup,
  listOpenMemberIds,
  refreshGroup,
  syncMembers,
  updateGroupCard,
  welcomeMember,
} from './groups/groups.ts'
import { beginStable, endStable, isFlapping, withTransition } from './suppression/flapping.ts'
import { GROUP, STORM } from './suppression/inhibition.ts'
import { hasDependents } from './suppression/inhibitions.ts'
import { requestReevaluation } from './suppression/reevaluation.ts'
import { readThresholds } from './suppression/settings.ts'
import { groupSuppression, suppressionColumns, suppressorOf } from './suppression/suppression.ts'
import { reevaluateGroup, suppressNew, updateSuppressor } from './suppression/suppressions.ts'

/** Applies what detectors found: opens alerts, counts repeats, ends alerts whose finding is gone. */
export function applyResults(state: State, results: readonly DetectionResult[], now: number): void {
  state.transaction(() => {
    for (const result of results) {
      if (result.kind === 'firing') fireAlert(state, result.finding, now)
      else endAlert(state, result.key, null, now, result.observation)
    }
  })
}

/** Opens an alert for a finding, or counts a repeat on the open one; a flapping alert is opened again. */
export function fireAlert(state: State, finding: Finding, now: number): Alert {
  return state.transaction(() => {
    const newest = readNewestAlert(state, finding.key)
    const open = newest && newest.state !== 'resolved' ? newest : undefined
    if (open && open.stableAt === null) return repeatAlert(state, open, finding, now)
    const thresholds = readThresholds(state, finding.projectId)
    // After somebody resolved the alert by hand the count starts at zero.
    const before = newest && newest.resolvedBy === null ? newest.transitionTimes : []
    const transitionTimes = withTransition(before, now, thresholds)
    const alert =
      newest && (open || isFlapping(transitionTimes, thresholds))
        ? fireAgain(state, newest, finding, transitionTimes, now)
        : fireNew(state, finding, transitionTimes, now)
    reevaluateInhibited(state, alert)
    return alert
  })
}

/** Ends the open alert of `key`, if there is one. Automatically (`by` null) a flapping alert ends only once it is stable. */
export function endAlert(
  state: State,
  key: string,
  by: string | null,
  now: number,
  observation?: Finding['observation'],
): Alert | undefined {
  return state.transaction(() => {
    const open = readOpenAlert(state, key)
    if (!open || (by === null && open.stableAt !== null && open.detector !== STORM)) return open
    return end(state, open, by, now, observation)
  })
}

/** Ends all open alerts of a project, because it is removed. */
export function endProjectAlerts(state: State, projectId: number, by: string, now: number): void {
  state.transaction(() => {
    // A group ends with the last of its members.
    for (const alert of listAlerts(state, { open: true, projectId, limit: -1 }))
      if (alert.detector !== GROUP) end(state, alert, by, now)
  })
}

/** Resolves an alert by hand, or all alerts of a group; their detectors do not report the same problem again. Throws `not_found`, or `conflict` when it is resolved. */
export function resolveAlert(state: State, id: number, by: string, now: number): Alert {
  return state.transaction(() => {
    const alert = findAlert(state, id)
    const members = alert.detector === GROUP ? listOpenMemberIds(state, id) : []
    for (const member of members) resolveAlert(state, member, by, now)
    if (members.length > 0) return findAlert(state, id)
    const ended = end(state, alert, by, now)
    dismiss(state, alert, by, now)
    return ended
  })
}

/** Acknowledges an alert, until `until` (null: until it resolves). Throws `not_found` or `conflict`. */
export function acknowledgeAlert(
  state: State,
  id: number,
  by: string,
  note: string | null,
  now: number,
  until: number | null = null,
): Alert {
  return change(state, id, alert => acknowledge(alert, by, note, now, until), now)
}

/** Adds a note to an alert, open or resolved. Throws `not_found`. */
export function noteAlert(state: State, id: number, by: string, note: string, now: number): Alert {
  return change(state, id, () => addNote(by, note), now)
}

/** Mentions people again because nobody acknowledged an alert; `to` names the recipients, `name` the escalation. */
export function escalateAlert(state: State, id: number, to: string, name: string, now: number): Alert {
  return change(state, id, alert => escalate(alert, to, name), now)
}

/** Removes the acknowledgement of an alert, so that reminders start again. Throws `not_found` or `conflict`. */
export function unacknowledgeAlert(state: State, id: number, by: string, now: number): Alert {
  return change(state, id, alert => unacknowledge(alert, by, now), now)
}

/** Snoozes an alert until `until`. Throws `not_found`, or `conflict` when it is resolved. */
export function snoozeAlert(
  state: State,
  id: number,
  until: number,
  by: string,
  note: string | null,
  now: number,
): Alert {
  return change(state, id, alert => snooze(alert, until, by, note, now), now)
}

/** Does what is due by time: reminders, ends of snoozes, stable alerts, card updates; at most `limit` of each. */
export function wakeAlerts(state: State, now: number, limit: number): void {
  if ((nextWake(state) ?? Number.POSITIVE_INFINITY) > now) return
  const due = state.db
    .select()
    .from(alerts)
    .where(and(isNotNull(alerts.wakeAt), lte(alerts.wakeAt, now)))
    .limit(limit)
    .all()
  const stable = state.db
    .select()
    .from(alerts)
    .where(and(isNotNull(alerts.stableAt), lte(alerts.stableAt, now), ne(alerts.detector, STORM)))
    .limit(limit)
    .all()
  state.transaction(() => {
    for (const alert of due) {
      const woken = recordChange(state, alert, wake(alert, now), now)
      if (alert.detector === GROUP && woken.state !== alert.state) syncMembers(state, woken)
      // An ended storm suppresses acknowledged alerts only.
      if (alert.suppression !== null) requestReevaluation(state)
    }
    for (const { id } of stable) close(state, readAlert(state, id)!, resolve(readAlert(state, id)!, null, now), now)
    for (const id of dueCardUpdates(state, now, limit)) {
      const alert = readAlert(state, id)
      if (alert?.detector === GROUP) updateGroupCard(state, alert, now)
      else if (alert) bumpVersion(state, alert, { seenAt: now })
    }
  })
}

/** The nearest instant (epoch ms) at which time alone changes an alert or its cards; null when there is none. */
export function nextWake(state: State): number | null {
  const next = (column: 'wake_at' | 'stable_at') =>
    state
      .prepare<[], { at: number }>(
        `select ${column} as at from alerts where ${column} is not null order by ${column} limit 1`,
      )
      .get()?.at ?? null
  const due = [next('wake_at'), next('stable_at'), nextCardUpdate(state)].filter(at => at !== null)
  return due.length > 0 ? Math.min(...due) : null
}

/** Changes an alert, or the group that an open alert belongs to: its alerts are acknowledged and snoozed together. */
function change(state: State, id: number, transition: (alert: Alert) => AlertTransition, now: number): Alert {
  return state.transaction(() => {
    const named = findAlert(state, id)
    const alert = named.groupId === null || named.state === 'resolved' ? named : findAlert(state, named.groupId)
    // An ended storm suppresses acknowledged alerts only.
    if (alert.suppression !== null) requestReevaluation(state)
    const changed = recordChange(state, alert, transition(alert), now)
    if (alert.detector === GROUP && alert.state !== 'resolved') syncMembers(state, changed)
    return changed
  })
}

function repeatAlert(state: State, open: Alert, finding: Finding, now: number): Alert {
  const repeat = recordRepeat(open, finding, now)
  if (!repeat) return open
  // A worse severity or other labels may match other suppressions.
  const isOther = open.severity !== finding.severity || JSON.stringify(open.labels) !== JSON.stringify(finding.labels)
  if (isOther) requestReevaluation(state)
  writeRepeat(state, open.id, repeat.title, now)
  const repeated = repeat.updatesCards
    ? bumpVersion(state, open, repeat.changes)
    : updateAlert(state, open.id, repeat.changes)
  if (open.groupId !== null && isOther) refreshGroup(state, open.groupId, now)
  if (!repeat.updatesCards) scheduleCardUpdate(state, open.id, open.seenAt + CARD_UPDATE_INTERVAL_MS)
  return repeated
}

function fireNew(state: State, finding: Finding, transitionTimes: number[], now: number): Alert {
  const groupKey = groupKeyOf(state, finding)
  const groupId = groupKey === null ? null : joinGroup(state, finding.projectId, groupKey, now)
  const alone = { ...openAlert({ ...finding, groupKey }, now), transitionTimes, groupId }
  // The group reminds, its members do not.
  const draft = groupId === null ? alone : { ...alone, wakeAt: null }
  const alert = insertAlert(state, { ...draft, ...suppressNew(state, draft, now) }, now)
  if (groupId === null) return alert
  welcomeMember(state, alert, now)
  reevaluateGroup(state, groupId, now)
  return alert
}

function fireAgain(state: State, newest: Alert, finding: Finding, transitionTimes: number[], now: number): Alert {
  const transition = endStable(newest, finding, transitionTimes, now)
  if (newest.state !== 'resolved') return recordFlap(state, newest, transition, now)
  const opened = { ...newest, ...transition.changes } as Alert
  const mention = { mentionCount: newest.mentionCount + 1, mentionReason: 'fired again' as const }
  const changes = { ...transition.changes, ...mention, ...suppressNew(state, opened, now) }
  if (newest.groupId === null) return recordChange(state, newest, { ...transition, changes }, now)
  // Its group fires again, unless another one has formed meanwhile.
  const { projectId, groupKey } = newest
  const groupId = (groupKey === null ? null : joinGroup(state, projectId, groupKey, now)) ?? newest.groupId
  const suppression = changes.suppression === 'group' ? suppressionColumns(groupSuppression(groupId)) : {}
  const member = { ...changes, ...suppression, groupId, wakeAt: null }
  const again = recordChange(state, newest, { ...transition, changes: member }, now)
  welcomeMember(state, again, now)
  reevaluateGroup(state, groupId, now)
  return again
}

function end(state: State, open: Alert, by: string | null, now: number, observation?: Finding['observation']): Alert {
  const thresholds = readThresholds(state, open.projectId)
  const transitionTimes = by === null ? withTransition(open.transitionTimes, now, thresholds) : []
  if (by === null && isFlapping(transitionTimes, thresholds)) {
    const stableAt = now + thresholds.flapStableFor
    const transition = beginStable(open, transitionTimes, stableAt, now, observation)
    const clear = recordFlap(state, open, transition, now)
    reevaluateInhibited(state, clear)
    return clear
  }
  const transition = resolve(open, by, now, observation)
  return close(state, open, { ...transition, changes: { ...transition.changes, transitionTimes } }, now)
}

/** Stores one more change of a flapping alert; its cards are edited at most every `CARD_UPDATE_INTERVAL_MS`. */
function recordFlap(state: State, alert: Alert, transition: AlertTransition, now: number): Alert {
  const flapped = storeFlap(state, alert, transition, now)
  if (alert.groupId !== null) refreshGroup(state, alert.groupId, now)
  return flapped
}

function storeFlap(state: State, alert: Alert, transition: AlertTransition, now: number): Alert {
  const sinceUpdate = now - alert.seenAt
  if (alert.flappingSince === null || sinceUpdate < 0 || sinceUpdate >= CARD_UPDATE_INTERVAL_MS)
    return recordChange(state, alert, { ...transition, changes: { ...transition.changes, seenAt: now } }, now)
  scheduleCardUpdate(state, alert.id, alert.seenAt + CARD_UPDATE_INTERVAL_MS)
  writeRepeat(state, alert.id, `${alert.title} (flapping)`, now)
  return updateAlert(state, alert.id, { ...transition.changes, seenAt: alert.seenAt })
}

function close(state: State, alert: Alert, transition: AlertTransition, now: number): Alert {
  const changes = { ...transition.changes, flappingSince: null }
  const closed = recordChange(state, alert, { ...transition, changes }, now)
  updateSuppressor(state, suppressorOf(alert), now)
  if (alert.groupId !== null) {
    endMember(state, closed, now)
    reevaluateGroup(state, alert.groupId, now)
  }
  reevaluateInhibited(state, alert)
  return closed
}

/** Reevaluates other alerts when this one inhibits, or no longer inhibits, some of them. */
function reevaluateInhibited(state: State, alert: Alert): void {
  if (alert.role !== null || alert.detector === STORM || hasDependents(state, alert)) requestReevaluation(state)
}
