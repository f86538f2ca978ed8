// The table of what each channel shows of each alert: what is in the outbox and in which order, and what each change writes.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import { readAlert } from '../../alerts/alerts.ts'
import type { Channel } from '../../chat/channel.ts'
import { memoryState, type State } from '../../state/database.ts'
import { notifications } from '../../state/schema/index.ts'
import { storeAlert } from '../../testing/alerts.ts'
import { DAY } from '../../time.ts'
import { addChannel } from '../routing/channels.ts'
import { addRecipient } from '../routing/recipients.ts'
import type { Notification } from './next-step.ts'
import {
  clearIfDelivered,
  countPending,
  forgetNonce,
  isMoreUrgent,
  listDeliveries,
  listRefused,
  listRepeated,
  markFailed,
  markSending,
  markShown,
  markThreaded,
  NOT_SENDING,
  nextAttempt,
  type OutboxKind,
  readOutbox,
  readRef,
  refreshCards,
  retryNow,
  retryRefused,
} from './outbox.ts'
import { createPressLink, prunePressLinks, readPressLink, usePressLink } from './press-links.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
  addChannel(state, { id: 'a', name: 'Alpha' }, NOW)
  addChannel(state, { id: 'b', name: 'Beta' }, NOW)
})

type Shows = Partial<Notification>
/** Stores an undelivered alert of version 3 with its recipient `a`, which shows of it what `shows` says. */
function store(more: Partial<Alert> = {}, shows: Shows | null = null, channelId = 'a'): number {
  const { id } = storeAlert(state, { version: 3, undelivered: true, routedVersion: 3, ...more })
  addRecipient(state, id, { channelId, mention: ['@ops'], why: 'every channel', isEscalation: false }, NOW)
  if (shows)
    state.db
      .insert(notifications)
      .values({ alertId: id, channelId, ...shows })
      .run()
  return id
}
const read = (alertId = 1, channelId = 'a') =>
  state.db
    .select()
    .from(notifications)
    .all()
    .find(row => row.alertId === alertId && row.channelId === channelId)
const CARD: Shows = { ref: 'm1', shownVersion: 3 }
const ids = (kind: OutboxKind, limit = 10, alertId?: number) =>
  readOutbox(state, 'a', kind, NOW, limit, alertId).items.map(({ alert }) => alert.id)
const reminded: Partial<Alert> = { mentionCount: 1, mentionReason: 'reminder' }
const recovered: Partial<Alert> = { mentionCount: 1, mentionReason: 'recovered' }
const resolved: Partial<Alert> = { state: 'resolved', resolvedAt: NOW }

