// The state machine of an alert: transitions allowed in each state, their changes, and the passing of time.
import { describe, expect, it } from 'vitest'
import type { Finding } from '../detectors/finding.ts'
import { HOUR, MINUTE } from '../time.ts'
import {
  type Alert,
  type AlertTransition,
  acknowledge,
  addNote,
  escalate,
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
    ...{ flappingSince: null, stableAt: null, threadLine: 0 },
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

const TRANSITIONS: Record<string, (alert: Alert) => AlertTransition> = {
  ack: alert => acknowledge(alert, 'Ann', 'on it', NOW),
  unack: alert => unacknowledge(alert, 'Ann', NOW),
  snooze: alert => snooze(alert, NOW + 2 * HOUR, 'Ann', 'later', NOW),
  resolve: alert => resolve(alert, 'Ann', NOW),
  recover: alert => resolve(alert, null, NOW),
  wake: alert => wake(alert, NOW),
}

describe('a new alert', () => {
  it('is firing and undelivered, and its first reminder is due after the interval', () => {
    expect(openAlert(finding, NOW)).toMatchObject({
      state: 'firing',
      firedAt: NOW,
      undelivered: true,
      wakeAt: NOW + HOUR,
    })
    expect(openAlert(finding, NOW)).not.toHaveProperty('occurrences')
    expect([0, 1, 3].map(occurrences => openAlert({ ...finding, occurrences }, NOW).count)).toEqual([1, 1, 3])
  })

  it('without reminders has no reminder due', () => {
    expect(openAlert({ ...finding, remindEvery: 0 }, NOW)).toMatchObject({ wakeAt: null })
  })
})

describe('a transition', () => {
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
  ])('of an alert that is %s, by %3$s', (_, alert, verb, changes) => {
    expect(TRANSITIONS[verb]!(alert).changes).toMatchObject(changes)
  })

  it.each<[string, Alert, string, string]>([
    ['acknowledged', ACKNOWLEDGED, 'ack', 'Alert 7 is already acknowledged by Bo, 2m ago.'],
    ['firing', FIRING, 'unack', 'Alert 7 is not acknowledged.'],
    ['snoozed', SNOOZED, 'unack', 'Alert 7 is not acknowledged.'],
    ['recovered', RECOVERED, 'ack', 'Alert 7 was resolved 3m ago; there is nothing to acknowledge.'],
    ['recovered', RECOVERED, 'unack', 'Alert 7 was resolved 3m ago; there is nothing to unacknowledge.'],
    ['ended', ENDED, 'snooze', 'Alert 7 was resolved by Bo 3m ago; there is nothing to snooze.'],
    ['ended', ENDED, 'resolve', 'Alert 7 was resolved by Bo 3m ago; there is nothing to resolve.'],
  ])('is refused for an alert that is %s, by %3$s', (_, alert, verb, message) => {
    expect(() => TRANSITIONS[verb]!(alert)).toThrow(expect.objectContaining({ code: 'conflict', message }))
  })

  it('by wake sends no reminder while the alert flaps and is clear for now', () => {
    const gone = { ...FIRING, flappingSince: NOW - HOUR, stableAt: NOW + MINUTE }
    expect(TRANSITIONS.wake!(gone).changes).toEqual({ wakeAt: NOW + HOUR, snoozedUntil: null, snoozedBy: null })
    expect(TRANSITIONS.wake!({ ...gone, stableAt: null }).changes).toMatchObject({ mentionCount: 1 })
  })

  it('by wake mentions nobody while the alert is suppressed, but says which mentions follow', () => {
    const suppressed = { suppression: 'silence' as const, mentionCount: 2 }
    const reminder = wake({ ...FIRING, ...suppressed }, NOW)
    expect(reminder).toMatchObject({ kind: 'reminder-skipped', what: 'reminder skipped: suppressed' })
    expect(reminder.changes).not.toHaveProperty('mentionCount')
    expect(wake({ ...SNOOZED, ...suppressed }, NOW)).toMatchObject({
      changes: { mentionCount: 3, mentionReason: 'snooze ended' },
      what: 'snooze by Bo ended; still firing; people are notified when the suppression ends',
    })
  })

  it('by wake ends an acknowledgement for a while', () => {
    const { changes, ...entry } = wake({ ...ACKNOWLEDGED, mentionCount: 2 }, NOW)
    expect(changes).toMatchObject({
      ...{ state: 'firing', acknowledgedBy: null, wakeAt: NOW + HOUR },
      ...{ mentionCount: 3, mentionReason: 'acknowledgement expired' },
    })
    expect(entry).toMatchObject({ what: 'acknowledgement by Bo expired; still firing', thread: true })
  })

  it.each<[string, Alert, AlertTransition['thread']]>([
    ['ack', FIRING, true],
    ['unack', ACKNOWLEDGED, true],
    ['snooze', FIRING, true],
    ['resolve', FIRING, true],
    ['recover', FIRING, false],
    ['recover', { ...FIRING, threadLine: 1 }, true],
    ['wake', FIRING, undefined],
    ['wake', SNOOZED, undefined],
  ])('by %s appears in the thread', (verb, alert, thread) => {
    expect(TRANSITIONS[verb]!(alert).thread).toBe(thread)
  })

  it('by a note or an escalation appears in the thread', () => {
    expect(addNote('Ann', 'on it')).toMatchObject({ changes: { note: 'on it' }, thread: true })
    expect(escalate({ ...FIRING, mentionCount: 2 }, 'Bo', 'night')).toEqual({
      changes: { mentionCount: 3, mentionReason: 'escalated' },
      ...{ kind: 'escalated', what: 'escalated to Bo (night)', thread: true },
    })
  })

  it('has a timeline line with who did it and the note', () => {
    expect(TRANSITIONS.ack!(FIRING)).toMatchObject({ what: 'acknowledged', by: 'Ann', note: 'on it' })
    expect(acknowledge(FIRING, 'Ann', null, NOW, NOW + HOUR)).toMatchObject({
      ...{ changes: { acknowledgedUntil: NOW + HOUR, wakeAt: NOW + HOUR }, what: 'acknowledged for 1h' },
    })
    expect(TRANSITIONS.wake!(FIRING)).toMatchObject({ kind: 'reminded', what: 'reminder sent' })
    expect(TRANSITIONS.snooze!(FIRING)).toMatchObject({ what: 'snoozed for 2h', by: 'Ann' })
    expect(TRANSITIONS.recover!(FIRING)).toMatchObject({ kind: 'resolved', what: 'resolved automatically', by: null })
    expect(TRANSITIONS.wake!(SNOOZED)).toMatchObject({ kind: 'snooze-ended', what: 'snooze by Bo ended; still firing' })
  })
})

