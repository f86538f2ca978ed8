// The downtime monitor by itself: which gaps count, what is recorded of them, and what can be evaluated meanwhile.
import { beforeEach, describe, expect, it } from 'vitest'
import { listAlerts } from '../alerts/alerts.ts'
import { fireAlert } from '../alerts/lifecycle.ts'
import { lastAlive, listDowntimes, markAlive } from '../checks/downtimes.ts'
import { type Connectivity, initialConnectivity } from '../connectivity/connectivity.ts'
import { offlineFinding } from '../detectors/downtime.ts'
import { storageFinding } from '../detectors/storage.ts'
import { silentLogger } from '../logger.ts'
import { Problem } from '../problem.ts'
import { memoryState, type State } from '../state/database.ts'
import { StorageHealth, type StoredThing } from '../state/storage-health.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { createDowntimeMonitor } from './downtime-monitor.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const GAP_MS = 15 * SECOND

let state: State
let storage: StorageHealth
let connectivity: Connectivity
let reported: StoredThing[]
let closed: string[]

beforeEach(() => {
  state = memoryState()
  storage = new StorageHealth(state)
  connectivity = initialConnectivity(NOW)
  reported = []
  closed = []
})

const monitorOf = (takenOverFrom: string | null = null) =>
  createDowntimeMonitor({
    ...{ state, storage, takenOverFrom, logger: silentLogger, connectivity: () => connectivity },
    storageMonitor: {
      tick() {},
      isReported: thing => reported.includes(thing),
      close: (thing, card) => closed.push(`${thing}: ${card.title}`),
    },
  })
const recorded = () => listDowntimes(state, 10).map(({ kind, from, to }) => [kind, from - NOW, to - NOW])
const alerts = () => listAlerts(state, { limit: 10 }).map(alert => [alert.title, alert.state, alert.since - NOW])
const refuse = (thing: StoredThing, at: number) =>
  storage.recordRefusal(thing, new Problem('internal', 'The disk is full.', { isStorage: true }), at)
const stored = (thing: StoredThing, at: number) => storage.recordStored(thing, { now: () => at })
const goesOffline = (changes: Partial<Connectivity> = {}) => {
  connectivity = { state: 'offline', since: NOW, failedRounds: 2, failingSince: NOW, lastSuccessAt: NOW, ...changes }
}

describe('at the start', () => {
  it.each([
    ['never before', null, []],
    ['a moment before', NOW - 1, [['stopped', -1, 0]]],
    ['at the same instant', NOW, []],
    ['later, by a clock that was wrong', NOW + 1, []],
  ])('Vakt that was alive %s accounts for the time since', (_, lastAliveAt, downtimes) => {
    monitorOf().start(lastAliveAt, NOW)
    expect([recorded(), lastAlive(state)]).toEqual([downtimes, NOW])
    expect(alerts()).toEqual([])
  })

  it('an alert tells how long Vakt was stopped, and is over', () => {
    monitorOf().start(NOW - HOUR, NOW)
    expect(alerts()).toEqual([['Vakt was not running for 1h', 'resolved', -HOUR]])
  })

  it('what was wrong before is over until it is seen again', () => {
    for (const finding of [
      offlineFinding(NOW - HOUR),
      storageFinding('beats', NOW - HOUR, ''),
      storageFinding('log lines', NOW - HOUR, ''),
    ])
      fireAlert(state, finding, NOW - HOUR)
    monitorOf().start(null, NOW)
    expect(alerts().map(([, is]) => is)).toEqual(['resolved', 'resolved', 'resolved'])
  })

  it('a Vakt that takes over counts from the newest instant of the copied state, and not from its own sign of life', () => {
    markAlive(state, NOW - 30 * SECOND)
    monitorOf('vakt-a').start(NOW - HOUR, NOW)
    expect(recorded()).toEqual([['takeover', -30 * SECOND, 0]])
    expect(alerts()).toEqual([['Taken over from vakt-a; up to 30 s of beats may be missing', 'resolved', -30 * SECOND]])
  })

  it('a Vakt that takes over an empty state has missed nothing', () => {
    monitorOf('vakt-a').start(null, NOW)
    expect([recorded(), alerts(), lastAlive(state)]).toEqual([[], [], NOW])
  })

  it('a state that was not taken over is not reported as one', () => {
    markAlive(state, NOW - 30 * SECOND)
    monitorOf().start(NOW - 30 * SECOND, NOW)
    expect(recorded()).toEqual([['stopped', -30 * SECOND, 0]])
  })
})

