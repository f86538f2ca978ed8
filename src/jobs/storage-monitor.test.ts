// The storage monitor by itself: when an outage is probed and reported, and when a chat is reached without the database.
import { beforeEach, describe, expect, it } from 'vitest'
import { listAlerts } from '../alerts/alerts.ts'
import type { Card } from '../card.ts'
import { DAMAGE_KEY, STORAGE_KEYS } from '../detectors/storage.ts'
import { silentLogger } from '../logger.ts'
import { Problem } from '../problem.ts'
import { memoryState, type State } from '../state/database.ts'
import { StorageHealth } from '../state/storage-health.ts'
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts'
import { MINUTE, SECOND } from '../time.ts'
import { createStorageMonitor, type StorageMonitor } from './storage-monitor.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const DONE: Card = { title: 'Resolved', tone: 'good', lines: [] }

let state: State
let storage: StorageHealth
let clock: FakeClock
let posted: string[]
let closed: string[]
let errors: string[]
/** What probing the log store throws; null when lines can be stored. */
let fault: Error | null
let probes: number
let monitor: StorageMonitor
/** What the file of the database has: null is not checked yet or whole. */
let file: { damage: string | null }

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  posted = []
  closed = []
  errors = []
  fault = null
  probes = 0
  file = { damage: null }
  storage = new StorageHealth({
    get damage() {
      return file.damage
    },
    check: () => null,
  } as unknown as State)
  monitor = createStorageMonitor({
    ...{ state, storage, clock },
    notices: { post: (key, card) => posted.push(`${key} ${card.title}`), close: key => closed.push(key), stop() {} },
    logger: { ...silentLogger, error: message => errors.push(message) },
    probeLogs() {
      probes++
      if (fault) throw fault
    },
  })
})

const refuse = (thing: 'beats' | 'log lines' = 'log lines') => {
  storage.recordRefusal(thing, new Problem('internal', 'The disk is full.', { isStorage: true }), clock.now())
}
const tickAt = (ms: number) => {
  clock.sleep(START + ms - clock.now())
  monitor.tick(clock.now())
}
const titles = () => listAlerts(state, { open: true, limit: 10 }).map(({ title }) => title)
/** The alert of the monitor goes to a channel, which shows it or does not. */
function hasRecipient(shownVersion: number, ref: string | null = null, channel = 'ops'): void {
  state.prepare('insert into channels (id, name, added_at) values (?, ?, 0)').run(channel, channel)
  const recipient =
    "insert into recipients (alert_id, channel_id, mention, since, why) select id, ?, '[]', 0, '' from alerts"
  state.prepare(recipient).run(channel)
  const shown = 'insert into notifications (alert_id, channel_id, shown_version, ref) select id, ?, ?, ? from alerts'
  state.prepare(shown).run(channel, shownVersion, ref)
}

