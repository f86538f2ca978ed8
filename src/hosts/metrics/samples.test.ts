// The tables of measurements at their edges: which rows are read, rolled up, deleted and evicted, to the millisecond.
import { beforeEach, describe, expect, it } from 'vitest'
import { memoryState, type State } from '../../state/database.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import { addHost } from '../hosts.ts'
import { readMetric } from './metrics.ts'
import {
  downsample,
  listSeriesNames,
  readLastSample,
  readSamples,
  type SampleValues,
  saveMeasurements,
} from './samples.ts'

const NOW = Date.parse('2026-03-02T12:00:00Z')
let state: State
let host: { id: number }

beforeEach(() => {
  state = memoryState()
  host = hasHost('web-1')
})

const hasHost = (name: string) =>
  addHost(state, { name, address: 'x', port: 22, user: 'u', auth: 'own', addedAt: NOW, addedBy: 'Ann' })
const save = (at: number, values: Partial<SampleValues> = { cpu: 1 }, name = 'web') =>
  saveMeasurements(state, host.id, [{ kind: 'container', name, ...values }], at)
const read = (from: number, until = NOW, name = 'web') =>
  readSamples(state, host.id, 'container', name, { from, until, now: NOW })
const run = (...args: Parameters<typeof downsample> extends [State, ...infer Rest] ? Rest : never) => {
  const steps = [...downsample(state, ...args)]
  for (const step of steps) step()
  return steps.length
}
const instants = (table: 'samples' | 'coarse_samples') =>
  state
    .prepare<[], { at: number }>(`select at from ${table} order by at`)
    .all()
    .map(({ at }) => at - NOW)

describe('reading', () => {
  it('of a series that is not there is empty', () => {
    save(NOW)
    const other = hasHost('web-2')
    const span = { from: 0, until: NOW, now: NOW }
    expect(readSamples(state, other.id, 'container', 'web', span)).toEqual([])
    expect(readSamples(state, host.id, 'disk', 'web', span)).toEqual([])
    expect(readSamples(state, host.id, 'container', 'db', span)).toEqual([])
    expect(readLastSample(state, host.id, 'container', 'db')).toBeUndefined()
  })

  it('has both ends in it, and nothing of other series', () => {
    for (const shift of [-2, -1, 0, 1]) save(NOW + shift, { cpu: shift })
    save(NOW - 1, { cpu: 99 }, 'db')
    expect(read(NOW - 1).map(({ cpu }) => cpu)).toEqual([-1, 0])
  })

  it('from six hours ago has what was measured; from earlier on, five-minute rows and what has none yet', () => {
    const from = NOW - 6 * HOUR
    for (let at = from; at <= NOW; at += MINUTE) save(at)
    run(NOW)
    save(NOW + MINUTE)
    expect(read(from)).toHaveLength(361)
    const earlier = read(from - 1, NOW + MINUTE)
    expect(earlier).toHaveLength(72 + 2)
    expect(earlier.slice(-3).map(({ at }) => at - NOW)).toEqual([-5 * MINUTE, 0, MINUTE])
  })

  it('of the newest sample takes only those since an instant', () => {
    save(NOW - 2, { cpu: 1 })
    save(NOW - 1, { cpu: 2 })
    expect(readLastSample(state, host.id, 'container', 'web')?.cpu).toBe(2)
    expect(readLastSample(state, host.id, 'container', 'web', NOW - 1)?.cpu).toBe(2)
    expect(readLastSample(state, host.id, 'container', 'web', NOW)).toBeUndefined()
  })

  it('of names takes those that were seen since an instant, of one host and kind', () => {
    save(NOW - 2, {}, 'c')
    save(NOW - 1, {}, 'b')
    save(NOW, {}, 'a')
    saveMeasurements(state, host.id, [{ kind: 'disk', name: '/' }], NOW)
    saveMeasurements(state, hasHost('web-2').id, [{ kind: 'container', name: 'd' }], NOW)
    expect(listSeriesNames(state, host.id, 'container')).toEqual(['a', 'b', 'c'])
    expect(listSeriesNames(state, host.id, 'container', NOW - 1)).toEqual(['a', 'b'])
    expect(listSeriesNames(state, host.id, 'disk')).toEqual(['/'])
  })

  it('of the fullest disk is in the order of time, whichever disk was measured', () => {
    const disk = (name: string, at: number, used: number) =>
      saveMeasurements(state, host.id, [{ kind: 'disk', name, used, size: 100 }], at)
    disk('/', NOW - 30 * SECOND, 10)
    disk('/', NOW - 10 * SECOND, 30)
    disk('/data', NOW - 20 * SECOND, 20)
    disk('/data', NOW - 10 * SECOND, 25)
    const points = readMetric(
      state,
      { metric: 'disk', host, container: null },
      { from: NOW - MINUTE, until: NOW, now: NOW },
    )
    expect(points.map(({ value }) => value)).toEqual([10, 20, 30])
  })
})

