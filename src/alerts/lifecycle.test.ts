// The lifecycle of alerts in the table: what opens, repeats, flaps, wakes and ends them, and what else follows from it.
import { beforeEach, describe, expect, it } from 'vitest'
import { errorKey } from '../detectors/logs/error-finding.ts'
import { readErrorById, recordError } from '../logs/errors/errors.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { aFinding, storeAlert } from '../testing/alerts.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { listAlerts, listHistory, readAlert } from './alerts.ts'
import {
  acknowledgeAlert,
  applyResults,
  endAlert,
  endProjectAlerts,
  escalateAlert,
  fireAlert,
  nextWake,
  noteAlert,
  resolveAlert,
  snoozeAlert,
  unacknowledgeAlert,
  wakeAlerts,
} from './lifecycle.ts'
import { isReevaluated, nextForReevaluation } from './suppression/reevaluation.ts'
import { setThresholds } from './suppression/settings.ts'
import { addSilence } from './suppression/silences.ts'
import { sweepSuppressions } from './suppression/sweep.ts'

const NOW = 1_000 * DAY
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
  setThresholds(state, null, { flapChanges: 4, flapWindow: 10 * MINUTE, flapStableFor: 5 * MINUTE, stormRate: 0 })
})
const fires = (key: string, at: number, more = {}) => fireAlert(state, aFinding(key, at, more), at)
const ends = (key: string, at: number, by: string | null = null) => endAlert(state, key, by, at)
const lines = (id: number) => listHistory(state, id).map(({ what }) => what)
/** Whether all open alerts are evaluated again because of `work`. */
const reevaluates = (work: () => void) => {
  nextForReevaluation(state, 999)
  work()
  return !isReevaluated(state)
}

it('results of detectors open, repeat and end alerts, each of its own key', () => {
  const firing = (key: string) => ({ kind: 'firing' as const, finding: aFinding(key, NOW) })
  applyResults(state, [firing('a'), firing('b'), firing('a')], NOW)
  const observation = { lines: ['It is well again.'] }
  applyResults(
    state,
    [
      { kind: 'resolved', key: 'a', observation },
      { kind: 'resolved', key: 'c' },
    ],
    NOW + 1,
  )
  expect(readAlert(state, 1)).toMatchObject({ state: 'resolved', count: 2, resolvedAt: NOW + 1, observation })
  expect(readAlert(state, 2)).toMatchObject({ state: 'firing', count: 1 })
})

