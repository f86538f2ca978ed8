// The tables of silences, maintenance, quiet hours and thresholds: which rows each query finds, and at which instant each ends.
import { beforeEach, describe, expect, it } from 'vitest'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { maintenances, quietHours, silences } from '../../state/schema/index.ts'
import { storeAlert } from '../../testing/alerts.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { readAlert } from '../alerts.ts'
import { rewindAlerts } from '../clock-rollback.ts'
import {
  activeMaintenances,
  addMaintenance,
  countMutedByMaintenance,
  endWindow,
  findMaintenance,
  listMaintenances,
  listPassedWindows,
  type Maintenance,
  nextWindowChange,
  pruneMaintenances,
  removeMaintenance,
  startWindows,
} from './maintenance-windows.ts'
import { listQuietHours, readQuietUntil, removeQuietHours, setQuietHours, setQuietSince } from './quiet-hours.ts'
import { isReevaluated, nextForReevaluation } from './reevaluation.ts'
import { DEFAULT_THRESHOLDS, readThresholds, resetThresholds, setThresholds } from './settings.ts'
import {
  addSilence,
  countMutedBySilence,
  endSilence,
  expireSilences,
  extendSilence,
  findSilence,
  listSilences,
  nextExpiry,
  pruneSilences,
  readSilenceIndex,
} from './silences.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
})
/** Whether all open alerts are evaluated again because of `work`. */
const reevaluates = (work: () => void) => {
  nextForReevaluation(state, 999)
  work()
  return !isReevaluated(state)
}

describe('silences', () => {
  const silence = (endsAt: number, more: { projectId?: number | null; matcher?: string } = {}) =>
    addSilence(state, { projectId: null, matcher: '', reason: null, by: 'Ann', endsAt, ...more }, NOW)
  const byId = (id: number) =>
    state.db
      .select()
      .from(silences)
      .all()
      .find(row => row.id === id)
  /** The silences that may match an alert, as every new alert asks for them. */
  const active = () =>
    readSilenceIndex(state)
      .candidates({ title: 'x', severity: 'info', detector: 'x', key: 'k', owner: null, labels: { host: 'a' } }, null)
      .map(({ id }) => id)

  it('are listed newest first, without the ended ones unless those are asked for', () => {
    for (const projectId of [1, 2, 1, null]) silence(NOW + HOUR, { projectId })
    endSilence(state, findSilence(state, 3), 'Bo', NOW)
    const ids = (filter: Parameters<typeof listSilences>[1]) => listSilences(state, filter).map(({ id }) => id)
    expect(ids({ ended: false, limit: 9 })).toEqual([4, 2, 1])
    expect(ids({ ended: true, limit: 9 })).toEqual([4, 3, 2, 1])
    expect(ids({ ended: true, limit: 2 })).toEqual([4, 3])
    expect(ids({ projectId: 1, ended: false, limit: 9 })).toEqual([1])
    expect(ids({ projectId: 1, ended: true, limit: 9 })).toEqual([3, 1])
  })

  it('are found by their number, in their project only when that is named', () => {
    silence(NOW + HOUR, { projectId: 1 })
    expect([findSilence(state, 1).id, findSilence(state, 1, 1).id]).toEqual([1, 1])
    const missing = expect.objectContaining({ code: 'not_found', fields: { silence: 'no such silence' } })
    expect(() => findSilence(state, 1, 2)).toThrow(missing)
    expect(() => findSilence(state, 2)).toThrow(missing)
  })

  it('are in effect from the moment they are added until they end, and as long as they are extended', () => {
    expect(active()).toEqual([])
    expect(reevaluates(() => silence(NOW + HOUR))).toBe(true)
    expect(reevaluates(() => silence(NOW + 2 * HOUR, { matcher: 'host:a' }))).toBe(true)
    expect(active()).toEqual([1, 2])
    expect(reevaluates(() => extendSilence(state, findSilence(state, 1), NOW + 3 * HOUR))).toBe(true)
    expect([nextExpiry(state), byId(1)!.endsAt, byId(2)!.endsAt]).toEqual([
      NOW + 2 * HOUR,
      NOW + 3 * HOUR,
      NOW + 2 * HOUR,
    ])
    expect(readSilenceIndex(state).candidates(storeAlert(state), null)[0]?.until).toBe(NOW + 3 * HOUR)
    expect(reevaluates(() => endSilence(state, findSilence(state, 2), 'Bo', NOW + 1))).toBe(true)
    expect([active(), byId(2)]).toEqual([[1], expect.objectContaining({ endedAt: NOW + 1, endedBy: 'Bo' })])
    expect(() => endSilence(state, findSilence(state, 2), 'Bo', NOW)).toThrow('Silence 2 has already ended.')
    expect(() => extendSilence(state, findSilence(state, 2), NOW)).toThrow('Silence 2 has already ended.')
    // What was added and ended before anybody asked is right, too.
    state.forget('active silences')
    expect(active()).toEqual([1])
  })

  it('expire at their end and not before', () => {
    for (const hours of [1, 2, 1]) silence(NOW + hours * HOUR)
    endSilence(state, findSilence(state, 3), 'Bo', NOW)
    expect(active()).toEqual([1, 2])
    expect(expireSilences(state, NOW + HOUR - 1)).toEqual([])
    expect(expireSilences(state, NOW + HOUR)).toMatchObject([{ id: 1, endedAt: NOW + HOUR, endedBy: null }])
    expect([active(), nextExpiry(state)]).toEqual([[2], NOW + 2 * HOUR])
    expect(byId(3)!.endedAt).toBe(NOW)
    expireSilences(state, NOW + 2 * HOUR)
    expect(nextExpiry(state)).toBeNull()
  })

  it('count what they suppress, and are kept for 400 days after their end', () => {
    for (const _ of [1, 2]) silence(NOW)
    countMutedBySilence(state, 2)
    expect([1, 2].map(id => byId(id)!.suppressedCount)).toEqual([0, 1])
    expireSilences(state, NOW)
    silence(NOW + DAY)
    pruneSilences(state, NOW + 400 * DAY)
    expect(listSilences(state, { ended: true, limit: 9 })).toHaveLength(3)
    pruneSilences(state, NOW + 400 * DAY + 1)
    expect(listSilences(state, { ended: true, limit: 9 }).map(({ id }) => id)).toEqual([3])
  })
})

