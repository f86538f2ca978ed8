// What a channel needs next for an alert: every case by its reason.
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
    ...changes,
  }) as Alert

const has = (changes: Partial<Notification> = {}): Notification =>
  ({
    ...{ alertId: 1, channelId: 'discord', ref: 'm1', shownVersion: 3, mentionedCount: 0, sending: null, nonce: null },
    ...{ sentAt: null, attempts: 0, nextAttemptAt: null, error: null, failedVersion: null },
    ...changes,
  }) as Notification

const resolved = (at: number, more: Partial<Alert> = {}) => alert({ state: 'resolved', resolvedAt: at, ...more })
const called = (mentionReason: Alert['mentionReason'], more: Partial<Alert> = {}) =>
  alert({ mentionCount: 1, mentionReason, ...more })

it.each<[string, Alert, Notification | null, string]>([
  ['a new alert', alert(), null, 'post: new alert'],
  ['an acknowledged one that is new there', alert({ state: 'acknowledged' }), null, 'post: new alert'],
  ['one that was tried', alert(), has({ ref: null, shownVersion: 0 }), 'post: new alert'],
  ['one that ended before it was told', resolved(ADDED + 1), null, 'post: ended before it was told'],
  ['one that ended just as the channel was added', resolved(ADDED), null, 'post: ended before it was told'],
  [
    'one that ended before the channel was added',
    resolved(ADDED - 1),
    null,
    'skip: ended before the channel was added',
  ],
  ['a card that is gone', alert(), has({ ref: null }), 'post: the card was gone'],
  ['a card that is gone, of an old alert', resolved(ADDED - 1), has({ ref: null }), 'post: the card was gone'],
  ['a card of today', alert(), has(), 'skip: shown'],
  ['a card of yesterday', alert(), has({ shownVersion: 2 }), 'edit: newer version'],
  ['a card found again', alert(), has({ shownVersion: 0 }), 'edit: newer version'],
  ['a reminder, before its edit', called('reminder'), has({ shownVersion: 2 }), 'reply: reminder'],
  ['a reminder that was told', called('reminder'), has({ mentionedCount: 1 }), 'skip: shown'],
  ['a reminder after an acknowledgement', called('reminder', { state: 'acknowledged' }), has(), 'skip: shown'],
  [
    'a held back one whose card may have arrived',
    alert({ suppression: 'silence' }),
    has({ ref: null, shownVersion: 0, sending: 'post', nonce: 'n', sentAt: 1 }),
    'post: new alert',
  ],
  ['a held back alert', alert({ suppression: 'silence' }), null, 'skip: held back'],
  ['an edit of a held back one', alert({ suppression: 'silence' }), has({ shownVersion: 2 }), 'edit: newer version'],
  [
    'a reminder of a held back one',
    called('reminder', { suppression: 'silence' }),
    has({ shownVersion: 3 }),
    'skip: shown',
  ],
  ['a reminder after a snooze', called('reminder', { snoozedUntil: NOW + 1 }), has(), 'skip: shown'],
  ['a reminder after the end', called('reminder', { state: 'resolved', resolvedAt: NOW }), has(), 'skip: shown'],
  ['the end of a snooze', called('snooze ended'), has(), 'reply: snooze ended'],
  ['a recovery', called('recovered', { state: 'resolved', resolvedAt: NOW }), has(), 'reply: recovered'],
  [
    'a recovery nobody was told of the alert',
    called('recovered', { state: 'resolved', resolvedAt: NOW }),
    null,
    'post: ended before it was told',
  ],
  ['a call and no card', called('reminder'), has({ ref: null, shownVersion: 0 }), 'post: new alert'],
  ['a wait', alert(), has({ shownVersion: 2, nextAttemptAt: NOW + 1 }), 'skip: waiting to try again'],
  ['the end of a wait', alert(), has({ shownVersion: 2, nextAttemptAt: NOW }), 'edit: newer version'],
  [
    'a wait before the first message',
    alert(),
    has({ ref: null, shownVersion: 0, nextAttemptAt: NOW + 1 }),
    'skip: waiting to try again',
  ],
  ['a refusal', alert(), has({ shownVersion: 2, failedVersion: 3 }), 'skip: refused for good'],
  [
    'a refusal of the first message',
    alert(),
    has({ ref: null, shownVersion: 0, failedVersion: 3 }),
    'skip: refused for good',
  ],
  ['a refusal of an older version', alert(), has({ shownVersion: 2, failedVersion: 2 }), 'edit: newer version'],
  [
    'a refused reply with a card to edit',
    called('reminder'),
    has({ shownVersion: 2, failedVersion: 3, sending: 'reply' }),
    'edit: newer version',
  ],
  [
    'a refused reply with its card edited',
    called('reminder'),
    has({ failedVersion: 3, sending: 'reply' }),
    'skip: refused for good',
  ],
])('after %s: %4$s', (_, one, notification, expected) => {
  const step = nextStep(one, ADDED, notification, NOW)
  expect(`${step.do}: ${step.why}`).toBe(expected)
})