describe('between two ticks', () => {
  it.each([
    ['the first tick follows nothing', null, 0, []],
    ['a gap of 15 s is jitter', GAP_MS, 0, []],
    ['a longer gap is sleep', GAP_MS + 1, 0, [['asleep', -GAP_MS - 1, 0]]],
    ['a busy process does not sleep', HOUR, HOUR, []],
    ['a process that was busy for longer than the gap does not, either', HOUR, 2 * HOUR, []],
    ['only the time in which it was not busy is sleep', HOUR, HOUR - MINUTE, [['asleep', -MINUTE, 0]]],
    ['busy for all but 15 s', HOUR, HOUR - GAP_MS, []],
  ])('%s', (_, gapMs, busyMs, downtimes) => {
    monitorOf().tick(gapMs === null ? null : NOW - gapMs, NOW, busyMs)
    expect(recorded()).toEqual(downtimes)
    expect(lastAlive(state)).toBe(downtimes.length > 0 ? NOW : null)
  })

  it('waking up is no sign of life while beats cannot be stored', () => {
    refuse('beats', NOW)
    monitorOf().tick(NOW - HOUR, NOW, 0)
    expect([recorded().length, lastAlive(state)]).toEqual([1, null])
  })
})

describe('while offline', () => {
  it('one failed round pauses the evaluation and the signs of life, and is no downtime', () => {
    const monitor = monitorOf()
    connectivity = { ...connectivity, failedRounds: 1, failingSince: NOW }
    monitor.tick(NOW - 5 * SECOND, NOW, 0)
    monitor.markAlive(NOW)
    expect([monitor.reachable(), monitor.hasLogs(), lastAlive(state)]).toEqual(['lan', false, null])
    connectivity = initialConnectivity(NOW)
    monitor.tick(NOW, NOW + 5 * SECOND, 0)
    monitor.markAlive(NOW + 5 * SECOND)
    expect([monitor.reachable(), monitor.hasLogs(), lastAlive(state)]).toEqual(['all', true, NOW + 5 * SECOND])
    expect([recorded(), alerts()]).toEqual([[], []])
  })

  it.each([
    ['the last success, where signs of life came later', -10 * SECOND, -40 * SECOND],
    ['the last sign of life, where that is older', -HOUR, -HOUR],
    ['the last success, where there was none', null, -40 * SECOND],
  ])('a restart counts from %s', (_, alive, from) => {
    if (alive !== null) markAlive(state, NOW + alive)
    goesOffline({ lastSuccessAt: NOW - 40 * SECOND, failingSince: NOW - 20 * SECOND })
    monitorOf().tick(null, NOW, 0)
    expect(lastAlive(state)).toBe(NOW + from)
    expect(alerts()).toEqual([['Vakt is offline', 'firing', -20 * SECOND]])
  })

  it.each([
    ['the first round that failed', { failingSince: NOW - 20 * SECOND, lastSuccessAt: NOW - MINUTE }, -20 * SECOND],
    ['the last success where that is not known', { failingSince: null, lastSuccessAt: NOW - MINUTE }, -MINUTE],
    ['now where the clock says later', { failingSince: NOW + 1, lastSuccessAt: NOW + 1 }, 0],
  ])('the alert counts from %s', (_, changes, since) => {
    goesOffline(changes)
    monitorOf().tick(null, NOW, 0)
    expect(alerts()).toEqual([['Vakt is offline', 'firing', since]])
  })

  it('deadlines are extended until the answers arrived, and people read until when the network was away', () => {
    const monitor = monitorOf()
    goesOffline({ lastSuccessAt: NOW - MINUTE, failingSince: NOW - 30 * SECOND })
    monitor.tick(null, NOW, 0)
    goesOffline({ lastSuccessAt: NOW - MINUTE, failingSince: NOW - 10 * SECOND })
    monitor.tick(NOW, NOW + 5 * SECOND, 0)
    monitor.markAlive(NOW + 5 * SECOND)
    expect([monitor.reachable(), lastAlive(state), recorded()]).toEqual(['lan', NOW - MINUTE, []])
    connectivity = { ...initialConnectivity(NOW + 9.5 * MINUTE), failedRounds: 1 }
    monitor.tick(NOW + 5 * SECOND, NOW + 10 * SECOND, 0)
    expect([monitor.reachable(), recorded()]).toEqual(['lan', []])
    connectivity = initialConnectivity(NOW + 9.5 * MINUTE)
    monitor.tick(NOW + 10 * MINUTE, NOW + 10 * MINUTE, 0)
    expect(recorded()).toEqual([['offline', -MINUTE, 10 * MINUTE]])
    expect(alerts()).toEqual([['Vakt was offline for 10m', 'resolved', -30 * SECOND]])
    expect([monitor.reachable(), monitor.hasLogs(), lastAlive(state)]).toEqual(['all', true, NOW + 10 * MINUTE])
    monitor.tick(NOW + 10 * MINUTE, NOW + 10 * MINUTE + SECOND, 0)
    expect(recorded().length).toBe(1)
  })

  it('a clock that goes back moves its beginning to now', () => {
    const monitor = monitorOf()
    goesOffline({ lastSuccessAt: NOW - SECOND, failingSince: NOW })
    refuse('log lines', NOW)
    monitor.tick(null, NOW, 0)
    monitor.rewind(NOW - HOUR)
    expect(storage.unclosed('log lines')?.since).toBe(NOW - HOUR)
    connectivity = initialConnectivity(NOW - HOUR + MINUTE)
    monitor.tick(NOW - HOUR + MINUTE, NOW - HOUR + MINUTE, 0)
    expect(recorded()).toEqual([['offline', -HOUR, -HOUR + MINUTE]])
  })

  it('a clock that goes back less changes nothing of what was before', () => {
    const monitor = monitorOf()
    goesOffline({ lastSuccessAt: NOW - HOUR, failingSince: NOW - HOUR })
    monitor.tick(null, NOW, 0)
    monitor.rewind(NOW - MINUTE)
    connectivity = initialConnectivity(NOW)
    monitor.tick(NOW, NOW, 0)
    expect(recorded()).toEqual([['offline', -HOUR, 0]])
    expect(alerts()).toEqual([['Vakt was offline for 1h', 'resolved', -HOUR]])
  })
})