it.each<[Alert['severity'], string | null, boolean]>([
  ['critical', null, true],
  ['critical', 'Ann', false],
  ['warning', null, false],
  ['info', null, false],
])('resolving a %s alert by %s mentions people: %s', (severity, by, mentions) => {
  const { changes } = resolve(anAlert({ severity, mentionCount: 2 }), by, NOW)
  expect([changes.mentionCount, changes.mentionReason]).toEqual(mentions ? [3, 'recovered'] : [undefined, undefined])
})

it('resolving replaces the observation on the card only when there is a new one', () => {
  expect(resolve(FIRING, null, NOW, { lines: ['A beat came.'] }).changes.observation).toEqual({
    lines: ['A beat came.'],
  })
  expect(resolve(FIRING, null, NOW).changes).not.toHaveProperty('observation')
})

describe('a repeat', () => {
  const LATER = NOW + MINUTE

  it('counts one more occurrence, and keeps the start and the acknowledgement', () => {
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
      updatesCards: true,
    })
  })

  it('without occurrences changes nothing when nothing is new, else the card but not the count', () => {
    const ongoing = { ...finding, occurrences: 0 }
    expect(recordRepeat(FIRING, ongoing, NOW)).toBeNull()
    const changed = recordRepeat(FIRING, { ...ongoing, observation: { lines: ['Worse.'] } }, NOW)
    expect(changed!.changes).toMatchObject({ count: 1, observation: { lines: ['Worse.'] } })
  })

  it.each<[string, Partial<Finding>, number, boolean]>([
    ['within ten seconds updates no card', {}, 9_999, false],
    ['after ten seconds updates the cards', {}, 10_000, true],
    ['at once updates no card', {}, 0, false],
    ['before the last update, because the clock went back, updates the cards', {}, -1, true],
    ['within ten seconds, but with another severity, updates the cards', { severity: 'warning' }, 1, true],
    ['within ten seconds, but with another owner, updates the cards', { owner: 'Bo' }, 1, true],
  ])('%s; it always counts', (_, differing, after, updatesCards) => {
    const again = recordRepeat(FIRING, { ...finding, ...differing }, NOW + after)
    expect(again).toMatchObject({ updatesCards, changes: { count: 2 } })
    expect('seenAt' in again!.changes).toBe(updatesCards)
  })

  it.each<[string, Alert['severity'], Alert['severity'], Partial<Alert>, boolean]>([
    ['worse', 'warning', 'critical', {}, true],
    ['worse, when it was mentioned for another reason', 'warning', 'critical', { mentionReason: 'reminder' }, true],
    ['worse a second time', 'warning', 'critical', { mentionReason: 'worse' }, false],
    ['as bad', 'critical', 'critical', {}, false],
    ['better', 'critical', 'warning', {}, false],
    ['worse while acknowledged', 'warning', 'critical', { state: 'acknowledged' }, false],
    ['worse while snoozed', 'warning', 'critical', { snoozedUntil: NOW + HOUR }, false],
    ['worse while flapping', 'warning', 'critical', { flappingSince: NOW }, false],
  ])('that is %s mentions people: %5$s', (_, before, after, changes, mentions) => {
    const alert = anAlert({ severity: before, mentionCount: 2, ...changes })
    const { mentionCount, mentionReason } = recordRepeat(alert, { ...finding, severity: after }, LATER)!.changes
    expect([mentionCount, mentionReason]).toEqual(mentions ? [3, 'worse'] : [undefined, undefined])
  })
})
