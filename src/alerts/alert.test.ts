// The rules of an alert: what may be done in which state, what it changes, and what time alone does.
import { describe, expect, it } from 'vitest'
import type { Finding } from '../detectors/finding.ts'
import { HOUR, MINUTE } from '../time.ts'
import {
  type Alert,
  type AlertStep,
  acknowledge,
  openAlert,
  recordRepeat,
  resolve,
  snooze,
  unacknowledge,
  wake,
} from './alert.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

const finding: Finding = {
  key: 'check:1',
  detector: 'missed-beat',
  projectId: 1,
  severity: 'critical',
  title: 'job sent no beat',
  since: NOW - MINUTE,
  owner: null,
  remindEvery: HOUR,
  observation: { lines: ['Expected a beat.'] },
  occurrences: 1,
  labels: {},
}

function anAlert(changes: Partial<Alert> = {}): Alert {
  const untouched = {
    ...{
      id: 7,
      count: 1,
      version: 1,
      mentionCount: 0,
      mentionReason: null,
      acknowledgedAt: null,
      acknowledgedBy: null,
    },
    ...{ suppression: null, note: null, snoozedUntil: null, snoozedBy: null, resolvedAt: null, resolvedBy: null },
    ...{ flappingSince: null, stableSince: null },
  }
  return { ...untouched, ...openAlert(finding, NOW), ...changes } as Alert
}

const FIRING = anAlert()
const ACKNOWLEDGED = anAlert({
  state: 'acknowledged',
  acknowledgedBy: 'Bo',
  acknowledgedAt: NOW - 2 * MINUTE,
  wakeAt: null,
})
const SNOOZED = anAlert({ snoozedUntil: NOW + HOUR, snoozedBy: 'Bo', wakeAt: NOW + HOUR })
const RECOVERED = anAlert({ state: 'resolved', resolvedAt: NOW - 3 * MINUTE, wakeAt: null })
const ENDED = anAlert({ state: 'resolved', resolvedAt: NOW - 3 * MINUTE, resolvedBy: 'Bo', wakeAt: null })

const VERBS: Record<string, (alert: Alert) => AlertStep> = {
  ack: alert => acknowledge(alert, 'Ann', 'on it', NOW),
  unack: alert => unacknowledge(alert, 'Ann', NOW),
  snooze: alert => snooze(alert, NOW + 2 * HOUR, 'Ann', 'later', NOW),
  resolve: alert => resolve(alert, 'Ann', NOW),
  recover: alert => resolve(alert, null, NOW),
  wake: alert => wake(alert, NOW),
}

describe('a new alert', () => {
  it('fires, is undelivered, and reminds after its interval', () => {
    expect(openAlert(finding, NOW)).toMatchObject({
      state: 'firing',
      firedAt: NOW,
      undelivered: true,
      wakeAt: NOW + HOUR,
    })
    expect(openAlert(finding, NOW)).not.toHaveProperty('occurrences')
  })

  it('that never reminds never wakes', () => {
    expect(openAlert({ ...finding, remindEvery: 0 }, NOW)).toMatchObject({ wakeAt: null })
  })
})

