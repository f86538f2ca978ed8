// The state machine of an alert: what may be done in which state, and what the passing of time changes. Pure.
import type { Finding } from '../detectors/finding.ts'
import { Problem } from '../problem.ts'
import { isWorse } from '../severity.ts'
import type { alerts, HISTORY_KINDS } from '../state/schema/index.ts'
import { formatDuration, formatRelative, SECOND } from '../time.ts'

export type Alert = typeof alerts.$inferSelect
export type AlertChanges = Partial<Alert>

/** A line of a timeline: its kind, the same in words for people, and who did it. */
export type HistoryEntry = {
  kind: (typeof HISTORY_KINDS)[number]
  what: string
  by?: string | null
  note?: string | null
}

/** Changes of an alert with their timeline line; with `thread` the line also appears in the thread under the cards. */
export type AlertTransition = HistoryEntry & { changes: AlertChanges; thread?: boolean }

/** The row of a new alert. */
export function openAlert(finding: Finding, now: number) {
  const { occurrences, isSinceEstimated: _, checkId = null, hostId = null, groupKey = null, ...row } = finding
  const count = Math.max(1, occurrences)
  const times = { firedAt: now, seenAt: now, wakeAt: nextReminder(finding, now) }
  return { ...row, checkId, hostId, groupKey, count, state: 'firing' as const, ...times, undelivered: true }
}

/** The shortest time between two edits of a card for mere counting. */
export const CARD_UPDATE_INTERVAL_MS = 10 * SECOND

/** A repeat of an open alert: its changes, and whether the cards show it now or with a later update. */
export type Repeat = { changes: AlertChanges; title: string; updatesCards: boolean }

/**
 * A finding whose alert is open already; null when nothing is new. Every occurrence is counted. `seenAt` is the last
 * card update: a repeat within `CARD_UPDATE_INTERVAL_MS` of it waits, unless it changes severity or owner.
 */
export function recordRepeat(alert: Alert, finding: Finding, now: number): Repeat | null {
  if (finding.occurrences === 0 && isUnchanged(alert, finding)) return null
  const { title, severity, observation, owner, remindEvery, labels, occurrences } = finding
  const sinceUpdate = now - alert.seenAt
  const isRecent = sinceUpdate >= 0 && sinceUpdate < CARD_UPDATE_INTERVAL_MS
  const updatesCards = !isRecent || severity !== alert.severity || owner !== alert.owner
  const mention = mentionsWorse(alert, finding)
    ? { mentionCount: alert.mentionCount + 1, mentionReason: 'worse' as const }
    : {}
  const changes = {
    title,
    severity,
    observation,
    owner,
    remindEvery,
    labels,
    count: alert.count + occurrences,
    ...mention,
  }
  return { changes: updatesCards ? { ...changes, seenAt: now } : changes, title, updatesCards }
}

function isUnchanged(alert: Alert, { title, severity, owner, labels, observation }: Finding): boolean {
  const before = [alert.title, alert.severity, alert.owner, alert.labels, alert.observation]
  return JSON.stringify(before) === JSON.stringify([title, severity, owner, labels, observation])
}

/** Edits notify nobody, so a worse severity is a new mention; only once, in case it goes back and forth. */
function mentionsWorse(alert: Alert, { severity }: Finding): boolean {
  const isActive = alert.state === 'firing' && alert.snoozedUntil === null && alert.flappingSince === null
  return isActive && alert.mentionReason !== 'worse' && isWorse(severity, alert.severity)
}

/**
 * Acknowledges an alert: no more reminders, until `until` (null: until it resolves). Throws `conflict` when it is
 * acknowledged or resolved already.
 */
export function acknowledge(
  alert: Alert,
  by: string,
  note: string | null,
  now: number,
  until: number | null = null,
): AlertTransition {
  refuseResolved(alert, 'acknowledge', now)
  if (alert.state === 'acknowledged') {
    const when = formatRelative(alert.acknowledgedAt!, now)
    throw new Problem('conflict', `Alert ${alert.id} is already acknowledged by ${alert.acknowledgedBy}, ${when}.`)
  }
  const changes = {
    state: 'acknowledged' as const,
    acknowledgedAt: now,
    acknowledgedBy: by,
    acknowledgedUntil: until,
    note,
    snoozedUntil: null,
    snoozedBy: null,
    wakeAt: until,
  }
  const what = until === null ? 'acknowledged' : `acknowledged for ${formatDuration(until - now)}`
  return { changes, kind: 'acknowledged', what, by, note, thread: true }
}

/** Removes an acknowledgement: reminders start again. Throws `conflict` when there is none. */
export function unacknowledge(alert: Alert, by: string, now: number): AlertTransition {
  refuseResolved(alert, 'unacknowledge', now)
  if (alert.state !== 'acknowledged') throw new Problem('conflict', `Alert ${alert.id} is not acknowledged.`)
  const changes = {
    state: 'firing' as const,
    ...NOT_ACKNOWLEDGED,
    note: null,
    wakeAt: nextReminder(alert, now),
  }
  return { changes, kind: 'unacknowledged', what: 'acknowledgement removed', by, thread: true }
}