describe('maintenance', () => {
  const plan = (name: string, startsAt: number, more: Partial<Maintenance> = {}) =>
    addMaintenance(
      state,
      {
        ...{
          projectId: null,
          name,
          matcher: 'host:a',
          cron: null,
          timeZone: 'UTC',
          duration: HOUR,
          days: 0,
          by: 'Ann',
        },
        ...{ startsAt, endsAt: startsAt + HOUR, ...more },
      },
      NOW,
    )
  const names = (rows: readonly { name: string }[]) => rows.map(({ name }) => name)

  it('has one name at a time, which ended maintenance gives back', () => {
    const { id } = plan('a', NOW)
    expect(() => plan('a', NOW + DAY)).toThrow(
      expect.objectContaining({ code: 'conflict', fields: { name: 'is taken' } }),
    )
    endWindow(state, findMaintenance(state, 'a'), NOW, true)
    plan('b', NOW)
    expect(plan('a', NOW + DAY)).toMatchObject({ name: 'a', ended: false, startsAt: NOW + DAY })
    expect(names(listMaintenances(state))).toEqual(['b', 'a'])
    expect(id).toBe(1)
  })

  it('is found by its name, in its project only when that is named, and listed by its next window, ended last', () => {
    plan('late', NOW + 2 * DAY, { projectId: 1 })
    plan('soon', NOW + DAY, { projectId: 2 })
    endWindow(state, plan('over', NOW, { projectId: 1 }), NOW + HOUR, false)
    expect(names(listMaintenances(state))).toEqual(['soon', 'late', 'over'])
    expect(names(listMaintenances(state, 1))).toEqual(['late', 'over'])
    expect([findMaintenance(state, 'soon').name, findMaintenance(state, 'soon', 2).name]).toEqual(['soon', 'soon'])
    const missing = expect.objectContaining({ code: 'not_found', fields: { name: 'no such maintenance' } })
    expect(() => findMaintenance(state, 'soon', 1)).toThrow(missing)
    expect(() => findMaintenance(state, 'never')).toThrow(missing)
    expect(reevaluates(() => removeMaintenance(state, findMaintenance(state, 'soon')))).toBe(true)
    expect(names(listMaintenances(state))).toEqual(['late', 'over'])
  })

  it('is in effect from its start to its end', () => {
    expect(nextWindowChange(state)).toBeNull()
    expect(reevaluates(() => plan('a', NOW + HOUR))).toBe(true)
    plan('b', NOW + 5 * HOUR)
    const at = (now: number) => activeMaintenances(state, now).map(({ reason, until }) => [reason, until])
    expect(at(NOW + HOUR - 1)).toEqual([])
    expect(at(NOW + HOUR)).toEqual([['maintenance a', NOW + 2 * HOUR]])
    expect([startWindows(state, NOW + HOUR - 1), nextWindowChange(state)]).toEqual([false, NOW + HOUR])
    expect([startWindows(state, NOW + HOUR), nextWindowChange(state)]).toEqual([true, NOW + 2 * HOUR])
    expect([startWindows(state, NOW + HOUR), names(listPassedWindows(state, NOW + 2 * HOUR - 1))]).toEqual([false, []])
    expect(names(listPassedWindows(state, NOW + 2 * HOUR))).toEqual(['a'])
    countMutedByMaintenance(state, 1)
    expect([1, 0]).toEqual(['a', 'b'].map(name => findMaintenance(state, name).suppressedCount))
    expect(reevaluates(() => endWindow(state, findMaintenance(state, 'a'), NOW + 3 * HOUR, false))).toBe(true)
    expect(findMaintenance(state, 'a')).toMatchObject({
      ended: true,
      started: false,
      endsAt: NOW + 2 * HOUR,
      suppressedCount: 0,
    })
    expect([at(NOW + 3 * HOUR), names(listPassedWindows(state, NOW + 9 * HOUR))]).toEqual([[], ['b']])
  })

  it('ends when somebody ends it, and by cron goes on with its next window', () => {
    expect(endWindow(state, plan('once', NOW), NOW + MINUTE, true)).toMatchObject({ ended: true, endsAt: NOW + MINUTE })
    const daily = plan('daily', NOW, { cron: '0 9 * * *' })
    startWindows(state, NOW)
    const next = { startsAt: NOW + DAY, endsAt: NOW + DAY + HOUR, ended: false, started: false }
    expect(endWindow(state, daily, NOW + MINUTE, true)).toMatchObject(next)
    expect(endWindow(state, { ...daily }, NOW + HOUR, false)).toMatchObject(next)
  })

  it('is kept for 400 days after its end, and while it has not ended', () => {
    for (const name of ['a', 'b', 'c']) plan(name, NOW - 401 * DAY)
    state.prepare(`update maintenances set ended = 1, ends_at = ? where name = 'a'`).run(NOW - 400 * DAY)
    state.prepare(`update maintenances set ended = 1, ends_at = ? where name = 'b'`).run(NOW - 400 * DAY - 1)
    pruneMaintenances(state, NOW)
    expect(names(listMaintenances(state)).sort()).toEqual(['a', 'c'])
  })
})