describe('an outage', () => {
  it.each([
    ['beats', 15 * SECOND],
    ['log lines', MINUTE],
  ] as const)('of %s ends by a probe once nothing was refused for a while', (thing, quietMs) => {
    refuse(thing)
    tickAt(quietMs - 1)
    expect(storage.over(thing, clock.now())).toBeNull()
    tickAt(quietMs)
    expect(storage.over(thing, clock.now())?.storedAt).toBe(START + quietMs)
  })

  it('goes on while the probe fails, and is not probed once something was stored', () => {
    refuse()
    fault = new Error('still full')
    tickAt(MINUTE)
    expect([probes, storage.over('log lines', clock.now())]).toEqual([1, null])
    storage.recordStored('log lines', clock)
    tickAt(2 * MINUTE)
    expect(probes).toBe(1)
  })

  it('rehearses what was refused before it counts as over', () => {
    const full = Object.assign(new Error('full'), { code: 'SQLITE_FULL' })
    let isFull = true
    const rehearse = () => {
      if (isFull) throw full
    }
    refuse('beats')
    storage.unclosed('beats')!.rehearse = rehearse
    tickAt(15 * SECOND)
    expect(storage.over('beats', clock.now())).toBeNull()
    isFull = false
    tickAt(16 * SECOND)
    expect(storage.over('beats', clock.now())).not.toBeNull()
  })

  it('is an alert once it has lasted a minute, and no second one', () => {
    fault = new Error('full')
    refuse()
    tickAt(MINUTE - 1)
    expect([titles(), monitor.isReported('log lines')]).toEqual([[], false])
    tickAt(MINUTE)
    expect([titles(), errors]).toEqual([['Vakt cannot store log lines'], ['Vakt cannot store log lines']])
    expect([monitor.isReported('log lines'), monitor.isReported('beats')]).toEqual([true, false])
    tickAt(2 * MINUTE)
    expect([titles().length, errors.length]).toEqual([1, 1])
  })

  it('that is over is none, although it was not closed yet', () => {
    refuse()
    clock.sleep(MINUTE)
    storage.recordStored('log lines', clock)
    tickAt(2 * MINUTE)
    expect(titles()).toEqual([])
  })

  it('is reported again after its end', () => {
    fault = new Error('full')
    refuse()
    tickAt(MINUTE)
    monitor.close('log lines', DONE)
    expect([closed, monitor.isReported('log lines')]).toEqual([[STORAGE_KEYS['log lines']], false])
  })
})

describe('a chat is reached without the database', () => {
  beforeEach(() => {
    fault = new Error('full')
    refuse()
    tickAt(MINUTE)
  })

  it('when it has not got the alert after 15 s, once', () => {
    hasRecipient(0)
    tickAt(MINUTE + 15 * SECOND - 1)
    expect(posted).toEqual([])
    tickAt(MINUTE + 15 * SECOND)
    expect(posted.length).toBe(1)
    tickAt(2 * MINUTE)
    expect(posted).toEqual(['storage:log-lines Critical: Vakt cannot store log lines'])
  })

  it('not when it shows the alert, in whatever version', () => {
    hasRecipient(1, 'ops/1')
    tickAt(2 * MINUTE)
    expect(posted).toEqual([])
  })

  it('not when another chat shows it', () => {
    hasRecipient(0)
    hasRecipient(1, 'team/1', 'team')
    tickAt(2 * MINUTE)
    expect(posted).toEqual([])
  })

  it('not when a chat refused the alert', () => {
    hasRecipient(0)
    state.prepare('update notifications set failed_version = (select version from alerts)').run()
    tickAt(2 * MINUTE)
    expect(posted).toEqual([])
  })

  it('not when nobody is to get the alert', () => {
    tickAt(2 * MINUTE)
    expect(posted).toEqual([])
  })

  it('when one cannot even be read which chats have it', () => {
    state.prepare('drop table recipients').run()
    tickAt(2 * MINUTE)
    expect(posted.length).toBe(1)
  })
})

it('a chat is reached at once when the database cannot hold the alert', () => {
  fault = new Error('full')
  refuse()
  state.prepare('drop table alerts').run()
  tickAt(MINUTE)
  tickAt(MINUTE + SECOND)
  expect(posted).toEqual(['storage:log-lines Critical: Vakt cannot store log lines'])
})

describe('damage', () => {
  it('is an alert from when it was noticed first', () => {
    file.damage = 'row 1 missing'
    tickAt(5 * SECOND)
    tickAt(10 * SECOND)
    const [alert] = listAlerts(state, { open: true, limit: 10 })
    expect(alert).toMatchObject({ key: DAMAGE_KEY, since: START + 5 * SECOND })
    expect(errors.length).toBe(1)
  })

  it('that an earlier Vakt reported is over when the database is whole', () => {
    file.damage = 'row 1 missing'
    tickAt(0)
    expect(titles().length).toBe(1)
    file.damage = null
    Object.defineProperty(state, 'damage', { value: undefined, writable: true })
    tickAt(SECOND)
    expect(titles().length).toBe(1)
    Object.defineProperty(state, 'damage', { value: null })
    tickAt(2 * SECOND)
    expect(titles()).toEqual([])
  })
})
