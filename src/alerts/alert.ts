// The rules of an alert: what may be done to it in which state, and when time alone changes it. Pure.
import type { Finding } from '../detectors/finding.ts'
import { Problem } from '../problem.ts'
import { SEVERITIES, type Severity } from '../severity.ts'
import type { alerts, HISTORY_KINDS } from '../state/schema/index.ts'
import { formatDuration, formatRelative, SECOND } from '../time.ts'

export type Alert = typeof alerts.$inferSelect
export type AlertChanges = Partial<Alert>

/** A line of a timeline: what happened, for people in words, and who did it. */
export type HistoryEntry = {
  kind: (typeof HISTORY_KINDS)[number]
  what: string
  by?: string | null
  note?: string | null
}

/** Changes of an alert with their line in the timeline; with `thread` the line also appears in the thread under the cards. */
export type AlertStep = HistoryEntry & { changes: AlertChanges; thread?: boolean }

/** The row of a new alert. */
export function openAlert(finding: Finding, now: number) {
  const { occurrences, isSinceEstimated: _, checkId = null, hostId = null, ...row } = finding
  const count = Math.max(1, occurrences)
  const times = { firedAt: now, seenAt: now }
  const alert = { ...row, checkId, hostId, count, state: 'firing' as const, ...times, undelivered: true }
  return { ...alert, wakeAt: finding.remindEvery > 0 ? now + finding.remindEvery : null }
}

/** How often the cards are brought up to date for mere counting. */
export const CARD_UPDATE_INTERVAL_MS = 10 * SECOND

/** A finding seen again: what it changes, and whether the cards are to show it now or with what follows soon. */
export type Repeat = { changes: AlertChanges; title: string; tell: boolean }

/**
 * The same finding again while the alert is open; null when there is nothing new to say. Every occurrence is counted.
 * `seenAt` is when the cards were last brought up to date with what is seen: sightings that follow one another faster
 * than every ten seconds wait until then, unless they change who is to care.
 */
export function recordRepeat(alert: Alert, finding: Finding, now: number): Repeat | null {
  if (finding.occurrences === 0 && saysTheSame(alert, finding)) return null
  const { title, severity, observation, owner, remindEvery, labels, occurrences } = finding
  const sinceTold = now - alert.seenAt
  const soon = sinceTold >= 0 && sinceTold < CARD_UPDATE_INTERVAL_MS
  const tell = !soon || severity !== alert.severity || owner !== alert.owner
  const mention = isWorse(alert, severity)
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
  return { changes: tell ? { ...changes, seenAt: now } : changes, title, tell }
}

function saysTheSame(alert: Alert, { title, severity, owner, labels, observation }: Finding): boolean {
  const told = [alert.title, alert.severity, alert.owner, alert.labels, alert.observation]
  return JSON.stringify(told) === JSON.stringify([title, severity, owner, labels, observation])
}

/** Edits notify nobody: people are called anew to what is worse than what they were told; once only, should it go to and fro. */
function isWorse(alert: Alert, severity: Severity): boolean {
  const calm = alert.state !== 'firing' || alert.snoozedUntil !== null || alert.flappingSince !== null
  return !calm && alert.mentionReason !== 'worse' && SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(alert.severity)
}