describe('quiet hours', () => {
  const set = (projectId: number | null, hours: string | null) =>
    setQuietHours(state, projectId, { hours, timeZone: 'UTC', by: 'Ann' }, NOW)

  it('of a project replace those for all, from the first to the last minute', () => {
    expect(readQuietUntil(state, 1, NOW)).toBeNull()
    expect(reevaluates(() => set(null, '09:00-10:00'))).toBe(true)
    set(2, '08:00-12:00')
    set(1, null)
    const until = (project: number | null, at: number) => readQuietUntil(state, project, at)
    expect([until(null, NOW), until(null, NOW - 1), until(null, NOW + HOUR)]).toEqual([NOW + HOUR, null, null])
    expect([until(1, NOW), until(2, NOW), until(3, NOW)]).toEqual([null, NOW + 3 * HOUR, NOW + HOUR])
    expect(set(2, '09:00-09:30')).toMatchObject({ projectId: 2, hours: '09:00-09:30', setAt: NOW })
    expect(listQuietHours(state).map(({ projectId }) => projectId)).toEqual([0, 1, 2])
    expect(reevaluates(() => removeQuietHours(state, 2))).toBe(true)
    expect(until(2, NOW)).toBe(NOW + HOUR)
    removeQuietHours(state, null)
    expect([until(2, NOW), listQuietHours(state).length]).toEqual([null, 1])
  })

  it('remember since when they are in effect, each its own', () => {
    const quiet = set(1, '09:00-10:00')
    set(2, '09:00-10:00')
    setQuietSince(state, quiet, NOW)
    expect(listQuietHours(state).map(({ quietSince }) => quietSince)).toEqual([NOW, null])
  })
})

