// The tables of alerts, their timelines, and the updates of their cards: which rows a query finds, and in which order.
import { beforeEach, describe, expect, it } from 'vitest'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { alertEscalations, escalations } from '../state/schema/index.ts'
import { aFinding, storeAlert } from '../testing/alerts.ts'
import { DAY, MINUTE, SECOND } from '../time.ts'
import { openAlert } from './alert.ts'
import {
  bumpVersion,
  countAlerts,
  countMatchingAlerts,
  countOpenAlerts,
  findAlert,
  hadOtherAlert,
  insertAlert,
  isEscalating,
  listAlertIds,
  listAlerts,
  listHistory,
  listResolvedSince,
  pruneAlerts,
  readAlert,
  readHistory,
  readHistoryAfter,
  readNewestAlert,
  readOpenAlert,
  recordChange,
  requestDelivery,
  updateAlert,
  writeHistory,
} from './alerts.ts'
import { dueCardUpdates, nextCardUpdate, rewindCardUpdates, scheduleCardUpdate, writeRepeat } from './card-updates.ts'

const NOW = 1_000 * DAY
let state: State
let emitted: string[]
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
  emitted = []
  state.onCommit(changed => void emitted.push(...changed))
})
const resolved = (more = {}) => ({ state: 'resolved' as const, resolvedAt: NOW, ...more })
/** Whether a change wakes whoever delivers alerts. */
const wakes = (work: () => void) => {
  state.transaction(() => {})
  emitted = []
  state.transaction(work)
  return emitted.includes('alerts')
}

describe('lists of alerts', () => {
  beforeEach(() => {
    storeAlert(state, { key: 'a', severity: 'warning', projectId: 1 })
    storeAlert(state, { key: 'b', severity: 'critical', projectId: 2, state: 'acknowledged' })
    storeAlert(state, { key: 'c', severity: 'info', projectId: 1, groupId: 1 })
    storeAlert(state, { key: 'd', severity: 'critical', projectId: 1, ...resolved() })
    storeAlert(state, { key: 'e', severity: 'critical', projectId: null })
  })

  it.each([
    ['all, newest first', {}, [5, 4, 3, 2, 1]],
    ['open ones, worst first, then newest', { open: true }, [5, 2, 1, 3]],
    ['those with a card of their own', { ungrouped: true }, [5, 4, 2, 1]],
    ['of a key', { key: 'd' }, [4]],
    ['of a project', { projectId: 1 }, [4, 3, 1]],
    ['before a number, without it', { before: 3 }, [2, 1]],
    ['of a project, open and before a number', { projectId: 1, open: true, before: 3 }, [1]],
  ])('have %s', (_, filter, ids) => {
    expect(listAlerts(state, { ...filter, limit: -1 }).map(({ id }) => id)).toEqual(ids)
    expect(listAlerts(state, { ...filter, limit: 2 }).map(({ id }) => id)).toEqual(ids.slice(0, 2))
    expect(listAlertIds(state, filter)).toEqual(ids)
    expect(countAlerts(state, filter)).toBe(ids.length)
  })

  it('count open alerts by severity and state, without groups', () => {
    storeAlert(state, { key: 'g', detector: 'group', severity: 'info', projectId: 1 })
    const counts = (projectId?: number | null) =>
      countOpenAlerts(state, projectId).map(row => `${row.count} ${row.severity} ${row.state}`)
    expect(counts()).toEqual(['1 critical acknowledged', '1 critical firing', '1 info firing', '1 warning firing'])
    expect(counts(null)).toEqual(counts())
    expect(counts(1)).toEqual(['1 info firing', '1 warning firing'])
  })

  it('have those resolved at an instant or later, the last one first', () => {
    storeAlert(state, resolved({ resolvedAt: NOW - 1 }))
    storeAlert(state, resolved({ resolvedAt: NOW + 1 }))
    storeAlert(state, { resolvedAt: NOW })
    expect(listResolvedSince(state, NOW, 9).map(({ id }) => id)).toEqual([7, 4])
    expect(listResolvedSince(state, NOW, 1).map(({ id }) => id)).toEqual([7])
  })

  it('count those that match, with the titles of the worst ten', () => {
    expect(countMatchingAlerts(state, 'severity:critical', null)).toEqual({ total: 2, titles: [5, 2].map(titleOf) })
    expect(countMatchingAlerts(state, 'severity:critical', 1)).toEqual({ total: 0, titles: [] })
    expect(countMatchingAlerts(state, '', 1)).toEqual({ total: 2, titles: [1, 3].map(titleOf) })
    expect(countMatchingAlerts(state, 'project:shop', null)).toEqual({ total: 1, titles: [titleOf(2)] })
    expect(countMatchingAlerts(state, '-project:shop -project:default', null).titles).toEqual([titleOf(5)])
    for (let i = 0; i < 11; i++) storeAlert(state, { title: `more ${i}` })
    const { total, titles } = countMatchingAlerts(state, 'more', null)
    expect([total, titles.length, titles[0]]).toEqual([11, 10, 'more 10'])
    expect(() => countMatchingAlerts(state, 'severity:loud', null)).toThrow('"loud" is not a severity')
  })
})