/** Snoozes an alert: no reminders until `until`; if it is still firing then, people are mentioned again. */
export function snooze(alert: Alert, until: number, by: string, note: string | null, now: number): AlertTransition {
  refuseResolved(alert, 'snooze', now)
  const changes = {
    state: 'firing' as const,
    ...NOT_ACKNOWLEDGED,
    note,
    snoozedUntil: until,
    snoozedBy: by,
    wakeAt: until,
  }
  const what = `snoozed for ${formatDuration(until - now)}`
  return { changes, kind: 'snoozed', what, by, note, thread: true }
}

/**
 * Resolves an alert, automatically (`by` null) or by hand; `observation` replaces what the card shows. An automatic
 * recovery of a critical alert mentions people.
 */
export function resolve(
  alert: Alert,
  by: string | null,
  now: number,
  observation?: Finding['observation'],
): AlertTransition {
  refuseResolved(alert, 'resolve', now)
  const mention =
    alert.severity === 'critical' && by === null
      ? { mentionCount: alert.mentionCount + 1, mentionReason: 'recovered' as const }
      : {}
  const changes = {
    state: 'resolved' as const,
    resolvedAt: now,
    resolvedBy: by,
    snoozedUntil: null,
    wakeAt: null,
    stableAt: null,
    ...mention,
  }
  return {
    changes: observation ? { ...changes, observation } : changes,
    kind: 'resolved',
    what: by === null ? 'resolved automatically' : 'resolved',
    by,
    // An automatic recovery appears in a thread that exists, but does not start one.
    thread: by !== null || alert.threadLine > 0,
  }
}

/** Adds a note, shown on the card and in the timeline; also to a resolved alert. */
export function addNote(by: string, note: string): AlertTransition {
  return { changes: { note }, kind: 'noted', what: 'note added', by, note, thread: true }
}

/** Escalates an alert that nobody acknowledged in time; `to` names the recipients, `name` the escalation. */
export function escalate(alert: Alert, to: string, name: string): AlertTransition {
  const changes = { mentionCount: alert.mentionCount + 1, mentionReason: 'escalated' as const }
  return { changes, kind: 'escalated', what: `escalated to ${to} (${name})`, thread: true }
}

/**
 * What the passing of `wakeAt` changes: a snooze or an acknowledgement ends, or a reminder is due. While an alert is
 * suppressed nobody is mentioned: a reminder is skipped, the other mentions follow when the suppression ends. A flapping
 * alert that is clear for now gets no reminder either.
 */
export function wake(alert: Alert, now: number): AlertTransition {
  const transition = alert.state === 'acknowledged' ? expireAcknowledgement(alert, now) : remind(alert, now)
  const { mentionCount, mentionReason, ...changes } = transition.changes
  const isReminder = mentionReason === 'reminder'
  const kind = 'reminder-skipped'
  if (isReminder && isClear(alert)) return { changes, kind, what: 'reminder skipped: clear for now (flapping)' }
  if (alert.suppression === null) return transition
  if (isReminder) return { changes, kind, what: 'reminder skipped: suppressed' }
  return { ...transition, what: `${transition.what}; people are notified when the suppression ends` }
}

/** Whether a flapping alert is clear for now. */
export function isClear({ flappingSince, stableAt }: Pick<Alert, 'flappingSince' | 'stableAt'>): boolean {
  return flappingSince !== null && stableAt !== null
}

function remind(alert: Alert, now: number): AlertTransition {
  const wasSnoozed = alert.snoozedUntil !== null
  const changes = {
    snoozedUntil: null,
    snoozedBy: null,
    mentionCount: alert.mentionCount + 1,
    mentionReason: wasSnoozed ? ('snooze ended' as const) : ('reminder' as const),
    wakeAt: nextReminder(alert, now),
  }
  if (!wasSnoozed) return { changes, kind: 'reminded', what: 'reminder sent' }
  return { changes, kind: 'snooze-ended', what: `snooze by ${alert.snoozedBy} ended; still firing` }
}

function expireAcknowledgement(alert: Alert, now: number): AlertTransition {
  const changes = {
    state: 'firing' as const,
    ...NOT_ACKNOWLEDGED,
    mentionCount: alert.mentionCount + 1,
    mentionReason: 'acknowledgement expired' as const,
    wakeAt: nextReminder(alert, now),
  }
  const what = `acknowledgement by ${alert.acknowledgedBy} expired; still firing`
  return { changes, kind: 'acknowledgement-expired', what, thread: true }
}

/** The columns of an alert that nobody has acknowledged. */
export const NOT_ACKNOWLEDGED = { acknowledgedAt: null, acknowledgedBy: null, acknowledgedUntil: null }

/** When the next reminder is due (epoch ms), or null for never. */
export function nextReminder(alert: Pick<Alert, 'remindEvery'>, now: number): number | null {
  return alert.remindEvery > 0 ? now + alert.remindEvery : null
}

function refuseResolved(alert: Alert, verb: string, now: number): void {
  if (alert.state !== 'resolved') return
  const by = alert.resolvedBy === null ? '' : ` by ${alert.resolvedBy}`
  throw new Problem(
    'conflict',
    `Alert ${alert.id} was resolved${by} ${formatRelative(alert.resolvedAt!, now)}; there is nothing to ${verb}.`,
  )
}
