// The scheduler by itself: when it ticks, what a failing tick leaves, and which jobs wait for what.
import { beforeEach, describe, expect, it } from 'vitest'
import { listAlerts, listHistory } from '../alerts/alerts.ts'
import { acknowledgeAlert, fireAlert } from '../alerts/lifecycle.ts'
import type { PlatformStatus } from '../chat/channel.ts'
import { addCheck } from '../checks/checks.ts'
import { lastAlive, listDowntimes, markAlive } from '../checks/downtimes.ts'
import { type Connectivity, initialConnectivity } from '../connectivity/connectivity.ts'
import { listConnectivity } from '../connectivity/states.ts'
import { createRuleKinds } from '../detectors/rules/rule-kind.ts'
import { silentLogger } from '../logger.ts'
import { addEscalation } from '../notifications/routing/escalations.ts'
import { resolveRecipients } from '../notifications/routing/resolve-recipients.ts'
import { Problem } from '../problem.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { StorageHealth } from '../state/storage-health.ts'
import { Rejections } from '../telemetry.ts'
import { aFinding } from '../testing/alerts.ts'
import { createFakeClock, type FakeClock, settled } from '../testing/fake-clock.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { createScheduler, type Scheduler, type SchedulerOptions } from './scheduler.ts'

const START = Date.parse('2026-03-02T09:00:00Z')

let state: State
let clock: FakeClock
let storage: StorageHealth
let connectivity: Connectivity
let chat: PlatformStatus
let mayDelete: boolean
/** What asking the platforms throws. */
let fault: Error | null
let rollbacks: number[]
let scheduler: Scheduler

beforeEach(() => {
  state = memoryState()
  addProject(state, 'shop', START - DAY)
  clock = createFakeClock(START)
  storage = new StorageHealth(state)
  connectivity = initialConnectivity(START)
  chat = { state: 'online', since: START }
  mayDelete = true
  fault = null
  rollbacks = []
  scheduler = created()
})

const created = (more: Partial<SchedulerOptions> = {}) =>
  createScheduler({
    ...{ state, clock, storage, ruleKinds: createRuleKinds([]), logger: silentLogger, takenOverFrom: null },
    ...{ rejections: new Rejections(), notices: { post() {}, close() {}, stop() {} }, probeLogs() {} },
    ...{ isProbing: true, directChannels: () => [], replication: () => null, connectivity: () => connectivity },
    mayDelete: () => mayDelete,
    onClockRollback: ms => void rollbacks.push(ms),
    platforms() {
      if (fault) throw fault
      return [{ name: 'slack', status: chat }]
    },
    ...more,
  })
const tickedAt = () => scheduler.health().lastTickAt! - START
const titles = () => listAlerts(state, { open: true, limit: 10 }).map(({ title }) => title)
/** A check that has beaten once, and whose deadline is at `downAt`. */
const hasCheck = (downAt: number, name = 'nightly') => {
  const draft = { projectId: 1, name, timeZone: 'UTC', grace: MINUTE, every: HOUR, severity: 'critical' as const }
  const { id } = state.transaction(() => addCheck(state, draft, START - DAY))
  const beaten = "update checks set status = 'up', late_at = ?, down_at = ? where id = ?"
  state.transaction(() => state.prepare(beaten).run(downAt - MINUTE, downAt, id))
  return id
}