describe('the outbox', () => {
  const NOTHING: OutboxKind[] = []
  it.each<[string, Partial<Alert>, Shows | null, OutboxKind[]]>([
    ['a new alert', {}, null, ['post']],
    ['an alert that nothing lacks', { undelivered: false }, null, NOTHING],
    ['a suppressed alert', { suppression: 'silence' }, null, NOTHING],
    ['a suppressed alert whose card may have arrived', { suppression: 'silence' }, { sending: 'post' }, ['post']],
    ['a suppressed alert with a reply in flight', { suppression: 'silence' }, { sending: 'reply' }, NOTHING],
    ['an alert that resolved after the channel was added', resolved, null, ['post']],
    ['an alert that resolved before the channel was added', { ...resolved, resolvedAt: NOW - 1 }, null, NOTHING],
    ['a deleted card of such an alert', { ...resolved, resolvedAt: NOW - 1 }, { shownVersion: 1 }, ['post']],
    ['a card of the newest version', {}, CARD, NOTHING],
    ['a card of an older version', {}, { ref: 'm1', shownVersion: 2 }, ['edit']],
    ['a suppressed alert with an older card', { suppression: 'silence' }, { ref: 'm1', shownVersion: 2 }, ['edit']],
    ['a line for the thread', { threadLine: 2 }, { ...CARD, threaded: 1 }, ['thread']],
    ['a line that the thread has', { threadLine: 2 }, { ...CARD, threaded: 2 }, NOTHING],
    ['a line without a card', { threadLine: 2 }, null, ['post']],
    ['a line for the thread of an older card', { threadLine: 2 }, { ref: 'm1', shownVersion: 2 }, ['edit']],
    ['a reminder', reminded, CARD, ['post']],
    ['a reminder that was sent', reminded, { ...CARD, mentionedCount: 1 }, NOTHING],
    ['a reminder of an acknowledged alert', { ...reminded, state: 'acknowledged' }, CARD, NOTHING],
    ['a reminder of a snoozed alert', { ...reminded, snoozedUntil: NOW + 1 }, CARD, NOTHING],
    ['a reminder of a suppressed alert', { ...reminded, suppression: 'silence' }, CARD, NOTHING],
    ['a reminder with an older card', reminded, { ref: 'm1', shownVersion: 2 }, ['post', 'edit']],
    ['a recovery', { ...resolved, ...recovered }, CARD, ['post']],
    ['a recovery of an alert that fires again', recovered, CARD, NOTHING],
    ['a wait that ends', {}, { nextAttemptAt: NOW }, ['post']],
    ['a wait', {}, { nextAttemptAt: NOW + 1 }, NOTHING],
    ['a wait with an older card', {}, { ref: 'm1', shownVersion: 2, nextAttemptAt: NOW + 1 }, NOTHING],
    ['a refusal', {}, { failedVersion: 3 }, NOTHING],
    ['a refusal of an older version', {}, { failedVersion: 2 }, ['post']],
    ['a refused edit', {}, { ref: 'm1', shownVersion: 2, failedVersion: 3 }, NOTHING],
    [
      'a refused reply with an older card',
      reminded,
      { ref: 'm1', shownVersion: 2, failedVersion: 3, sending: 'reply' },
      ['edit'],
    ],
    ['a refused line of the thread', { threadLine: 2 }, { ...CARD, failedVersion: 3 }, NOTHING],
    [
      'a refused reply with a line for the thread',
      { threadLine: 2 },
      { ...CARD, failedVersion: 3, sending: 'reply' },
      NOTHING,
    ],
  ])('with %s has what its channel lacks', (_, alert, shows, expected) => {
    store(alert, shows)
    store({}, CARD)
    const kinds = (['post', 'edit', 'thread'] as const).filter(kind => ids(kind).length > 0)
    expect(kinds).toEqual(expected)
    expect((['post', 'edit', 'thread'] as const).flatMap(kind => ids(kind, 10, 2))).toEqual([])
    expect((['post', 'edit', 'thread'] as const).filter(kind => ids(kind, 10, 1).length > 0)).toEqual(expected)
    expect(readOutbox(state, 'b', 'post', NOW, 10).items).toEqual([])
  })

  it('has the more severe alerts first, then the older, up to a limit', () => {
    for (const severity of ['info', 'critical', 'warning', 'critical'] as const) store({ severity })
    expect(ids('post')).toEqual([2, 4, 3, 1])
    expect(ids('post', 3)).toEqual([2, 4, 3])
    expect([1, 3, 4, 5].map(limit => readOutbox(state, 'a', 'post', NOW, limit).isComplete)).toEqual([
      false,
      false,
      false,
      true,
    ])
    expect(readOutbox(state, 'a', 'post', NOW, 1, 3)).toMatchObject({ isComplete: false, items: [{ step: {} }] })
    const all = [1, 2, 3, 4].map(id => readAlert(state, id)!)
    expect(all.toSorted((a, b) => (isMoreUrgent(a, b) ? -1 : 1)).map(({ id }) => id)).toEqual([2, 4, 3, 1])
    expect(isMoreUrgent(all[1]!, all[1]!)).toBe(false)
  })

  it('says what to do, whom to mention, and what the channel has', () => {
    store(reminded, { ref: 'm1', shownVersion: 2 })
    const [post] = readOutbox(state, 'a', 'post', NOW, 10).items
    const [edit] = readOutbox(state, 'a', 'edit', NOW, 10).items
    expect(post).toMatchObject({
      step: { do: 'reply', why: 'reminder' },
      mention: ['@ops'],
      notification: { ref: 'm1' },
    })
    expect(edit!.step).toEqual({ do: 'edit', why: 'newer version' })
    store()
    expect(readOutbox(state, 'a', 'post', NOW, 10).items[1]).toMatchObject({ notification: null })
  })
})