it('thresholds of a project come before those for all, and those before the defaults', () => {
  expect(readThresholds(state, 1)).toEqual(DEFAULT_THRESHOLDS)
  expect(reevaluates(() => setThresholds(state, null, { stormRate: 7, flapChanges: 3 }))).toBe(true)
  setThresholds(state, 1, { stormRate: 9 })
  setThresholds(state, 1, { stormRate: 8 })
  const read = (project: number | null) => {
    const { stormRate, flapChanges, stormMaxRemaining } = readThresholds(state, project)
    return [stormRate, flapChanges, stormMaxRemaining]
  }
  expect([read(1), read(2), read(null)]).toEqual([
    [8, 3, 10],
    [7, 3, 10],
    [7, 3, 10],
  ])
  state.prepare(`insert into suppression_settings values (0, 'of a later version', 1)`).run()
  expect(readThresholds(state, 1)).not.toHaveProperty('of a later version')
  resetThresholds(state, 1)
  expect(read(1)).toEqual([7, 3, 10])
  resetThresholds(state, null)
  expect(read(null)).toEqual([20, 6, 10])
})

describe('a clock that goes back by an hour', () => {
  const rewind = (wasLeap = false) => rewindAlerts(state, NOW, HOUR, wasLeap)
  const stored = (more: Parameters<typeof storeAlert>[1]) => {
    const { id } = storeAlert(state, more)
    return () => readAlert(state, id)!
  }

  it('moves the timers of open alerts, and what began in its future', () => {
    const timers = { wakeAt: NOW + 2 * HOUR, snoozedUntil: NOW + 3 * HOUR, stableAt: NOW + 4 * HOUR }
    const times = { since: NOW + 1, firedAt: NOW + 2, releasedAt: NOW + 3, acknowledgedAt: NOW + 4 }
    const until = { acknowledgedUntil: NOW + 5 * HOUR, suppressedUntil: NOW + 6 * HOUR, cardUpdateAt: NOW + 7 }
    const open = stored({ ...timers, ...times, ...until, suppression: 'awaiting-cause' })
    const silenced = stored({ suppression: 'silence', suppressedUntil: NOW + 6 * HOUR, since: NOW, firedAt: NOW })
    const over = stored({ state: 'resolved', wakeAt: NOW + 2 * HOUR, firedAt: NOW + 2 })
    expect(reevaluates(() => rewind())).toBe(true)
    expect(open()).toMatchObject({
      ...{ wakeAt: NOW + HOUR, snoozedUntil: NOW + 2 * HOUR, stableAt: NOW + 3 * HOUR, acknowledgedAt: NOW },
      ...{ since: NOW + 1 - HOUR, firedAt: NOW + 2 - HOUR, releasedAt: NOW + 3 - HOUR, cardUpdateAt: NOW + 7 - HOUR },
      ...{ acknowledgedUntil: NOW + 4 * HOUR, suppressedUntil: NOW + 5 * HOUR },
    })
    expect(silenced()).toMatchObject({ suppressedUntil: NOW + 6 * HOUR, since: NOW, firedAt: NOW })
    expect(over()).toMatchObject({ wakeAt: NOW + 2 * HOUR, firedAt: NOW + 2 })
  })

  it('shortens silences, and after a leap only those that were added in it; what the leap ended is in effect again', () => {
    const row = { matcher: '', by: 'Ann', projectId: null }
    const add = (more: object) =>
      state.db
        .insert(silences)
        .values({ ...row, createdAt: NOW, endsAt: NOW + 2 * HOUR, ...more })
        .run()
    add({})
    add({ createdAt: NOW + 1 })
    add({ endedAt: NOW + 1 })
    add({ endedAt: NOW + 1, endedBy: 'Bo' })
    add({ endedAt: NOW + 1, endsAt: NOW })
    add({ endedAt: NOW })
    const rows = () => state.db.select().from(silences).all()
    const ends = () =>
      rows().map(({ endsAt, endedAt }) => [(endsAt - NOW) / HOUR, endedAt === null ? null : endedAt - NOW])
    expect(readSilenceIndex(state).generalCount).toBe(2)
    rewind(true)
    expect(ends()).toEqual([
      [2, null],
      [1, null],
      [2, null],
      [2, 1],
      [0, 1],
      [2, 0],
    ])
    expect(readSilenceIndex(state).generalCount).toBe(3)
    expect(rows()[1]!.createdAt).toBe(NOW)
    rewind()
    expect(ends()).toEqual([
      [1, null],
      [0, null],
      [1, null],
      [2, 1],
      [0, 1],
      [2, 0],
    ])
  })

  it('moves the beginning of quiet hours that began in its future', () => {
    for (const [projectId, quietSince] of [
      [1, NOW],
      [2, NOW + 1],
    ] as const)
      state.db.insert(quietHours).values({ projectId, quietSince, timeZone: 'UTC', by: 'Ann', setAt: 0 }).run()
    rewind()
    expect(listQuietHours(state).map(({ quietSince }) => quietSince! - NOW)).toEqual([0, 1 - HOUR])
  })

  it('keeps the length of a window that was begun by hand, and the time of a planned one', () => {
    const row = { matcher: '', by: 'Ann', projectId: null, timeZone: 'UTC', duration: HOUR, endsAt: NOW + 3 * HOUR }
    const add = (name: string, more: object) =>
      state.db
        .insert(maintenances)
        .values({ ...row, name, createdAt: NOW + 5, startsAt: NOW + 5, started: true, ...more })
        .run()
    add('by hand', {})
    add('planned', { createdAt: NOW })
    add('before', { createdAt: NOW - 5, startsAt: NOW - 5 })
    add('passed', { ended: true, startsAt: NOW + HOUR, endsAt: NOW + 2 * HOUR })
    add('ended early', { ended: true, startsAt: NOW + HOUR, endsAt: NOW + 2 * HOUR - 1 })
    add('over', { ended: true, startsAt: NOW - HOUR, endsAt: NOW })
    add('daily', { cron: '30 9 * * *', startsAt: NOW + DAY + HOUR / 2 })
    add('of today', { cron: '30 9 * * *', startsAt: NOW + HOUR / 2, endsAt: NOW + 1.5 * HOUR, started: false })
    add('daily over', { cron: '30 9 * * *', startsAt: NOW + DAY + HOUR / 2, ended: true, endsAt: NOW + HOUR })
    rewind()
    const moved = (name: string) => {
      const { startsAt, endsAt, started, ended } = findMaintenance(state, name)
      return [startsAt - NOW, (endsAt - NOW) / HOUR, started, ended]
    }
    expect(moved('by hand')).toEqual([5 - HOUR, 2, true, false])
    expect(moved('planned')).toEqual([5, 3, false, false])
    expect(moved('before')).toEqual([-5, 3, true, false])
    expect(moved('passed')).toEqual([HOUR, 2, false, false])
    expect(moved('ended early').at(-1)).toBe(true)
    expect(moved('over').at(-1)).toBe(true)
    expect(moved('daily')).toEqual([HOUR / 2, 1.5, false, false])
    expect(moved('of today')).toEqual([HOUR / 2, 1.5, false, false])
    expect(moved('daily over').at(-1)).toBe(true)
  })
})