describe('ticks', () => {
  it('come every 5 s, and one for a deadline at that instant', async () => {
    hasCheck(START + 7 * SECOND)
    scheduler.start()
    await clock.advance(4 * SECOND)
    expect(lastAlive(state)).toBe(START)
    await clock.advance(SECOND)
    expect([tickedAt(), lastAlive(state)]).toEqual([5 * SECOND, START + 5 * SECOND])
    await clock.advance(2 * SECOND - 1)
    expect(titles()).toEqual([])
    await clock.advance(1)
    expect(titles().length).toBe(1)
  })

  it('do not postpone the sign of life for a deadline', async () => {
    hasCheck(START + 3 * SECOND)
    scheduler.start()
    await clock.advance(5 * SECOND)
    expect(lastAlive(state)).toBe(START + 5 * SECOND)
  })

  it('come earlier when an earlier deadline is stored', async () => {
    scheduler.start()
    await clock.advance(SECOND)
    hasCheck(START + 2 * SECOND)
    state.transaction(() => state.emit('deadlines'))
    await clock.advance(SECOND)
    expect(titles().length).toBe(1)
  })

  it('come at once when something around changed, but not before the start and not after the stop', async () => {
    scheduler.wake()
    expect(scheduler.health().lastTickAt).toBeNull()
    scheduler.start()
    await clock.advance(SECOND)
    scheduler.wake()
    expect(tickedAt()).toBe(SECOND)
    scheduler.stop()
    clock.sleep(SECOND)
    scheduler.wake()
    await clock.advance(MINUTE)
    expect(tickedAt()).toBe(SECOND)
  })

  it('come at once when something could be stored again, but not after the stop', async () => {
    const refuse = () =>
      storage.recordRefusal('log lines', new Problem('internal', 'Full.', { isStorage: true }), clock.now())
    scheduler.start()
    await clock.advance(SECOND)
    refuse()
    storage.recordStored('log lines', clock)
    await settled()
    expect([tickedAt(), storage.unclosed('log lines')]).toEqual([SECOND, null])
    refuse()
    scheduler.stop()
    await clock.advance(SECOND)
    storage.recordStored('log lines', clock)
    await settled()
    expect(tickedAt()).toBe(SECOND)
  })

  it('of a mass of overdue checks evaluate 100 each, without a wait between them', async () => {
    for (let i = 0; i < 101; i++) hasCheck(START, `c${i}`)
    const down = () =>
      state.prepare<[], { n: number }>("select count(*) as n from checks where status = 'down'").get()!.n
    scheduler.start()
    expect(down()).toBe(100)
    await clock.advance(0)
    expect(down()).toBe(101)
  })
})

describe('an alert', () => {
  const kinds = () => listHistory(state, 1).map(({ kind }) => kind)
  const fires = (more: object = {}) => fireAlert(state, aFinding('a', clock.now(), more), clock.now())

  it('is reminded of at that instant', async () => {
    fires({ remindEvery: 7 * SECOND })
    scheduler.start()
    await clock.advance(7 * SECOND - 1)
    expect(kinds()).toEqual(['fired'])
    await clock.advance(1)
    expect(kinds()).toEqual(['fired', 'reminded'])
  })

  it('whose acknowledgement ends soon is firing again at that instant, although no tick was due', async () => {
    fires()
    scheduler.start()
    await clock.advance(SECOND)
    acknowledgeAlert(state, 1, 'Ann', null, clock.now(), clock.now() + 2 * SECOND)
    await clock.advance(2 * SECOND - 1)
    expect(listAlerts(state, { limit: 1 })[0]!.state).toBe('acknowledged')
    await clock.advance(1)
    expect(listAlerts(state, { limit: 1 })[0]!.state).toBe('firing')
  })

  it('that nobody acknowledged is escalated at that instant', async () => {
    const made = { name: 'late', matcher: '', to: ['@here'], repeat: 0, setBy: 'Ann', createdAt: START }
    addEscalation(state, { ...made, afterMs: 7 * SECOND })
    fires()
    resolveRecipients(state, START)
    scheduler.start()
    await clock.advance(7 * SECOND - 1)
    expect(kinds()).toEqual(['fired'])
    await clock.advance(1)
    expect(kinds()).toEqual(['fired', 'escalated'])
  })
})

describe('while beats cannot be stored', () => {
  it('no check is evaluated, until they can be', async () => {
    hasCheck(START + 2 * SECOND)
    scheduler.start()
    storage.recordRefusal('beats', new Problem('internal', 'Full.', { isStorage: true }), clock.now())
    await clock.advance(10 * SECOND)
    expect(titles()).toEqual([])
    storage.recordStored('beats', clock)
    await clock.advance(20 * MINUTE)
    expect(titles().length).toBe(1)
  })

  it('people are told after a minute', async () => {
    scheduler = created({
      probeLogs() {
        throw new Error('full')
      },
    })
    scheduler.start()
    storage.recordRefusal('log lines', new Problem('internal', 'Full.', { isStorage: true }), clock.now())
    await clock.advance(MINUTE - 1)
    expect(titles()).toEqual([])
    await clock.advance(5 * SECOND)
    expect(titles()).toEqual(['Vakt cannot store log lines'])
  })
})