describe('a five-minute row', () => {
  it('has the averages of gauges, the maxima of counters and sizes, and no sample of the next', () => {
    const [first, second] = [NOW - 10 * MINUTE, NOW - 5 * MINUTE]
    save(first, {
      cpu: 10,
      memory: 100,
      memoryLimit: 500,
      received: 7,
      sent: 1,
      restarts: 0,
      load: 1,
      used: 3,
      size: 9,
    })
    save(second - 1, {
      cpu: 20,
      memory: 300,
      memoryLimit: 400,
      received: 9,
      sent: 3,
      restarts: 2,
      load: 2,
      used: 1,
      size: 9,
    })
    save(second, { cpu: 90 })
    save(NOW, { cpu: 99 })
    run(NOW + 5 * MINUTE - 1)
    expect(instants('coarse_samples')).toEqual([-10 * MINUTE, -5 * MINUTE])
    const [row] = read(NOW - 7 * HOUR)
    expect(row).toMatchObject({ at: first, cpu: 15, memory: 200, memoryLimit: 500, received: 9, sent: 3, restarts: 2 })
    expect(row).toMatchObject({ load: 1.5, used: 3, size: 9, cpuMax: 20, memoryMax: 300 })
    run(NOW + 5 * MINUTE)
    expect(instants('coarse_samples')).toEqual([-10 * MINUTE, -5 * MINUTE, 0])
  })

  it('is made once: a sample that comes late does not change it, nor does one from before six hours', () => {
    save(NOW - 10 * MINUTE, { cpu: 10 })
    run(NOW)
    save(NOW - 9 * MINUTE, { cpu: 30 })
    save(NOW - 6 * HOUR - 1)
    run(NOW)
    expect(instants('coarse_samples')).toEqual([-10 * MINUTE])
    expect(read(NOW - 7 * HOUR)[0]!.cpu).toBe(10)
  })

  it('is made of what was measured in the last six hours, after a longer time without any', () => {
    save(NOW - 6 * HOUR)
    save(NOW - 6 * HOUR - 1)
    run(NOW)
    expect(instants('coarse_samples')).toEqual([-6 * HOUR])
  })
})

describe('what is old', () => {
  it('is deleted: samples after six hours and five minutes, rows after seven days', () => {
    const [fine, coarse] = [NOW - 6 * HOUR - 5 * MINUTE, NOW - 7 * DAY]
    for (const at of [fine - 1, fine, NOW]) save(at)
    const { id } = state.prepare<[], { id: number }>('select id from series').get()!
    for (const at of [coarse - 1, coarse])
      state.prepare('insert into coarse_samples (series, at) values (?, ?)').run(id, at)
    run(NOW, undefined, false)
    expect(instants('samples')).toHaveLength(3)
    run(NOW)
    expect(instants('samples')).toEqual([fine - NOW, 0])
    expect(instants('coarse_samples')[0]).toBe(-7 * DAY)
  })

  it('is deleted with its series, when that was not seen for seven days', () => {
    save(NOW - 7 * DAY - 1, {}, 'gone')
    save(NOW - 7 * DAY, {}, 'kept')
    run(NOW, undefined, false)
    expect(listSeriesNames(state, host.id, 'container')).toEqual(['gone', 'kept'])
    run(NOW)
    expect(listSeriesNames(state, host.id, 'container')).toEqual(['kept'])
  })
})

it('ten ticks roll each series up once, and 120 prune each once and the table of series once', () => {
  for (let i = 0; i < 30; i++) save(NOW - 5 * MINUTE, {}, `job-${i}`)
  const rollUps = Array.from({ length: 10 }, (_, tick) => run(NOW, 1_000 + tick, false))
  expect(rollUps).toEqual(Array.from({ length: 10 }, () => 3))
  expect(instants('coarse_samples')).toHaveLength(30)
  let steps = 0
  for (let tick = 0; tick < 120; tick++) steps += run(NOW, tick, true)
  expect(steps).toBe(12 * 30 + 30 + 1)
})

it('a host has 3,000 series: the next one takes the place of the 300 that were not seen for longest', () => {
  state.transaction(() => {
    for (let i = 0; i < 3_000; i++) save(NOW + Math.min(i, 2_900), {}, `job-${i}`)
  })
  const names = () => listSeriesNames(state, host.id, 'container')
  expect(names()).toHaveLength(3_000)
  saveMeasurements(state, hasHost('web-2').id, [{ kind: 'host', name: '' }], NOW + 3_000)
  expect(names()).toHaveLength(3_000)
  save(NOW + 3_000, {}, 'next')
  expect(names()).toHaveLength(2_701)
  expect(names()).not.toContain('job-299')
  expect(names()).toContain('job-300')
})

it('series of the same collection never take the place of each other', () => {
  const all = Array.from({ length: 3_005 }, (_, i) => ({ kind: 'container' as const, name: `job-${i}` }))
  saveMeasurements(state, host.id, all, NOW)
  expect(listSeriesNames(state, host.id, 'container')).toHaveLength(3_005)
})
