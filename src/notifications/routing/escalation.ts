// When an unacknowledged alert is escalated: a timer that stands still while somebody is on it. Pure.
import { type Alert, isClear } from '../../alerts/alert.ts'
import type { alertEscalations, escalations } from '../../state/schema/index.ts'

export type Escalation = typeof escalations.$inferSelect
export type AlertEscalation = typeof alertEscalations.$inferSelect

/** The timer of one escalation for one alert; while it stands still `dueAt` is null and `remainingMs` counts. */
export type EscalationTimer = Pick<AlertEscalation, 'dueAt' | 'remainingMs'>

/** The timer after the last escalation. */
export const STOPPED: EscalationTimer = { remainingMs: 0, dueAt: null }

/** Whether the timers of an alert run: it fires and is neither acknowledged, snoozed, suppressed nor, flapping, clear for now. */
export function isTimerRunning(
  alert: Pick<Alert, 'state' | 'snoozedUntil' | 'suppression' | 'flappingSince' | 'stableAt'>,
): boolean {
  return alert.state === 'firing' && alert.snoozedUntil === null && alert.suppression === null && !isClear(alert)
}

/** The timer of an escalation that is new to an alert. */
export function startTimer(alert: Alert, { afterMs }: Escalation, now: number): EscalationTimer {
  return { remainingMs: afterMs, dueAt: isTimerRunning(alert) ? now + afterMs : null }
}

/** The timer after the alert changed: it stops, or continues where it stopped; null for no change. */
export function updateTimer(alert: Alert, timer: EscalationTimer, now: number): EscalationTimer | null {
  const isRunning = isTimerRunning(alert)
  if (isRunning === (timer.dueAt !== null)) return null
  if (isRunning) return { remainingMs: timer.remainingMs, dueAt: now + timer.remainingMs }
  return { remainingMs: Math.max(0, timer.dueAt! - now), dueAt: null }
}

/** The timer after the alert was escalated for the `count`th time. */
export function restartTimer({ afterMs, repeat }: Escalation, count: number, now: number): EscalationTimer {
  return count <= repeat ? { remainingMs: afterMs, dueAt: now + afterMs } : STOPPED
}

/**
 * The timer after the escalation itself was edited. Time that has passed still counts; a timer that had ended starts again
 * when the escalation now repeats more often.
 */
export function adjustTimer(
  timer: AlertEscalation,
  before: Escalation,
  edited: Escalation,
  now: number,
): EscalationTimer {
  const { count, remainingMs, dueAt } = timer
  if (count > edited.repeat) return STOPPED
  if (count > before.repeat) return { remainingMs: edited.afterMs, dueAt: null }
  const addedMs = edited.afterMs - before.afterMs
  return {
    remainingMs: Math.max(0, remainingMs + addedMs),
    dueAt: dueAt === null ? null : Math.max(now, dueAt + addedMs),
  }
}