describe('a time without ticks', () => {
  const downtimes = () => listDowntimes(state, 9).map(({ kind, from, to }) => [kind, from - START, to - START])

  it('is sleep, unless the process was busy', async () => {
    scheduler.start()
    await clock.advance(5 * SECOND)
    clock.stall(MINUTE)
    await clock.advance(5 * SECOND)
    clock.stall(MINUTE)
    await clock.advance(5 * SECOND)
    expect(downtimes()).toEqual([])
    const before = clock.now() - START
    clock.sleep(MINUTE)
    await clock.advance(0)
    expect(downtimes()).toEqual([['asleep', before, before + MINUTE]])
  })

  it('before the start is one in which Vakt was stopped', () => {
    markAlive(state, START - MINUTE)
    scheduler.start()
    expect(downtimes()).toEqual([['stopped', -MINUTE, 0]])
  })
})

describe('health', () => {
  it('is good from the start to the stop, until 15 s after the last tick', async () => {
    expect(scheduler.health()).toEqual({ healthy: false, lastTickAt: null, error: null })
    scheduler.start()
    expect(scheduler.health()).toEqual({ healthy: true, lastTickAt: START, error: null })
    clock.sleep(15 * SECOND)
    expect(scheduler.health().healthy).toBe(true)
    clock.sleep(1)
    expect(scheduler.health().healthy).toBe(false)
    await clock.advance(0)
    expect(scheduler.health().healthy).toBe(true)
    scheduler.stop()
    expect(scheduler.health().healthy).toBe(false)
  })

  it('is bad after a tick that failed, which is tried again after 1 s', async () => {
    scheduler.start()
    fault = new Error('the chat is gone')
    scheduler.wake()
    expect(scheduler.health()).toEqual({ healthy: false, lastTickAt: START, error: 'the chat is gone' })
    await clock.advance(SECOND - 1)
    expect(tickedAt()).toBe(0)
    await clock.advance(1)
    expect([tickedAt(), scheduler.health().healthy]).toEqual([SECOND, false])
    fault = null
    await clock.advance(SECOND)
    expect(scheduler.health()).toEqual({ healthy: true, lastTickAt: START + 2 * SECOND, error: null })
  })

  it('of a tick that storage refused is an outage', () => {
    scheduler.start()
    fault = new Problem('internal', 'The disk is full.', { isStorage: true })
    scheduler.wake()
    expect(storage.unclosed('beats')?.message).toBe('The disk is full.')
  })
})

describe('the connectivity', () => {
  const rows = () => listConnectivity(state, { limit: 10 }).map(row => [row.state, row.from - START, row.to - START])

  it('is recorded every 15 s, and at once when it changes', async () => {
    scheduler.start()
    await clock.advance(15 * SECOND - 1)
    expect(rows()).toEqual([['online', 0, 0]])
    await clock.advance(1)
    expect(rows()).toEqual([['online', 0, 15 * SECOND]])
    await clock.advance(2 * SECOND)
    connectivity = { ...connectivity, state: 'degraded', since: clock.now() }
    scheduler.wake()
    expect(rows()[0]).toEqual(['degraded', 17 * SECOND, 17 * SECOND])
    await clock.advance(SECOND)
    scheduler.wake()
    expect(rows()[0]).toEqual(['degraded', 17 * SECOND, 17 * SECOND])
  })

  it('is not recorded where nothing is probed', () => {
    created({ isProbing: false }).start()
    expect(rows()).toEqual([])
  })

  it('that is lost keeps checks from being evaluated, except those of the local network', async () => {
    hasCheck(START + SECOND, 'far')
    state.prepare('update checks set lan = 1 where id = ?').run(hasCheck(START + SECOND, 'near'))
    scheduler.start()
    connectivity = { ...connectivity, failedRounds: 1 }
    await clock.advance(5 * SECOND)
    expect(titles().join()).toContain('near')
    expect(titles().join()).not.toContain('far')
    connectivity = initialConnectivity(clock.now())
    await clock.advance(5 * SECOND)
    expect(titles().join()).toContain('far')
  })
})