describe('the next attempt', () => {
  it('is the nearest later one of the channel of an undelivered alert', () => {
    expect(nextAttempt(state, 'a', NOW)).toBeNull()
    for (const at of [NOW, NOW + 5, NOW + 2]) store({}, { nextAttemptAt: at })
    store({ undelivered: false }, { nextAttemptAt: NOW + 1 })
    store({}, { nextAttemptAt: NOW + 1 }, 'b')
    expect(nextAttempt(state, 'a', NOW)).toBe(NOW + 2)
    expect(nextAttempt(state, 'a', NOW - 1)).toBe(NOW)
    expect(nextAttempt(state, 'a', NOW + 5)).toBeNull()
  })
})

describe('a send', () => {
  it('is recorded before, with the mentions that it completes', () => {
    const id = store({ mentionCount: 3 })
    markSending(state, readAlert(state, id)!, 'a', { kind: 'post', nonce: 'n1', sentAt: NOW })
    expect(read()).toMatchObject({ sending: 'post', nonce: 'n1', sentAt: NOW, mentionedCount: 3, ref: null })
    markSending(state, readAlert(state, id)!, 'a', { kind: 'reply', nonce: 'n2', sentAt: NOW + 1 })
    expect(read()).toMatchObject({ sending: 'reply', nonce: 'n2', sentAt: NOW + 1, mentionedCount: 2 })
  })

  const failed: Shows = { attempts: 2, nextAttemptAt: NOW, error: 'x', failedVersion: 3, threaded: 1, ref: 'm0' }
  const sending: Shows = { sending: 'post', nonce: 'n', sentAt: NOW }

  it('that succeeds shows the version and ends the wait', () => {
    const id = store({}, { ...failed, ...sending })
    markShown(state, id, 'a', { version: 2, mentionCount: 1, endsSending: false })
    expect(read()).toMatchObject({
      ...sending,
      ...{ ref: 'm0', threaded: 1, shownVersion: 2, mentionedCount: 1 },
      ...{ attempts: 0, nextAttemptAt: null, error: null, failedVersion: null },
    })
    markShown(state, id, 'a', { version: 3, mentionCount: 2, endsSending: true, ref: 'm1', threaded: 4 })
    expect(read()).toMatchObject({ ...NOT_SENDING, ref: 'm1', threaded: 4, shownVersion: 3, mentionedCount: 2 })
    expect([readRef(state, id, 'a'), readRef(state, id, 'b'), readRef(state, 9, 'a')]).toEqual(['m1', null, null])
  })

  it('that succeeds keeps the refusal of the reply', () => {
    const id = store({}, failed)
    markShown(state, id, 'a', { version: 3, mentionCount: 0, endsSending: false, isStillRefused: true })
    expect(read()).toMatchObject({ error: 'x', failedVersion: 3, attempts: 0, nextAttemptAt: null })
  })

  it('that was repeated keeps its nonce until its double is found', () => {
    const id = store({}, sending)
    const other = store({}, { sending: 'post', nonce: 'n', sentAt: NOW })
    store({}, { nonce: 'n', sentAt: NOW }, 'b')
    expect(listRepeated(state, 'a')).toEqual([])
    markShown(state, id, 'a', { version: 3, mentionCount: 0, endsSending: true, repeatedNonce: 'n', ref: 'm1' })
    expect(listRepeated(state, 'a')).toEqual([{ alertId: id, nonce: 'n', sentAt: NOW, kind: 'post' }])
    forgetNonce(state, id, 'a', 'other')
    forgetNonce(state, id, 'b', 'n')
    forgetNonce(state, other, 'a', 'n')
    expect(read()).toMatchObject({ nonce: 'n', sentAt: NOW })
    expect(read(other)).toMatchObject({ nonce: 'n', sentAt: NOW })
    expect(read(3, 'b')).toMatchObject({ nonce: 'n' })
    forgetNonce(state, id, 'a', 'n')
    expect(read()).toMatchObject({ nonce: null, sentAt: null })
    expect(listRepeated(state, 'a')).toEqual([])
  })

  it('that fails, and a line in the thread, write only what they say', () => {
    const id = store({}, CARD)
    markFailed(state, id, 'a', { attempts: 1, nextAttemptAt: NOW, error: 'x' })
    expect(read()).toMatchObject({ ...CARD, attempts: 1, nextAttemptAt: NOW, error: 'x' })
    markThreaded(state, id, 'a', 7)
    expect(read()).toMatchObject({ ...CARD, threaded: 7, attempts: 0, nextAttemptAt: null, error: null })
  })
})

