// Response times and availability: packed results, the time that each stands for, and what remains of a day.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Check } from '../checks/check.ts'
import { addCheck } from '../checks/checks.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState } from '../state/database.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { coveredUntil, responseTimes, upShare } from './availability.ts'
import { pruneMeasurements, readDays, readResults, readUpTime, recordMeasurement } from './measurements.ts'
import { addResult, unpackResults } from './packed-results.ts'
import { nextProbe, spreadOf } from './probe.ts'

const START = Date.parse('2026-03-02T00:00:00Z')

describe('a packed result', () => {
  it('keeps its time within 100 ms, its outcome, and the response time within 0.1 %', () => {
    const result = fc.record({
      at: fc.integer({ min: START, max: START + HOUR - 1 }),
      ok: fc.boolean(),
      durationMs: fc.option(fc.double({ min: 0, max: 60_000, noNaN: true })),
    })
    fc.assert(
      fc.property(fc.array(result, { maxLength: 20 }), results => {
        const packed = results.reduce(addResult, Buffer.alloc(0))
        expect(packed.length).toBe(4 * results.length)
        for (const [i, read] of unpackResults(START, packed).entries()) {
          const { at, ok, durationMs } = results[i]!
          expect([read.ok, Math.abs(at - read.at) < 100]).toEqual([ok, true])
          if (durationMs === null) expect(read.durationMs).toBeNull()
          else expect(Math.abs(durationMs - read.durationMs!)).toBeLessThanOrEqual(Math.max(0.06, durationMs * 0.002))
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('a result stands for its target', () => {
  it.each([
    [60, 60],
    [130, 130],
    [151, 60],
    [7_200, 60],
  ])('when the next comes after %i s of a minute: for %i s', (seconds, covered) => {
    expect(coveredUntil(0, seconds * SECOND, MINUTE, 30 * SECOND)).toBe(covered * SECOND)
  })
})

describe('percentiles', () => {
  it('are those of the answers, by the nearest rank', () => {
    const times = Array.from({ length: 100 }, (_, i) => ({ at: 0, ok: i !== 99, durationMs: i + 1 }))
    expect(responseTimes(times)).toEqual({ p50: 50, p95: 95, maximum: 99 })
    expect(responseTimes([{ at: 0, ok: false, durationMs: 5 }])).toEqual({ p50: null, p95: null, maximum: null })
  })
})

describe('availability', () => {
  const state = memoryState()
  const project = addProject(state, 'shop', START)
  const draft = {
    projectId: project.id,
    name: 'p',
    timeZone: 'UTC',
    grace: 0,
    severity: 'critical',
    every: MINUTE,
  } as const
  const { id } = state.transaction(() => addCheck(state, { ...draft, probed: true }, START))

  it('of hours, and of days whose results are gone, is the share of the known time', () => {
    // Twenty days of a probe every six hours, down for the first quarter of each day.
    for (let at = START; at <= START + 20 * DAY; at += 6 * HOUR) {
      const ok = at % DAY !== 0
      const covered = at === START ? null : { from: at - 6 * HOUR, until: at, isUp: (at - 6 * HOUR) % DAY !== 0 }
      recordMeasurement(state, id, { at, ok, durationMs: ok ? 100 : null }, covered)
    }
    const now = START + 20 * DAY
    const read = () => [DAY, 7 * DAY, 30 * DAY].map(ms => upShare(readUpTime(state, id, now - ms, now + 1)))
    const days = readDays(state, id, START, now)
    expect(read()).toEqual([0.75, 0.75, 0.75])
    pruneMeasurements(state, now)
    expect(read()).toEqual([0.75, 0.75, 0.75])
    expect(readDays(state, id, START, now)).toEqual(days)
    expect(days[0]).toMatchObject({ day: START, upMs: 18 * HOUR, downMs: 6 * HOUR, succeeded: 3, failed: 1, p50: 100 })
    expect(readResults(state, id, START, now).length).toBe(8 * 4)
    expect(readUpTime(state, id, now - 6 * HOUR, now)).toEqual({ upMs: 6 * HOUR, downMs: 0 })
  })

  it('of nothing is not known', () => {
    expect(upShare(readUpTime(state, id, START - 9 * DAY, START - 8 * DAY))).toBeNull()
  })
})

describe('the next probe', () => {
  const uuid = '2f9a6f6b-1f0f-4d2c-9c5c-3a1b2c3d4e5f'
  const check = (changes: Partial<Check>) =>
    ({
      uuid,
      every: MINUTE,
      everyDays: 0,
      cron: null,
      onCalendar: null,
      exceptions: null,
      active: null,
      timeZone: 'UTC',
      misses: 0,
      status: 'up',
      ...changes,
    }) as Check

  it('keeps its own place in the interval', () => {
    const first = nextProbe(check({}), START)!
    expect(nextProbe(check({}), first)).toBe(first + MINUTE)
    expect(nextProbe(check({}), first - 1)).toBe(first)
    expect(nextProbe(check({}), first + 3 * MINUTE + 5)).toBe(first + 4 * MINUTE)
  })

  it.each([
    [{ misses: 1 }, 15 * SECOND],
    [{ misses: 1, every: 5 * SECOND }, 5 * SECOND],
    [{ misses: 1, every: null, cron: '0 2 * * *' }, 15 * SECOND],
  ])('comes soon after a first failure: %j', (changes, ms) => {
    expect(nextProbe(check(changes), START)).toBe(START + ms)
  })

  it('is at cron times and in active hours', () => {
    const cron = nextProbe(check({ every: null, cron: '0 2 * * *' }), START)!
    expect(cron - START - 2 * HOUR).toBe(spreadOf({ uuid }, 5 * SECOND))
    const active = nextProbe(check({ active: '08:00-18:00' }), START)!
    expect(active - START).toBeGreaterThanOrEqual(8 * HOUR)
    expect(active - START).toBeLessThan(8 * HOUR + MINUTE)
  })

  it('is spread over the interval', () => {
    const places = Array.from({ length: 200 }, () => spreadOf({ uuid: crypto.randomUUID() }, 4))
    for (const place of [0, 1, 2, 3]) expect(places.filter(other => other === place).length).toBeGreaterThan(20)
  })
})