describe('an alert of a key', () => {
  it('that was resolved is another one the next time', () => {
    fires('a', NOW)
    ends('a', NOW + HOUR)
    expect(fires('a', NOW + 2 * HOUR)).toMatchObject({ id: 2, state: 'firing', count: 1, flappingSince: null })
    expect(ends('b', NOW)).toBeUndefined()
  })

  it('flaps from the fourth change on, stays open while it is clear, and resolves when it stays clear', () => {
    fires('a', NOW)
    ends('a', NOW + MINUTE)
    expect(fires('a', NOW + 2 * MINUTE)).toMatchObject({ id: 2, flappingSince: null })
    const clear = ends('a', NOW + 3 * MINUTE)
    expect(clear).toMatchObject({ id: 2, state: 'firing', flappingSince: NOW + 3 * MINUTE, stableAt: NOW + 8 * MINUTE })
    // Another sign that it is well changes nothing.
    expect(ends('a', NOW + 4 * MINUTE)).toMatchObject({ stableAt: NOW + 8 * MINUTE })
    const again = fires('a', NOW + 5 * MINUTE, { title: 'worse', severity: 'warning' })
    expect(again).toMatchObject({
      id: 2,
      count: 2,
      stableAt: null,
      title: 'worse',
      severity: 'warning',
      mentionCount: 0,
    })
    ends('a', NOW + 6 * MINUTE)
    expect(nextWake(state)).toBe(NOW + 11 * MINUTE)
    wakeAlerts(state, NOW + 11 * MINUTE - 1, 9)
    expect(readAlert(state, 2)!.state).toBe('firing')
    wakeAlerts(state, NOW + 11 * MINUTE, 9)
    expect(readAlert(state, 2)).toMatchObject({ state: 'resolved', flappingSince: null, stableAt: null })
    expect(nextWake(state)).toBeNull()
  })

  it('that flaps and was resolved automatically opens again with a new mention, unless a person resolved it', () => {
    for (const at of [0, 1, 2]) {
      fires('a', NOW + at * MINUTE)
      ends('a', NOW + at * MINUTE + SECOND)
    }
    wakeAlerts(state, NOW + 8 * MINUTE, 9)
    setThresholds(state, null, { flapWindow: HOUR })
    const again = fires('a', NOW + 9 * MINUTE, { remindEvery: HOUR })
    expect(again).toMatchObject({ id: 2, state: 'firing', resolvedAt: null, wakeAt: NOW + 9 * MINUTE + HOUR })
    expect(again).toMatchObject({ mentionCount: 2, mentionReason: 'fired again', releasedAt: NOW + 9 * MINUTE })
    expect(lines(2).at(-1)).toMatch(/^fired again \(flapping/)
    resolveAlert(state, 2, 'Ann', NOW + 10 * MINUTE)
    expect(fires('a', NOW + 11 * MINUTE)).toMatchObject({ id: 3, flappingSince: null })
    ends('a', NOW + 12 * MINUTE)
    expect(readAlert(state, 3)).toMatchObject({ state: 'resolved' })
  })

  it('that is clear for now ends at once by a person', () => {
    for (const at of [0, 1]) {
      fires('a', NOW + at * MINUTE)
      ends('a', NOW + at * MINUTE + SECOND)
    }
    expect(readAlert(state, 2)!.stableAt).not.toBeNull()
    expect(ends('a', NOW + 2 * MINUTE, 'Ann')).toMatchObject({
      state: 'resolved',
      resolvedBy: 'Ann',
      transitionTimes: [],
    })
  })

  it('that flaps shows its changes at most every ten seconds, and counts them in one line', () => {
    fires('a', NOW)
    ends('a', NOW + 1)
    fires('a', NOW + 2)
    const { version } = ends('a', NOW + 3)!
    fires('a', NOW + 4)
    expect(ends('a', NOW + 10 * SECOND + 2)).toMatchObject({
      version,
      seenAt: NOW + 3,
      cardUpdateAt: NOW + 3 + 10 * SECOND,
    })
    expect(lines(2).at(-1)).toBe('repeated 2 times: a (flapping)')
    expect(fires('a', NOW + 10 * SECOND + 3)).toMatchObject({ version: version + 1, seenAt: NOW + 10 * SECOND + 3 })
    // The clock went back.
    expect(ends('a', NOW + SECOND)).toMatchObject({ version: version + 2, seenAt: NOW + SECOND })
  })
})

describe('a repeat', () => {
  it('within ten seconds is shown then, and later at once', () => {
    fires('a', NOW)
    fires('a', NOW + SECOND)
    expect(readAlert(state, 1)).toMatchObject({ version: 1, count: 2, cardUpdateAt: NOW + 10 * SECOND })
    expect(nextWake(state)).toBe(NOW + 10 * SECOND)
    wakeAlerts(state, NOW + 10 * SECOND, 9)
    expect(readAlert(state, 1)).toMatchObject({ version: 2, seenAt: NOW + 10 * SECOND, cardUpdateAt: null })
    expect(fires('a', NOW + 20 * SECOND)).toMatchObject({ version: 3, count: 3, cardUpdateAt: null })
    expect(lines(1)).toEqual(['fired: a', 'repeated 2 times: a'])
  })

  it('with another severity or other labels has its suppression evaluated again', () => {
    const about = { severity: 'warning', labels: { host: 'a' } }
    fires('a', NOW, about)
    expect(reevaluates(() => fires('a', NOW + 1, about))).toBe(false)
    expect(reevaluates(() => fires('a', NOW + 2, { ...about, severity: 'critical' }))).toBe(true)
    expect(reevaluates(() => fires('a', NOW + 3, { severity: 'critical', labels: { host: 'b' } }))).toBe(true)
  })

  it('of nothing new leaves no trace', () => {
    const before = fires('a', NOW)
    expect(fires('a', NOW, { occurrences: 0 })).toEqual(before)
    expect(lines(1)).toEqual(['fired: a'])
  })
})

it('alerts that inhibit others have those evaluated again when they begin and end', () => {
  expect(reevaluates(() => fires('a', NOW))).toBe(false)
  expect(reevaluates(() => ends('a', NOW))).toBe(false)
  expect(reevaluates(() => fires('b', NOW, { labels: { role: 'host-down', host: 'h' } }))).toBe(true)
  expect(reevaluates(() => ends('b', NOW))).toBe(true)
  storeAlert(state, { key: 'storm:0', detector: 'storm' })
  expect(reevaluates(() => ends('storm:0', NOW))).toBe(true)
})

it('a removed project ends its alerts, and its groups with their last alert', () => {
  const about = { projectId: 2, groupKey: 'g' }
  for (const key of ['a', 'b']) fires(key, NOW, about)
  fires('c', NOW, { projectId: 1 })
  fires('d', NOW)
  endProjectAlerts(state, 2, 'Ann', NOW + 1)
  const open = listAlerts(state, { open: true, limit: -1 }).map(({ key }) => key)
  expect(open.sort()).toEqual(['c', 'd'])
  const group = listAlerts(state, { limit: -1 }).find(({ detector }) => detector === 'group')!
  expect(group).toMatchObject({ state: 'resolved', resolvedBy: 'Ann', resolvedAt: NOW + 1 })
})

it('a person resolves an alert, or all alerts of a group', () => {
  for (const key of ['a', 'b', 'c']) fires(key, NOW, { projectId: 1, groupKey: key === 'c' ? null : 'g' })
  const group = listAlerts(state, { limit: -1 }).find(({ detector }) => detector === 'group')!
  expect(resolveAlert(state, group.id, 'Ann', NOW + 1)).toMatchObject({
    id: group.id,
    state: 'resolved',
    resolvedBy: 'Ann',
  })
  const open = listAlerts(state, { open: true, limit: -1 }).map(({ key }) => key)
  expect(open).toEqual(['c'])
  expect(() => resolveAlert(state, group.id, 'Bo', NOW + 2)).toThrow('was resolved by Ann')
  expect(() => resolveAlert(state, 99, 'Bo', NOW)).toThrow('no alert 99')
})

it('an error is resolved with its alert by a person, and by nothing else', () => {
  const errors = ['f1', 'f2'].map(fingerprint => {
    const lines = { projectId: 1, fingerprint, source: 'api', why: '', recent: [], at: NOW, count: 1, samples: [] }
    return recordError(state, lines).error
  })
  const [first, second] = errors.map(error => fires(errorKey(error), NOW))
  applyResults(state, [{ kind: 'resolved', key: first!.key }], NOW + 1)
  resolveAlert(state, second!.id, 'Ann', NOW + 2)
  expect(errors.map(({ id }) => readErrorById(state, id))).toMatchObject([
    { state: 'open' },
    { state: 'resolved', stateBy: 'Ann', stateAt: NOW + 2 },
  ])
})

describe('what people do with an alert', () => {
  it('is stored with its time and its end', () => {
    fires('a', NOW, { remindEvery: HOUR })
    expect(acknowledgeAlert(state, 1, 'Ann', 'mine', NOW, NOW + HOUR)).toMatchObject({
      ...{ state: 'acknowledged', acknowledgedBy: 'Ann', acknowledgedUntil: NOW + HOUR, note: 'mine' },
    })
    expect(unacknowledgeAlert(state, 1, 'Bo', NOW + 1)).toMatchObject({ state: 'firing', wakeAt: NOW + 1 + HOUR })
    expect(acknowledgeAlert(state, 1, 'Ann', null, NOW)).toMatchObject({ acknowledgedUntil: null, wakeAt: null })
    expect(snoozeAlert(state, 1, NOW + DAY, 'Cy', 'later', NOW)).toMatchObject({
      snoozedUntil: NOW + DAY,
      snoozedBy: 'Cy',
    })
    expect(noteAlert(state, 1, 'Di', 'hm', NOW)).toMatchObject({ note: 'hm', snoozedBy: 'Cy' })
    expect(escalateAlert(state, 1, 'Ed', 'night', NOW)).toMatchObject({ mentionReason: 'escalated', mentionCount: 1 })
    expect(() => noteAlert(state, 9, 'Di', 'hm', NOW)).toThrow('no alert 9')
  })

  it('concerns all open alerts of its group, and only itself once it is resolved', () => {
    for (const key of ['a', 'b', 'c']) fires(key, NOW, { projectId: 1, groupKey: 'g' })
    const byKey = () => new Map(listAlerts(state, { limit: -1 }).map(alert => [alert.key, alert]))
    const group = listAlerts(state, { limit: -1 }).find(({ detector }) => detector === 'group')!
    ends('c', NOW + 1)
    expect(acknowledgeAlert(state, byKey().get('b')!.id, 'Ann', null, NOW + 2, NOW + HOUR).id).toBe(group.id)
    expect(['a', 'b', 'c'].map(key => byKey().get(key)!.state)).toEqual(['acknowledged', 'acknowledged', 'resolved'])
    expect(byKey().get('a')).toMatchObject({
      acknowledgedAt: NOW + 2,
      acknowledgedBy: 'Ann',
      acknowledgedUntil: NOW + HOUR,
    })
    expect(noteAlert(state, byKey().get('c')!.id, 'Ann', 'hm', NOW + 3).id).toBe(byKey().get('c')!.id)
    // The acknowledgement of the group expires for all of it.
    wakeAlerts(state, NOW + HOUR, 9)
    expect(['a', 'b', 'c'].map(key => byKey().get(key)!.state)).toEqual(['firing', 'firing', 'resolved'])
  })

  it('has a suppressed alert evaluated again, because a storm that ended holds acknowledged alerts only', () => {
    storeAlert(state, { suppression: 'storm', suppressorId: 9 })
    fires('a', NOW)
    expect(reevaluates(() => acknowledgeAlert(state, 2, 'Ann', null, NOW))).toBe(false)
    expect(reevaluates(() => acknowledgeAlert(state, 1, 'Ann', null, NOW, NOW + HOUR))).toBe(true)
    expect(reevaluates(() => wakeAlerts(state, NOW + HOUR, 9))).toBe(true)
  })
})

describe('the passing of time', () => {
  it('wakes what is due, as many as are asked for, and knows what is next', () => {
    for (const key of ['a', 'b', 'c']) fires(key, NOW, { remindEvery: key === 'c' ? 2 * HOUR : HOUR })
    expect(nextWake(state)).toBe(NOW + HOUR)
    wakeAlerts(state, NOW + HOUR - 1, 9)
    expect(listAlerts(state, { limit: -1 }).map(({ mentionCount }) => mentionCount)).toEqual([0, 0, 0])
    wakeAlerts(state, NOW + HOUR, 1)
    expect(listAlerts(state, { limit: -1 }).filter(({ mentionCount }) => mentionCount === 1)).toHaveLength(1)
    wakeAlerts(state, NOW + HOUR, 9)
    expect(listAlerts(state, { limit: -1 }).map(({ mentionCount }) => mentionCount)).toEqual([0, 1, 1])
    expect(nextWake(state)).toBe(NOW + 2 * HOUR)
  })

  it('resolves no storm, which ends by other rules', () => {
    storeAlert(state, { key: 'storm:0', detector: 'storm', stableAt: NOW })
    wakeAlerts(state, NOW, 9)
    expect(readAlert(state, 1)!.state).toBe('firing')
    expect(ends('storm:0', NOW)).toMatchObject({ state: 'resolved' })
  })

  it('updates the card of a group with its members', () => {
    for (const key of ['a', 'b', 'c']) fires(key, NOW, { projectId: 1, groupKey: 'g' })
    const group = () => listAlerts(state, { limit: -1 }).find(({ detector }) => detector === 'group')!
    const { version } = group()
    expect(nextWake(state)).toBe(NOW + 10 * SECOND)
    wakeAlerts(state, NOW + 10 * SECOND, 9)
    expect(group()).toMatchObject({ version: version + 1, count: 3, cardUpdateAt: null })
    expect(nextWake(state)).toBeNull()
  })
})

it('an alert that is suppressed when it fires is not released, and is when the silence ends', () => {
  const draft = { projectId: null, matcher: 'host:a', reason: null, by: 'Ann', endsAt: NOW + HOUR }
  addSilence(state, draft, NOW)
  expect(fires('a', NOW, { labels: { host: 'a' } })).toMatchObject({ suppression: 'silence', releasedAt: null })
  expect(fires('b', NOW, { labels: { host: 'b' } })).toMatchObject({ suppression: null, releasedAt: NOW })
  sweepSuppressions(state, NOW + HOUR)
  expect(readAlert(state, 1)).toMatchObject({ suppression: null, releasedAt: NOW + HOUR })
})