describe('an alert leaves the outbox', () => {
  const isOpen = (id: number) => {
    clearIfDelivered(state, id, NOW)
    return readAlert(state, id)!.undelivered
  }
  it.each<[string, Partial<Alert>, Shows | null, boolean]>([
    ['when it is shown', {}, CARD, false],
    ['when it is refused', {}, { failedVersion: 3 }, false],
    ['when it is suppressed', { suppression: 'silence' }, null, false],
    ['not before it is posted', {}, null, true],
    ['not while its card is old', {}, { ref: 'm1', shownVersion: 2 }, true],
    ['not while it waits for a retry', {}, { nextAttemptAt: NOW + 1 }, true],
    ['not before its recipients are resolved', { routedVersion: 2 }, CARD, true],
  ])('%s', (_, alert, shows, expected) => {
    expect(isOpen(store(alert, shows))).toBe(expected)
  })

  it('not before every channel shows it, those that were removed left out', () => {
    const id = store({}, CARD)
    store({}, CARD)
    addRecipient(state, id, { channelId: 'b', mention: [], why: 'x', isEscalation: false }, NOW)
    expect(isOpen(id)).toBe(true)
    state.prepare('update channels set removed_at = 1 where id = ?').run('b')
    expect(isOpen(id)).toBe(false)
    expect(readAlert(state, 2)!.undelivered).toBe(true)
  })
})

describe('the list of deliveries', () => {
  it('has the newest alerts first, with their steps', () => {
    store({}, CARD)
    store({ undelivered: false }, { ...CARD, failedVersion: 3 })
    store({ undelivered: false }, CARD)
    store({}, null)
    const list = (...more: [number, number?, boolean?]) =>
      listDeliveries(state, more[0], NOW, more[1], more[2]).map(({ alert, step }) => `${alert.id} ${step.why}`)
    expect(list(10)).toEqual(['4 new alert', '3 shown', '2 refused', '1 shown'])
    expect(list(2)).toEqual(['4 new alert', '3 shown'])
    expect(list(10, 3)).toEqual(['3 shown'])
    expect(list(10, undefined, true)).toEqual(['4 new alert', '2 refused', '1 shown'])
    expect(list(10, 3, true)).toEqual([])
    expect(listDeliveries(state, 1, NOW)[0]).toMatchObject({ channel: 'Alpha', channelId: 'a', notification: null })
  })
})

describe('the number of pending alerts', () => {
  it('counts for each channel those whose newest version it lacks', () => {
    store()
    store({}, { ref: 'm1', shownVersion: 2 })
    store({}, CARD)
    store({}, { failedVersion: 3 })
    store({}, { failedVersion: 2 })
    store({ suppression: 'silence' })
    store({ undelivered: false })
    store({}, null, 'b')
    expect(countPending(state)).toEqual([
      { channelId: 'a', count: 3 },
      { channelId: 'b', count: 1 },
    ])
  })
})

describe('a retry', () => {
  beforeEach(() => {
    store({ undelivered: false }, { failedVersion: 3, nextAttemptAt: NOW + 1, attempts: 2 })
    store({ undelivered: false }, { nextAttemptAt: NOW + 1 })
    store({ undelivered: false }, { failedVersion: 3 })
    store({ undelivered: false }, { failedVersion: 3, nextAttemptAt: NOW + 1 }, 'b')
    store({ undelivered: false }, CARD)
  })
  const waits = () =>
    [1, 2, 3, 4, 5].map(id => {
      const row = read(id) ?? read(id, 'b')!
      return [row.failedVersion, row.nextAttemptAt, readAlert(state, id)!.undelivered]
    })

  it('of a channel makes everything due that it refused or that waits', () => {
    retryNow(state, 'a')
    expect(waits()).toEqual([
      [null, null, true],
      [null, null, false],
      [null, null, true],
      [3, NOW + 1, false],
      [null, null, false],
    ])
    expect(read()).toMatchObject({ attempts: 2 })
  })

  it('of alerts makes only those due that the channel refused', () => {
    retryRefused(state, 'a', [1, 2, 4])
    expect(waits()).toEqual([
      [null, null, true],
      [null, NOW + 1, false],
      [3, null, false],
      [3, NOW + 1, false],
      [null, null, false],
    ])
  })
})