describe('a chat that lost its connection', () => {
  it('is reported a minute later, to the instant, although nothing is written meanwhile', async () => {
    scheduler.start()
    await clock.advance(2 * SECOND)
    chat = { state: 'lost', since: clock.now() }
    scheduler.wake()
    await clock.advance(MINUTE - 1)
    expect(titles()).toEqual([])
    await clock.advance(1)
    expect(titles()).toEqual(['Slack cannot be reached'])
  })
})

describe('old rows', () => {
  const hasOldRows = () => {
    for (let i = 0; i < 2; i++)
      state.prepare("insert into downtimes (kind, from_at, to_at) values ('stopped', 0, 1)").run()
  }
  const count = () => listDowntimes(state, 10).length

  it('are deleted at the start and then every hour', async () => {
    hasOldRows()
    scheduler.start()
    expect(count()).toBe(1)
    hasOldRows()
    await clock.advance(HOUR - 1)
    expect(count()).toBe(3)
    await clock.advance(1)
    expect(count()).toBe(1)
  })

  it('stay while the clock is not certain, and are deleted once it is', async () => {
    mayDelete = false
    hasOldRows()
    scheduler.start()
    await clock.advance(MINUTE)
    expect(count()).toBe(2)
    mayDelete = true
    await clock.advance(5 * SECOND)
    expect(count()).toBe(1)
  })
})

describe('a clock that goes back', () => {
  it('is told once, and everything is due again from the new time', async () => {
    scheduler.start()
    await clock.advance(HOUR)
    clock.sleep(-30 * MINUTE)
    scheduler.wake()
    expect(rollbacks).toEqual([30 * MINUTE])
    expect(lastAlive(state)).toBe(START + 30 * MINUTE)
    await clock.advance(5 * SECOND)
    expect([rollbacks.length, tickedAt()]).toEqual([1, 30 * MINUTE + 5 * SECOND])
    expect(lastAlive(state)).toBe(START + 30 * MINUTE + 5 * SECOND)
  })

  it('while Vakt was stopped is noticed at the start, and is no downtime', () => {
    markAlive(state, START + MINUTE)
    scheduler.start()
    expect([rollbacks, listDowntimes(state, 1)]).toEqual([[MINUTE], []])
  })

  it('by a few seconds is jitter', async () => {
    scheduler.start()
    await clock.advance(MINUTE)
    clock.sleep(-5 * SECOND)
    scheduler.wake()
    expect(rollbacks).toEqual([])
  })
})

describe('the stop', () => {
  it('is the last sign of life', async () => {
    scheduler.start()
    await clock.advance(5 * SECOND)
    clock.sleep(3 * SECOND)
    scheduler.stop()
    expect(lastAlive(state)).toBe(START + 8 * SECOND)
  })

  it('succeeds while the database refuses it, and hides no other fault', () => {
    const fail = (error: Error) => {
      scheduler = created({
        connectivity() {
          throw error
        },
        isProbing: false,
      })
      return scheduler
    }
    expect(() => fail(new Problem('internal', 'The disk is full.', { isStorage: true })).stop()).not.toThrow()
    expect(() => fail(new Problem('internal', 'Wrong.')).stop()).toThrow('Wrong.')
    expect(() => fail(new TypeError('broken')).stop()).toThrow('broken')
  })

  it('is none while offline', async () => {
    scheduler.start()
    connectivity = { ...connectivity, failedRounds: 1 }
    clock.sleep(3 * SECOND)
    scheduler.stop()
    expect(lastAlive(state)).toBe(START)
  })
})