/** Somebody is on it: no more reminders, until `until` (null: for good). Throws `conflict` when somebody was before, or it is over. */
export function acknowledge(
  alert: Alert,
  by: string,
  note: string | null,
  now: number,
  until: number | null = null,
): AlertStep {
  refuseEnded(alert, 'acknowledge', now)
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

/** Nobody is on it any more: reminders begin again. */
export function unacknowledge(alert: Alert, by: string, now: number): AlertStep {
  refuseEnded(alert, 'un-acknowledge', now)
  if (alert.state !== 'acknowledged') throw new Problem('conflict', `Alert ${alert.id} is not acknowledged by anybody.`)
  const changes = {
    state: 'firing' as const,
    ...NOBODY,
    note: null,
    wakeAt: nextReminder(alert, now),
  }
  return { changes, kind: 'unacknowledged', what: 'un-acknowledged', by, thread: true }
}

/** No reminders until `until`; then, if it is still on, people are told again. */
export function snooze(alert: Alert, until: number, by: string, note: string | null, now: number): AlertStep {
  refuseEnded(alert, 'snooze', now)
  const changes = {
    state: 'firing' as const,
    ...NOBODY,
    note,
    snoozedUntil: until,
    snoozedBy: by,
    wakeAt: until,
  }
  const what = `snoozed for ${formatDuration(until - now)}`
  return { changes, kind: 'snoozed', what, by, note, thread: true }
}

/** It is over, by itself (`by` null) or because somebody says so. Recoveries of criticals are told aloud. */
export function resolve(alert: Alert, by: string | null, now: number, seen?: Finding['observation']): AlertStep {
  refuseEnded(alert, 'resolve', now)
  const aloud =
    alert.severity === 'critical' && by === null
      ? { mentionCount: alert.mentionCount + 1, mentionReason: 'recovered' as const }
      : {}
  const changes = {
    state: 'resolved' as const,
    resolvedAt: now,
    resolvedBy: by,
    snoozedUntil: null,
    wakeAt: null,
    stableSince: null,
    ...aloud,
  }
  // A recovery is told in a thread that is there, but makes none.
  const thread = by !== null || alert.threadLine > 0
  return {
    changes: seen ? { ...changes, observation: seen } : changes,
    kind: 'resolved',
    what: by === null ? 'recovered' : 'resolved',
    by,
    thread,
  }
}

/** A word for the others, on the card and in the timeline; also when it is over. */
export function addNote(_alert: Alert, by: string, note: string): AlertStep {
  return { changes: { note }, kind: 'noted', what: 'noted', by, note, thread: true }
}

/** Nobody took it in time: people are called anew; `to` says who by the escalation named. */
export function escalate(alert: Alert, to: string, name: string): AlertStep {
  const changes = { mentionCount: alert.mentionCount + 1, mentionReason: 'escalated' as const }
  return { changes, kind: 'escalated', what: `escalated to ${to} (${name})`, thread: true }
}

/**
 * What the passing of `wakeAt` does: a snooze or an acknowledgement ends, or a reminder is due. Nobody is called to what
 * is held back; those who were promised to be called again are once it is not. What flaps and is gone for now reminds nobody.
 */
export function wake(alert: Alert, now: number): AlertStep {
  const step = alert.state === 'acknowledged' ? givenBack(alert, now) : calledAgain(alert, now)
  const { mentionCount, mentionReason, ...changes } = step.changes
  const isGone = alert.flappingSince !== null && alert.stableSince !== null
  if (isGone && mentionReason === 'reminder')
    return { changes, kind: 'reminder-skipped', what: 'not reminded of, for it is gone for now' }
  if (alert.suppression === null) return step
  if (mentionReason !== 'reminder')
    return { ...step, what: `${step.what}; people are called once nothing holds it back` }
  return { changes, kind: 'reminder-skipped', what: `${step.what}; nobody is called, for it is held back` }
}

function calledAgain(alert: Alert, now: number): AlertStep {
  const wasSnoozed = alert.snoozedUntil !== null
  const changes = {
    snoozedUntil: null,
    snoozedBy: null,
    mentionCount: alert.mentionCount + 1,
    mentionReason: wasSnoozed ? ('snooze ended' as const) : ('reminder' as const),
    wakeAt: nextReminder(alert, now),
  }
  if (!wasSnoozed) return { changes, kind: 'reminded', what: 'reminded' }
  return { changes, kind: 'snooze-ended', what: `the snooze by ${alert.snoozedBy} ended and it still goes on` }
}

function givenBack(alert: Alert, now: number): AlertStep {
  const changes = {
    state: 'firing' as const,
    ...NOBODY,
    mentionCount: alert.mentionCount + 1,
    mentionReason: 'acknowledgement expired' as const,
    wakeAt: nextReminder(alert, now),
  }
  const what = `the acknowledgement by ${alert.acknowledgedBy} ran out and it still goes on`
  return { changes, kind: 'acknowledgement-expired', what, thread: true }
}

/** Nobody has an alert's name on them. */
export const NOBODY = { acknowledgedAt: null, acknowledgedBy: null, acknowledgedUntil: null }

/** When people are to be reminded next, or null for never. */
export function nextReminder(alert: Pick<Alert, 'remindEvery'>, now: number): number | null {
  return alert.remindEvery > 0 ? now + alert.remindEvery : null
}

function refuseEnded(alert: Alert, verb: string, now: number): void {
  if (alert.state !== 'resolved') return
  const by = alert.resolvedBy === null ? '' : ` by ${alert.resolvedBy}`
  throw new Problem(
    'conflict',
    `Alert ${alert.id} was resolved${by} ${formatRelative(alert.resolvedAt!, now)}; there is nothing to ${verb}.`,
  )
}
