// When an alert that nobody takes is escalated: waiting counts only while it is anybody's to take. Pure.
import type { Alert } from '../../alerts/alert.ts'
import type { alertEscalations, escalations } from '../../state/schema/index.ts'

export type Escalation = typeof escalations.$inferSelect
export type AlertEscalation = typeof alertEscalations.$inferSelect
export type Waiting = Pick<AlertEscalation, 'dueAt' | 'left'>

/** Whether an alert waits for somebody now: nobody is on it, and it is neither snoozed nor held back. */
export function waitsForSomebody(alert: Pick<Alert, 'state' | 'snoozedUntil' | 'suppression'>): boolean {
  return alert.state === 'firing' && alert.snoozedUntil === null && alert.suppression === null
}

/** How an escalation that is new to an alert waits. */
export function beginWaiting(alert: Alert, escalation: Escalation, now: number): Waiting {
  return { left: escalation.after, dueAt: waitsForSomebody(alert) ? now + escalation.after : null }
}

/** How it waits once the alert has changed: it stands still while somebody is on it, and then goes on; null for no change. */
export function waitOn(alert: Alert, waiting: Waiting, now: number): Waiting | null {
  const waits = waitsForSomebody(alert)
  if (waits === (waiting.dueAt !== null)) return null
  if (waits) return { left: waiting.left, dueAt: now + waiting.left }
  return { left: Math.max(0, waiting.dueAt! - now), dueAt: null }
}

/** How it waits after it was carried out for the `times`th time; null when that was the last. */
export function afterwards(escalation: Escalation, times: number, now: number): Waiting | null {
  return times <= escalation.repeat ? { left: escalation.after, dueAt: now + escalation.after } : null
}

/**
 * How it waits once the escalation itself was changed: what was waited counts, and what had come to its end goes on when
 * it is now to be repeated more often.
 */
export function waitAnew(waiting: AlertEscalation, before: Escalation, edited: Escalation, now: number): Waiting {
  const { times, left, dueAt } = waiting
  if (times > edited.repeat) return { left: 0, dueAt: null }
  if (times > before.repeat) return { left: edited.after, dueAt: null }
  const longer = edited.after - before.after
  return { left: Math.max(0, left + longer), dueAt: dueAt === null ? null : Math.max(now, dueAt + longer) }
}
