// When an alert that fires and ends over and over is one alert that flaps. Pure.
import type { Finding } from '../../detectors/finding.ts'
import { aboutDuration } from '../../time.ts'
import { type Alert, type AlertChanges, type AlertStep, NOBODY, nextReminder } from '../alert.ts'
import type { Thresholds } from './settings.ts'

/** More are not remembered. */
const MOST = 100

type FlapThresholds = Pick<Thresholds, 'flapChanges' | 'flapWindow'>

/** The changes (epoch ms) that count at `now`, with one more. */
export function withTransition(changes: readonly number[], now: number, { flapWindow }: FlapThresholds): number[] {
  return [...changes.filter(at => at > now - flapWindow && at <= now), now].slice(-MOST)
}

/** Whether that many changes are flapping. */
export function isFlapping(changes: readonly number[], { flapChanges }: FlapThresholds): boolean {
  return flapChanges > 0 && changes.length >= flapChanges
}

/** It is gone, but flaps: it is over only when it stays gone until `stableSince`. `changes` hold this one. */
export function beginStable(
  alert: Alert,
  changes: number[],
  stableSince: number,
  now: number,
  seen?: Finding['observation'],
): AlertStep {
  const flapping = { flappingSince: alert.flappingSince ?? now, stableSince, transitionTimes: changes }
  return {
    changes: seen ? { ...flapping, observation: seen } : flapping,
    kind: 'cleared',
    what: `gone for now; ${transitionSummary(changes)}`,
  }
}

/** It is on again though it ended (or went for now) too often lately: the same alert once more, which flaps. */
export function endStable(alert: Alert, finding: Finding, changes: number[], now: number): AlertStep {
  const { title, severity, observation, owner, remindEvery, labels, occurrences } = finding
  const told = {
    title,
    severity,
    observation,
    owner,
    remindEvery,
    labels,
    seenAt: now,
    count: alert.count + occurrences,
  }
  const flapping = { ...told, transitionTimes: changes, flappingSince: alert.flappingSince ?? now, stableSince: null }
  const what = `on again; ${transitionSummary(changes)}`
  const columns = alert.state === 'resolved' ? { ...flapping, ...reopened(remindEvery, now) } : flapping
  return { changes: columns, kind: 'fired-again', what }
}

/** `7 changes in 9m`. */
export function transitionSummary(changes: readonly number[]): string {
  return `${changes.length} changes in ${aboutDuration((changes.at(-1) ?? 0) - (changes[0] ?? 0))}`
}

function reopened(remindEvery: number, now: number): AlertChanges {
  const open = { state: 'firing' as const, resolvedAt: null, resolvedBy: null, note: null }
  return { ...open, ...NOBODY, wakeAt: nextReminder({ remindEvery }, now) }
}
