// The sign of life of a satellite: the time in which it slept or did not run is known, and no other.
import { beforeEach, expect, it } from 'vitest'
import { lastAlive, MIN_DOWNTIME_MS, markAlive } from '../../checks/downtimes.ts'
import { silentLogger } from '../../logger.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts'
import { type StorageFaults, withFaults } from '../../testing/storage-faults.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { createAlive } from './alive.ts'

const START = Date.parse('2026-03-02T09:00:00Z')

let state: State
let faults: StorageFaults
let clock: FakeClock
let downtimes: number[]
let errors: number
let alive: ReturnType<typeof createAlive>

beforeEach(() => {
  state = memoryState()
  faults = withFaults(state)
  clock = createFakeClock(START)
  downtimes = []
  errors = 0
  alive = createAlive({
    ...{ state, clock },
    logger: { ...silentLogger, error: () => errors++ },
    onDowntime: from => downtimes.push(from),
  })
})

it('comes every five seconds and at a stop, and not after it', async () => {
  alive.start()
  expect(lastAlive(state)).toBe(START)
  await clock.advance(9 * SECOND)
  expect(lastAlive(state)).toBe(START + 5 * SECOND)
  alive.stop()
  expect(lastAlive(state)).toBe(START + 9 * SECOND)
  await clock.advance(MINUTE)
  expect([lastAlive(state), downtimes]).toEqual([START + 9 * SECOND, []])
})

it('knows a sleep from the last sign of life on, unless it was short', async () => {
  alive.start()
  clock.sleep(5 * SECOND + MIN_DOWNTIME_MS)
  await clock.advance(0)
  expect(downtimes).toEqual([])
  const last = clock.now()
  clock.sleep(5 * SECOND + MIN_DOWNTIME_MS + 1)
  await clock.advance(0)
  await clock.advance(MINUTE)
  expect(downtimes).toEqual([last])
})

it('a time before the start is no sleep', async () => {
  clock.sleep(MINUTE)
  alive.start()
  expect(downtimes).toEqual([])
})

it('knows since when it did not run, but not before its first sign of life', () => {
  alive.recordDowntime()
  expect([downtimes, lastAlive(state)]).toEqual([[], START])
  alive.recordDowntime()
  expect(downtimes).toEqual([])
  clock.sleep(SECOND)
  alive.recordDowntime()
  expect([downtimes, lastAlive(state)]).toEqual([[START], START + SECOND])
  markAlive(state, clock.now() + MINUTE)
  alive.recordDowntime()
  expect(downtimes).toEqual([START])
})

it('says why nothing can be stored, and logs it once, until it can again', async () => {
  alive.start()
  expect(alive.fault()).toBeNull()
  faults.fail()
  await clock.advance(10 * SECOND)
  expect(alive.fault()).toMatch(/^The disk with Vakt.s data is full/)
  expect(errors).toBe(1)
  faults.heal()
  await clock.advance(5 * SECOND)
  expect(alive.fault()).toBeNull()
  faults.fail()
  await clock.advance(5 * SECOND)
  expect(errors).toBe(2)
})