const titleOf = (id: number) => readAlert(state, id)!.title

it('an alert is found by its number, and by its key while it is open', () => {
  const first = storeAlert(state, { key: 'a', ...resolved() })
  expect(readOpenAlert(state, 'a')).toBeUndefined()
  const second = storeAlert(state, { key: 'a', state: 'acknowledged' })
  expect([readNewestAlert(state, 'a')?.id, readOpenAlert(state, 'a')?.id]).toEqual([second.id, second.id])
  expect(readNewestAlert(state, 'b')).toBeUndefined()
  expect([findAlert(state, first.id).id, readAlert(state, 9)]).toEqual([first.id, undefined])
  expect(() => findAlert(state, 9)).toThrow(expect.objectContaining({ code: 'not_found', fields: expect.anything() }))
})

it('a new alert has its role, the first line of its timeline, and wakes the delivery', () => {
  const draft = openAlert(aFinding('a', NOW, { labels: { role: 'host-down' }, title: 'web-1 is down' }), NOW)
  expect(wakes(() => insertAlert(state, draft, NOW + 1))).toBe(true)
  expect(readAlert(state, 1)).toMatchObject({ role: 'host-down', releasedAt: null, transitionTimes: [] })
  expect(insertAlert(state, openAlert(aFinding('b', NOW), NOW), NOW).role).toBeNull()
  expect(listHistory(state, 1)).toMatchObject([{ at: NOW + 1, kind: 'fired', what: 'fired: web-1 is down', by: null }])
})

it('a change is a new version that every card shows, and a line in the thread only where it belongs there', () => {
  const before = storeAlert(state, { version: 4, undelivered: false, cardUpdateAt: NOW })
  const transition = { kind: 'noted' as const, what: 'note added', by: 'Ann', note: 'hm', changes: { note: 'hm' } }
  const after = recordChange(state, before, transition, NOW)
  expect(after).toMatchObject({ version: 5, undelivered: true, cardUpdateAt: null, note: 'hm', threadLine: 0 })
  expect(recordChange(state, after, { ...transition, thread: true }, NOW)).toMatchObject({ version: 6, threadLine: 2 })
  expect(listHistory(state, 1)).toHaveLength(2)
  expect(listHistory(state, 1)[0]).toMatchObject({ at: NOW, kind: 'noted', by: 'Ann', note: 'hm' })
  expect(wakes(() => bumpVersion(state, after, {}))).toBe(true)
})

it('a change without a version edits no card and only the alert that is meant', () => {
  storeAlert(state, { undelivered: false })
  storeAlert(state, { undelivered: false })
  expect(wakes(() => updateAlert(state, 2, { count: 7, note: undefined as never }))).toBe(false)
  expect(readAlert(state, 2)).toMatchObject({ count: 7, version: 1, undelivered: false, note: null })
  expect(readAlert(state, 1)).toMatchObject({ count: 1 })
})

it('delivery is requested of one alert without another version', () => {
  storeAlert(state, { routedVersion: 3, undelivered: false })
  storeAlert(state, { routedVersion: 3, undelivered: false })
  expect(wakes(() => requestDelivery(state, 2))).toBe(true)
  expect(readAlert(state, 2)).toMatchObject({ routedVersion: 0, undelivered: true, version: 1 })
  expect(readAlert(state, 1)).toMatchObject({ routedVersion: 3, undelivered: false })
})

it('an alert is escalating when it has escalations of its own', () => {
  const escalation = { name: 'lead', matcher: '', afterMs: 1, setBy: 'Ann', createdAt: 0 }
  const { id } = state.db.insert(escalations).values(escalation).returning().get()
  for (const _ of [1, 2]) storeAlert(state)
  state.db.insert(alertEscalations).values({ alertId: 2, escalationId: id, remainingMs: 1 }).run()
  expect([1, 2].map(alert => isEscalating(state, alert))).toEqual([false, true])
})

