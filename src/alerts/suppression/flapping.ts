// Flapping: when an alert that fires and resolves again and again stays one open alert. Pure.
import type { Finding } from '../../detectors/finding.ts'
import { aboutDuration } from '../../time.ts'
import { type Alert, type AlertChanges, type AlertTransition, NOT_ACKNOWLEDGED, nextReminder } from '../alert.ts'
import type { Thresholds } from './settings.ts'

const MAX_TRANSITIONS = 100

type FlapThresholds = Pick<Thresholds, 'flapChanges' | 'flapWindow'>

/** The transition times (epoch ms) within the window before `now`, and `now` itself. */
export function withTransition(times: readonly number[], now: number, { flapWindow }: FlapThresholds): number[] {
  return [...times.filter(at => at > now - flapWindow && at <= now), now].slice(-MAX_TRANSITIONS)
}

/** Whether there are enough transitions for flapping. */
export function isFlapping(times: readonly number[], { flapChanges }: FlapThresholds): boolean {
  return flapChanges > 0 && times.length >= flapChanges
}

/** A flapping alert clears: it resolves only if it stays clear until `stableAt`. `times` include this transition. */
export function beginStable(
  alert: Alert,
  times: number[],
  stableAt: number,
  now: number,
  observation?: Finding['observation'],
): AlertTransition {
  const changes = { flappingSince: alert.flappingSince ?? now, stableAt, transitionTimes: times }
  return {
    changes: observation ? { ...changes, observation } : changes,
    kind: 'cleared',
    what: `clear for now (flapping, ${transitionSummary(times)})`,
  }
}

/** An alert that resolved or cleared fires again within the window: it is the same alert, and it flaps. */
export function endStable(alert: Alert, finding: Finding, times: number[], now: number): AlertTransition {
  const { title, severity, observation, owner, remindEvery, labels, occurrences } = finding
  const changes = {
    title,
    severity,
    observation,
    owner,
    remindEvery,
    labels,
    seenAt: now,
    count: alert.count + occurrences,
    transitionTimes: times,
    flappingSince: alert.flappingSince ?? now,
    stableAt: null,
  }
  return {
    changes: alert.state === 'resolved' ? { ...changes, ...reopened(remindEvery, now) } : changes,
    kind: 'fired-again',
    what: `fired again (flapping, ${transitionSummary(times)})`,
  }
}

/** `7 changes in 9m`. */
export function transitionSummary(times: readonly number[]): string {
  return `${times.length} changes in ${aboutDuration((times.at(-1) ?? 0) - (times[0] ?? 0))}`
}

function reopened(remindEvery: number, now: number): AlertChanges {
  const open = { state: 'firing' as const, resolvedAt: null, resolvedBy: null, note: null }
  return { ...open, ...NOT_ACKNOWLEDGED, wakeAt: nextReminder({ remindEvery }, now) }
}