describe('what can be done', () => {
  it.each<[string, Alert, string, object]>([
    [
      'firing',
      FIRING,
      'ack',
      { state: 'acknowledged', acknowledgedAt: NOW, acknowledgedBy: 'Ann', note: 'on it', wakeAt: null },
    ],
    ['snoozed', SNOOZED, 'ack', { state: 'acknowledged', snoozedUntil: null, snoozedBy: null, wakeAt: null }],
    ['acknowledged', ACKNOWLEDGED, 'unack', { state: 'firing', acknowledgedBy: null, note: null, wakeAt: NOW + HOUR }],
    [
      'firing',
      FIRING,
      'snooze',
      { state: 'firing', snoozedUntil: NOW + 2 * HOUR, snoozedBy: 'Ann', wakeAt: NOW + 2 * HOUR },
    ],
    [
      'acknowledged',
      ACKNOWLEDGED,
      'snooze',
      { state: 'firing', acknowledgedBy: null, snoozedBy: 'Ann', note: 'later' },
    ],
    ['snoozed', SNOOZED, 'snooze', { snoozedUntil: NOW + 2 * HOUR, wakeAt: NOW + 2 * HOUR }],
    ['firing', FIRING, 'resolve', { state: 'resolved', resolvedAt: NOW, resolvedBy: 'Ann', wakeAt: null }],
    ['acknowledged', ACKNOWLEDGED, 'resolve', { state: 'resolved', resolvedBy: 'Ann' }],
    [
      'snoozed',
      SNOOZED,
      'recover',
      { state: 'resolved', resolvedBy: null, snoozedUntil: null, mentionReason: 'recovered' },
    ],
    ['firing', FIRING, 'wake', { mentionCount: 1, mentionReason: 'reminder', wakeAt: NOW + HOUR }],
    [
      'snoozed',
      SNOOZED,
      'wake',
      { mentionCount: 1, mentionReason: 'snooze ended', snoozedUntil: null, wakeAt: NOW + HOUR },
    ],
  ])('to one that is %s: %3$s', (_, alert, verb, changes) => {
    expect(VERBS[verb]!(alert).changes).toMatchObject(changes)
  })

  it.each<[string, Alert, string, string]>([
    ['acknowledged', ACKNOWLEDGED, 'ack', 'Alert 7 is already acknowledged by Bo, 2m ago.'],
    ['firing', FIRING, 'unack', 'Alert 7 is not acknowledged by anybody.'],
    ['snoozed', SNOOZED, 'unack', 'Alert 7 is not acknowledged by anybody.'],
    ['recovered', RECOVERED, 'ack', 'Alert 7 was resolved 3m ago; there is nothing to acknowledge.'],
    ['recovered', RECOVERED, 'unack', 'Alert 7 was resolved 3m ago; there is nothing to un-acknowledge.'],
    ['ended', ENDED, 'snooze', 'Alert 7 was resolved by Bo 3m ago; there is nothing to snooze.'],
    ['ended', ENDED, 'resolve', 'Alert 7 was resolved by Bo 3m ago; there is nothing to resolve.'],
  ])('not to one that is %s: %3$s', (_, alert, verb, message) => {
    expect(() => VERBS[verb]!(alert)).toThrow(expect.objectContaining({ code: 'conflict', message }))
  })

  it('reminds nobody while it flaps and is gone for now', () => {
    const gone = { ...FIRING, flappingSince: NOW - HOUR, stableSince: NOW + MINUTE }
    expect(VERBS.wake!(gone).changes).toEqual({ wakeAt: NOW + HOUR, snoozedUntil: null, snoozedBy: null })
    expect(VERBS.wake!({ ...gone, stableSince: null }).changes).toMatchObject({ mentionCount: 1 })
  })

  it('is told in the timeline with who did it and why', () => {
    expect(VERBS.ack!(FIRING)).toMatchObject({ what: 'acknowledged', by: 'Ann', note: 'on it' })
    expect(VERBS.snooze!(FIRING)).toMatchObject({ what: 'snoozed for 2h', by: 'Ann' })
    expect(VERBS.recover!(FIRING)).toMatchObject({ what: 'recovered', by: null })
    expect(VERBS.wake!(SNOOZED)).toMatchObject({ what: 'the snooze by Bo ended and it still goes on' })
  })
})

it.each<[Alert['severity'], string | null, boolean]>([
  ['critical', null, true],
  ['critical', 'Ann', false],
  ['warning', null, false],
  ['info', null, false],
])('the end of a %s by %s is told aloud: %s', (severity, by, aloud) => {
  const { changes } = resolve(anAlert({ severity, mentionCount: 2 }), by, NOW)
  expect([changes.mentionCount, changes.mentionReason]).toEqual(aloud ? [3, 'recovered'] : [undefined, undefined])
})

it('the end of an alert replaces what its card said only when there is something to say', () => {
  expect(resolve(FIRING, null, NOW, { lines: ['A beat came.'] }).changes.observation).toEqual({
    lines: ['A beat came.'],
  })
  expect(resolve(FIRING, null, NOW).changes).not.toHaveProperty('observation')
})

describe('the same finding again', () => {
  const LATER = NOW + MINUTE

  it('is one more occurrence when it occurs, and keeps since when and who is on it', () => {
    const again = recordRepeat(ACKNOWLEDGED, { ...finding, title: 'job failed', since: LATER }, LATER)
    expect(again).toEqual({
      changes: {
        ...{
          title: 'job failed',
          severity: 'critical',
          observation: finding.observation,
          owner: null,
          remindEvery: HOUR,
        },
        ...{ count: 2, labels: {}, seenAt: LATER },
      },
      title: 'job failed',
      tell: true,
    })
  })

  it('is nothing when it still goes on unchanged, and an update without a count when it says something new', () => {
    const lasting = { ...finding, occurrences: 0 }
    expect(recordRepeat(FIRING, lasting, NOW)).toBeNull()
    const changed = recordRepeat(FIRING, { ...lasting, observation: { lines: ['Worse.'] } }, NOW)
    expect(changed!.changes).toMatchObject({ count: 1, observation: { lines: ['Worse.'] } })
  })

  it.each<[string, Partial<Finding>, number, boolean]>([
    ['within ten seconds waits', {}, 9_999, false],
    ['after ten seconds is told', {}, 10_000, true],
    ['before the last one, for the clock went back, is told', {}, -1, true],
    ['within ten seconds, but worse, is told', { severity: 'warning' }, 1, true],
    ['within ten seconds, but for somebody else, is told', { owner: 'Bo' }, 1, true],
  ])('%s; it is counted in any case', (_, differing, after, tell) => {
    const again = recordRepeat(FIRING, { ...finding, ...differing }, NOW + after)
    expect(again).toMatchObject({ tell, changes: { count: 2 } })
    expect('seenAt' in again!.changes).toBe(tell)
  })
})