describe('a timeline', () => {
  it('is read from its end, its beginning, or between two lines, and only that of its alert', () => {
    storeAlert(state)
    storeAlert(state)
    const ids = ['a', 'b', 'c', 'd'].map(what => {
      writeHistory(state, 2, { kind: 'other', what: `other ${what}` }, NOW)
      return writeHistory(state, 1, { kind: 'other', what }, NOW)
    })
    const texts = (rows: { what: string }[]) => rows.map(({ what }) => what).join('')
    const { newest, total } = readHistory(state, 1, 3)
    expect([texts(newest), total]).toEqual(['bcd', 4])
    expect(texts(listHistory(state, 1))).toBe('abcd')
    expect(texts(readHistoryAfter(state, 1, ids[0]!, ids[3]!, 9))).toBe('bcd')
    expect(texts(readHistoryAfter(state, 1, ids[0]!, ids[3]! - 1, 9))).toBe('bc')
    expect(texts(readHistoryAfter(state, 1, 0, ids[3]!, 2))).toBe('ab')
  })

  it('has one line for the repeats of five minutes', () => {
    storeAlert(state)
    const lines = () => listHistory(state, 1).map(({ what, count }) => `${count} ${what}`)
    writeRepeat(state, 1, 'x', NOW)
    writeRepeat(state, 1, 'y', NOW)
    writeRepeat(state, 1, 'z', NOW + 5 * MINUTE - 1)
    expect(lines()).toEqual(['3 repeated 3 times: z'])
    writeRepeat(state, 1, 'z', NOW + 5 * MINUTE)
    expect(lines()).toEqual(['3 repeated 3 times: z', '1 repeated: z'])
    writeRepeat(state, 1, 'z', NOW + 5 * MINUTE - 1)
    writeRepeat(state, 1, 'z', NOW + 5 * MINUTE - 1)
    expect(lines()).toEqual(['3 repeated 3 times: z', '1 repeated: z', '2 repeated 2 times: z'])
  })
})

it('cards are updated once, at the instant that was scheduled first', () => {
  for (let i = 0; i < 3; i++) storeAlert(state, { undelivered: false })
  expect(nextCardUpdate(state)).toBeNull()
  expect(wakes(() => scheduleCardUpdate(state, 2, NOW + 2 * SECOND))).toBe(true)
  expect(wakes(() => scheduleCardUpdate(state, 2, NOW))).toBe(false)
  scheduleCardUpdate(state, 1, NOW + 3 * SECOND)
  expect(nextCardUpdate(state)).toBe(NOW + 2 * SECOND)
  expect(dueCardUpdates(state, NOW + 2 * SECOND - 1, 9)).toEqual([])
  expect(dueCardUpdates(state, NOW + 2 * SECOND, 9)).toEqual([2])
  expect(dueCardUpdates(state, NOW + 3 * SECOND, 9)).toEqual([2, 1])
  expect(dueCardUpdates(state, NOW + 3 * SECOND, 1)).toEqual([2])
  rewindCardUpdates(state, 2 * SECOND)
  expect([1, 2, 3].map(id => readAlert(state, id)!.cardUpdateAt)).toEqual([NOW + SECOND, NOW, null])
})

it('alerts are kept for 400 days after they were resolved', () => {
  storeAlert(state, resolved({ resolvedAt: NOW - 400 * DAY }))
  storeAlert(state, resolved({ resolvedAt: NOW - 400 * DAY - 1 }))
  storeAlert(state, { resolvedAt: NOW - 500 * DAY })
  pruneAlerts(state, NOW)
  expect(listAlertIds(state, {})).toEqual([3, 1])
})

describe('another alert than that of a rule', () => {
  const from = NOW
  const until = NOW + MINUTE
  const open = { since: NOW + 1, firedAt: NOW + 1, projectId: 1 }
  it.each<[string, Parameters<typeof storeAlert>[1], boolean]>([
    ['is one that is open', open, true],
    ['is one that fired at the end', { ...open, firedAt: until }, true],
    ['is none that fired later', { ...open, firedAt: until + 1 }, false],
    [
      'is one that was resolved at the beginning',
      { ...open, since: 0 + NOW - MINUTE, ...resolved({ resolvedAt: from }) },
      true,
    ],
    [
      'is none that was resolved before',
      { ...open, since: NOW - MINUTE, ...resolved({ resolvedAt: from - 1 }) },
      false,
    ],
    ['is one that has lasted for a week', { ...open, since: from - 7 * DAY, firedAt: from - 7 * DAY }, true],
    ['is none that has lasted for longer', { ...open, since: from - 7 * DAY - 1, firedAt: from - 7 * DAY }, false],
    ['is none of another project', { ...open, projectId: 2 }, false],
    ['is none of the rule', { ...open, labels: { rule: 'errors' } }, false],
    ['is one of another rule', { ...open, labels: { rule: 'silence' } }, true],
    ...['notice', 'test', 'group', 'storm'].map((detector): [string, Parameters<typeof storeAlert>[1], boolean] => [
      `is no ${detector}`,
      { ...open, detector },
      false,
    ]),
  ])('%s', (_, row, expected) => {
    storeAlert(state, row)
    expect(hadOtherAlert(state, 'errors', 1, from, until)).toBe(expected)
    expect(hadOtherAlert(state, 'errors', null, from, until)).toBe(expected || row?.projectId === 2)
  })
})
