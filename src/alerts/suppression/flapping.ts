// When an alert that fires and ends over and over is one alert that flaps. Pure.
import type { Finding } from '../../detectors/finding.ts'
import { aboutDuration } from '../../time.ts'
import { type Alert, type AlertChanges, type AlertStep, NOBODY, nextReminder } from '../alert.ts'
import type { Thresholds } from './threshold.ts'

/** More are not remembered. */
const MOST = 100

type FlapThresholds = Pick<Thresholds, 'flapChanges' | 'flapWithin'>

/** The changes (epoch ms) that count at `now`, with one more. */
export function withChange(changes: readonly number[], now: number, { flapWithin }: FlapThresholds): number[] {
  return [...changes.filter(at => at > now - flapWithin && at <= now), now].slice(-MOST)
}

/** Whether that many changes are flapping. */
export function isFlapping(changes: readonly number[], { flapChanges }: FlapThresholds): boolean {
  return flapChanges > 0 && changes.length >= flapChanges
}

/** It is gone, but flaps: it is over only when it stays gone until `calmAt`. `changes` hold this one. */
export function goneForNow(
  alert: Alert,
  changes: number[],
  calmAt: number,
  now: number,
  seen?: Finding['seen'],
): AlertStep {
  const flapping = { flappingSince: alert.flappingSince ?? now, calmAt, changes }
  return { changes: seen ? { ...flapping, seen } : flapping, what: `gone for now; ${changeTally(changes)}` }
}

/** It is on again though it ended (or went for now) too often lately: the same alert once more, which flaps. */
export function backAgain(alert: Alert, finding: Finding, changes: number[], now: number): AlertStep {
  const { title, severity, seen, owner, remindEvery, labels, occurrences } = finding
  const told = { title, severity, seen, owner, remindEvery, labels, seenAt: now, count: alert.count + occurrences }
  const flapping = { ...told, changes, flappingSince: alert.flappingSince ?? now, calmAt: null }
  const what = `on again; ${changeTally(changes)}`
  return { changes: alert.state === 'resolved' ? { ...flapping, ...reopened(remindEvery, now) } : flapping, what }
}

/** `7 changes in 9m`. */
export function changeTally(changes: readonly number[]): string {
  return `${changes.length} changes in ${aboutDuration((changes.at(-1) ?? 0) - (changes[0] ?? 0))}`
}

function reopened(remindEvery: number, now: number): AlertChanges {
  const open = { state: 'firing' as const, resolvedAt: null, resolvedBy: null, note: null }
  return { ...open, ...NOBODY, wakeAt: nextReminder({ remindEvery }, now) }
}
