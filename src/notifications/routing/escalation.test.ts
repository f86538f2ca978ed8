// The timer of an escalation: when it runs, stands still, repeats and ends.
import { expect, it } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import {
  type AlertEscalation,
  adjustTimer,
  type Escalation,
  isTimerRunning,
  restartTimer,
  STOPPED,
  startTimer,
  updateTimer,
} from './escalation.ts'

const NOW = 1_000_000
const escalation = (afterMs: number, repeat: number) => ({ afterMs, repeat }) as Escalation
const alert = (more: Partial<Alert> = {}) =>
  ({ state: 'firing', snoozedUntil: null, suppression: null, flappingSince: null, stableAt: null, ...more }) as Alert
const acknowledged = alert({ state: 'acknowledged' })

it.each([
  ['fires', alert(), true],
  ['is acknowledged', acknowledged, false],
  ['is resolved', alert({ state: 'resolved' }), false],
  ['is snoozed', alert({ snoozedUntil: NOW }), false],
  ['is suppressed', alert({ suppression: 'silence' }), false],
  ['is flapping', alert({ flappingSince: NOW }), true],
  ['is flapping, and clear for now', alert({ flappingSince: NOW, stableAt: NOW }), false],
  ['is a storm that rages', alert({ stableAt: NOW }), true],
])('the timer of an alert that %s', (_what, alert, isRunning) => {
  expect(isTimerRunning(alert)).toBe(isRunning)
  expect(startTimer(alert, escalation(10, 0), NOW)).toEqual({ remainingMs: 10, dueAt: isRunning ? NOW + 10 : null })
})

it.each([
  ['stops with what is left', acknowledged, { remainingMs: 10, dueAt: NOW + 4 }, { remainingMs: 4, dueAt: null }],
  ['has nothing left when it is overdue', acknowledged, { remainingMs: 10, dueAt: NOW - 4 }, STOPPED],
  ['goes on where it stopped', alert(), { remainingMs: 4, dueAt: null }, { remainingMs: 4, dueAt: NOW + 4 }],
  ['runs on', alert(), { remainingMs: 10, dueAt: NOW + 4 }, null],
  ['stays stopped', acknowledged, { remainingMs: 4, dueAt: null }, null],
])('a timer %s', (_what, alert, timer, expected) => {
  expect(updateTimer(alert, timer, NOW)).toEqual(expected)
})

it.each([
  [0, 1, STOPPED],
  [2, 1, { remainingMs: 10, dueAt: NOW + 10 }],
  [2, 2, { remainingMs: 10, dueAt: NOW + 10 }],
  [2, 3, STOPPED],
])('with %i repetitions, after escalation %i', (repeat, count, expected) => {
  expect(restartTimer(escalation(10, repeat), count, NOW)).toEqual(expected)
})

const timer = (count: number, remainingMs: number, dueAt: number | null) =>
  ({ count, remainingMs, dueAt }) as AlertEscalation

it.each([
  [
    'a longer wait counts from the start',
    timer(0, 10, NOW + 4),
    escalation(15, 1),
    { remainingMs: 15, dueAt: NOW + 9 },
  ],
  ['a shorter one is due at once', timer(0, 10, NOW + 4), escalation(3, 1), { remainingMs: 3, dueAt: NOW }],
  ['a stopped one stays stopped', timer(1, 4, null), escalation(12, 1), { remainingMs: 6, dueAt: null }],
  ['less than nothing cannot be left', timer(1, 4, null), escalation(2, 1), { remainingMs: 0, dueAt: null }],
  [
    'as many as have gone out may be repeated',
    timer(1, 10, NOW + 4),
    escalation(10, 1),
    { remainingMs: 10, dueAt: NOW + 4 },
  ],
  ['more went out than it now repeats', timer(2, 10, NOW + 4), escalation(10, 1), STOPPED],
  ['an ended one that now repeats more often', timer(2, 0, null), escalation(12, 2), { remainingMs: 12, dueAt: null }],
])('after an edit: %s', (_what, known, edited, expected) => {
  expect(adjustTimer(known, escalation(10, 1), edited, NOW)).toEqual(expected)
})