describe('while storage refuses', () => {
  it.each([
    ['beats', 'none', false, null],
    ['log lines', 'all', false, NOW],
  ] as const)('%s: which checks and rules can be evaluated', (thing, reachable, hasLogs, alive) => {
    const monitor = monitorOf()
    refuse(thing, NOW)
    monitor.markAlive(NOW)
    expect([monitor.reachable(), monitor.hasLogs(), lastAlive(state)]).toEqual([reachable, hasLogs, alive])
  })

  it.each([
    ['beats', 'storage'],
    ['log lines', 'log-storage'],
  ] as const)('%s: the downtime is recorded once something was stored', (thing, kind) => {
    const monitor = monitorOf()
    refuse(thing, NOW)
    monitor.tick(NOW, NOW + 5 * SECOND, 0)
    expect(recorded()).toEqual([])
    stored(thing, NOW + 10 * SECOND)
    monitor.tick(NOW + 5 * SECOND, NOW + 12 * SECOND, 0)
    expect(recorded()).toEqual([[kind, 0, 10 * SECOND]])
    expect(closed).toEqual([`${thing}: Resolved: Vakt can store ${thing} again, after 10s`])
    expect([monitor.reachable(), monitor.hasLogs(), lastAlive(state)]).toEqual(['all', true, NOW + 12 * SECOND])
    expect(alerts()).toEqual([])
  })

  it.each([
    ['was not reported', [], '20s', []],
    ['was reported', ['beats'], '50s', [['Vakt could not store beats for 50s', 'resolved', 0]]],
  ] as const)('trouble in two parts that %s', (_, things, shown, shownAlerts) => {
    const monitor = monitorOf()
    refuse('beats', NOW)
    stored('beats', NOW + 10 * SECOND)
    monitor.tick(NOW, NOW + 10 * SECOND, 0)
    reported = [...things]
    refuse('beats', NOW + 30 * SECOND)
    stored('beats', NOW + 50 * SECOND)
    monitor.tick(NOW + 40 * SECOND, NOW + 50 * SECOND, 0)
    expect(recorded()).toEqual([
      ['storage', 30 * SECOND, 50 * SECOND],
      ['storage', 0, 10 * SECOND],
    ])
    expect(closed.at(-1)).toContain(`after ${shown}`)
    expect(alerts()).toEqual(shownAlerts)
  })
})
