// The next step of a channel for an alert: every case with its reason.
import { expect, it } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import { type Notification, nextStep } from './next-step.ts'

const NOW = 1_000_000
const ADDED = 500_000

const alert = (changes: Partial<Alert> = {}): Alert =>
  ({
    id: 1,
    state: 'firing',
    version: 3,
    mentionCount: 0,
    mentionReason: null,
    snoozedUntil: null,
    suppression: null,
    resolvedAt: null,
    threadLine: 0,
    ...changes,
  }) as Alert

const has = (changes: Partial<Notification> = {}): Notification =>
  ({
    ...{ alertId: 1, channelId: 'discord', ref: 'm1', shownVersion: 3, mentionedCount: 0, sending: null, nonce: null },
    ...{ sentAt: null, attempts: 0, nextAttemptAt: null, error: null, failedVersion: null, threaded: 0 },
    ...changes,
  }) as Notification

const resolved = (at: number, more: Partial<Alert> = {}) => alert({ state: 'resolved', resolvedAt: at, ...more })
const mentions = (mentionReason: Alert['mentionReason'], more: Partial<Alert> = {}) =>
  alert({ mentionCount: 1, mentionReason, ...more })

it.each<[string, Alert, Notification | null, string]>([
  ['a new alert', alert(), null, 'post: new alert'],
  ['an acknowledged alert that is new there', alert({ state: 'acknowledged' }), null, 'post: new alert'],
  ['an alert whose first attempt failed', alert(), has({ ref: null, shownVersion: 0 }), 'post: new alert'],
  ['an alert resolved before it was sent', resolved(ADDED + 1), null, 'post: resolved before it was sent'],
  ['an alert resolved just when the channel was added', resolved(ADDED), null, 'post: resolved before it was sent'],
  [
    'an alert resolved before the channel was added',
    resolved(ADDED - 1),
    null,
    'skip: resolved before the channel was added',
  ],
  ['a deleted card', alert(), has({ ref: null }), 'post: card deleted'],
  ['a deleted card of an old alert', resolved(ADDED - 1), has({ ref: null }), 'post: card deleted'],
  ['a card of the newest version', alert(), has(), 'skip: shown'],
  ['a card of an older version', alert(), has({ shownVersion: 2 }), 'edit: newer version'],
  ['a card that a search found', alert(), has({ shownVersion: 0 }), 'edit: newer version'],
  ['a line of the timeline', alert({ threadLine: 2 }), has({ threaded: 1 }), 'thread: timeline'],
  ['a line that is in the thread', alert({ threadLine: 2 }), has({ threaded: 2 }), 'skip: shown'],
  ['a recovery of an alert that fires again', mentions('recovered'), has(), 'skip: shown'],
  ['a reminder, before its edit', mentions('reminder'), has({ shownVersion: 2 }), 'reply: reminder'],
  ['a reminder that was sent', mentions('reminder'), has({ mentionedCount: 1 }), 'skip: shown'],
  ['a reminder after an acknowledgement', mentions('reminder', { state: 'acknowledged' }), has(), 'skip: shown'],
  [
    'a suppressed alert whose card may have arrived',
    alert({ suppression: 'silence' }),
    has({ ref: null, shownVersion: 0, sending: 'post', nonce: 'n', sentAt: 1 }),
    'post: new alert',
  ],
  ['a suppressed alert', alert({ suppression: 'silence' }), null, 'skip: suppressed'],
  [
    'a new version of a suppressed alert',
    alert({ suppression: 'silence' }),
    has({ shownVersion: 2 }),
    'edit: newer version',
  ],
  [
    'a reminder of a suppressed alert',
    mentions('reminder', { suppression: 'silence' }),
    has({ shownVersion: 3 }),
    'skip: shown',
  ],
  ['a reminder after a snooze', mentions('reminder', { snoozedUntil: NOW + 1 }), has(), 'skip: shown'],
  ['a reminder after the recovery', mentions('reminder', { state: 'resolved', resolvedAt: NOW }), has(), 'skip: shown'],
  ['the end of a snooze', mentions('snooze ended'), has(), 'reply: snooze ended'],
  ['a recovery', mentions('recovered', { state: 'resolved', resolvedAt: NOW }), has(), 'reply: recovered'],
  [
    'a recovery of an alert that was never sent',
    mentions('recovered', { state: 'resolved', resolvedAt: NOW }),
    null,
    'post: resolved before it was sent',
  ],
  ['a reminder without a card', mentions('reminder'), has({ ref: null, shownVersion: 0 }), 'post: new alert'],
  ['a wait before a retry', alert(), has({ shownVersion: 2, nextAttemptAt: NOW + 1 }), 'skip: waiting to retry'],
  ['the end of a wait', alert(), has({ shownVersion: 2, nextAttemptAt: NOW }), 'edit: newer version'],
  [
    'a wait before the first message',
    alert(),
    has({ ref: null, shownVersion: 0, nextAttemptAt: NOW + 1 }),
    'skip: waiting to retry',
  ],
  ['a refusal', alert(), has({ shownVersion: 2, failedVersion: 3 }), 'skip: refused'],
  ['a refusal of the first message', alert(), has({ ref: null, shownVersion: 0, failedVersion: 3 }), 'skip: refused'],
  ['a refusal of an older version', alert(), has({ shownVersion: 2, failedVersion: 2 }), 'edit: newer version'],
  [
    'a refused reply with a card to edit',
    mentions('reminder'),
    has({ shownVersion: 2, failedVersion: 3, sending: 'reply' }),
    'edit: newer version',
  ],
  [
    'a refused reply with its card edited',
    mentions('reminder'),
    has({ failedVersion: 3, sending: 'reply' }),
    'skip: refused',
  ],
])('after %s: %4$s', (_, anAlert, notification, expected) => {
  const step = nextStep(anAlert, ADDED, notification, NOW)
  expect(`${step.do}: ${step.why}`).toBe(expected)
})