describe('the refused alerts of a channel', () => {
  it('are those with the fewest attempts first, then the more severe', () => {
    store({ severity: 'warning' }, { failedVersion: 3, attempts: 1 })
    store({}, { failedVersion: 3, attempts: 2, ref: 'm1' })
    store({}, { failedVersion: 3, attempts: 1, ref: 'm1', sending: 'reply' })
    store({}, { failedVersion: 2 })
    store({}, { failedVersion: 3 }, 'b')
    store({}, { failedVersion: 3, attempts: 1 })
    expect(listRefused(state, 'a')).toEqual([
      { id: 3, isEdit: false },
      { id: 6, isEdit: false },
      { id: 1, isEdit: false },
      { id: 2, isEdit: true },
    ])
  })
})

describe('after a restore', () => {
  it('the cards of open and recent alerts are edited once, where a channel edits', () => {
    const quiet: Partial<Alert> = { undelivered: false }
    store(quiet, CARD)
    store({ ...quiet, state: 'resolved', resolvedAt: NOW - DAY + 1 }, CARD)
    store({ ...quiet, state: 'resolved', resolvedAt: NOW - DAY }, CARD)
    store({ ...quiet, state: 'acknowledged' }, { ref: 'm1', shownVersion: 1 })
    store(quiet, CARD, 'b')
    store(quiet, { shownVersion: 3 })
    const channel = (id: string, edits: boolean) => ({ id, capabilities: { edits } }) as Channel
    let told = 0
    state.onCommit(changed => {
      if (changed.has('alerts')) told++
    })
    refreshCards(state, [channel('a', true), channel('b', false)], NOW)
    const rows = [1, 2, 3, 4, 5, 6].map(id => [
      (read(id) ?? read(id, 'b')!).shownVersion,
      readAlert(state, id)!.undelivered,
    ])
    expect(rows).toEqual([
      [2, true],
      [2, true],
      [3, false],
      [1, true],
      [3, false],
      [3, false],
    ])
    expect(told).toBeGreaterThan(0)
    expect(ids('edit')).toEqual([1, 2, 4])
  })
})

describe('a link that acknowledges', () => {
  it('works once, within a week', () => {
    const token = createPressLink(state, 'ack 1', 'a', NOW)
    const other = createPressLink(state, 'ack 2', 'b', NOW)
    const link = readPressLink(state, token, NOW + 7 * DAY - 1)!
    expect(link).toMatchObject({ line: 'ack 1', channelId: 'a', usedAt: null })
    expect(readPressLink(state, token, NOW + 7 * DAY)).toBeUndefined()
    expect(readPressLink(state, 'unknown', NOW)).toBeUndefined()
    expect([usePressLink(state, link, NOW + 1), usePressLink(state, link, NOW + 2)]).toEqual([true, false])
    expect(readPressLink(state, token, NOW)!.usedAt).toBe(NOW + 1)
    expect(readPressLink(state, other, NOW)!.usedAt).toBeNull()
  })

  it('is not stored itself, and deleted when it has expired', () => {
    const token = createPressLink(state, 'ack 1', 'a', NOW)
    const later = createPressLink(state, 'ack 1', 'a', NOW + 1)
    expect(token.length).toBe(32)
    expect(JSON.stringify(state.prepare('select * from press_links').all())).not.toContain(token)
    prunePressLinks(state, NOW + 7 * DAY)
    expect(readPressLink(state, token, NOW)).toBeUndefined()
    expect(readPressLink(state, later, NOW)).toBeDefined()
  })
})
