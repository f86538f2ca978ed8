// Metrics over time: stored with each collection, downsampled, read, and collected from many hosts at once.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { createVault } from '../../projects/vault.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { createFakeHost } from '../../testing/ssh/fake-host.ts'
import { startSshServer } from '../../testing/ssh/ssh-server.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import { addHost, listHosts } from '../hosts.ts'
import { createHostConnections } from '../ssh/connection-pool.ts'
import { createCollector } from './collector.ts'
import { readMetric, summarize, toPoints } from './metrics.ts'
import { downsample, listSeriesNames, readLastSample, readSamples, saveMeasurements } from './samples.ts'

const START = Date.parse('2026-03-02T00:00:00Z')

function aHost(state = memoryState(), name = 'web-1', port = 22) {
  const host = addHost(state, {
    name,
    address: '127.0.0.1',
    port,
    user: 'deploy',
    auth: 'own',
    addedAt: START,
    addedBy: 'Ann',
  })
  return { state, host }
}

function thin(state: State, now: number) {
  state.transaction(() => {
    for (const step of downsample(state, now)) step()
  })
}

const sample = (at: number, changes: Partial<Parameters<typeof toPoints>[1][number]>) => ({
  ...{ at, cpu: null, cpuMax: null, memory: null, memoryMax: null, memoryLimit: null, received: null, sent: null },
  ...{ read: null, written: null, restarts: null, load: null, used: null, size: null, ...changes },
})

describe('points of', () => {
  it.each([
    [
      'cpu',
      [{ cpu: 5, cpuMax: 9 }, { cpu: 6 }, {}],
      [
        [0, 5, 9],
        [10_000, 6, 6],
      ],
    ],
    ['load', [{ load: 0.5 }], [[0, 0.5, 0.5]]],
    [
      'memory',
      [{ memory: 1, memoryMax: 2, memoryLimit: 4 }, { memory: 1, memoryLimit: 0 }, { memory: 1 }],
      [[0, 25, 50]],
    ],
    ['disk', [{ used: 3, size: 4 }, { size: 4 }], [[0, 75, 75]]],
    [
      'network',
      [
        { received: 100, sent: 50 },
        { received: 200, sent: 60 },
        { received: 10, sent: 0 },
        { received: 10 },
        { received: 5, sent: 0 },
      ],
      [
        [10_000, 11, 11],
        [20_000, 1, 1],
      ],
    ],
    ['io', [{ read: 0, written: 0 }, { read: 10, written: 20 }, { written: 5 }], [[10_000, 3, 3]]],
    [
      'restarts',
      [{ restarts: 2 }, { restarts: 2 }, { restarts: 5 }, { restarts: 1 }],
      [
        [10_000, 0, 0],
        [20_000, 3, 3],
        [30_000, 1, 1],
      ],
    ],
  ] as const)('%s', (metric, rows, points) => {
    const found = toPoints(
      metric,
      rows.map((row, i) => sample(i * 10_000, row)),
    )
    expect(found.map(({ at, value, max }) => [at, value, max])).toEqual(points)
  })
})

it('the disk of a host is the fullest one at each instant', () => {
  const { state, host } = aHost()
  const save = (at: number, disks: [string, number][]) =>
    saveMeasurements(
      state,
      host.id,
      disks.map(([name, used]) => ({ kind: 'disk' as const, name, used, size: 100 })),
      START + at,
    )
  save(0, [
    ['/', 50],
    ['/data', 20],
  ])
  save(MINUTE, [
    ['/', 50],
    ['/data', 90],
  ])
  const points = readMetric(
    state,
    { metric: 'disk', host, container: null },
    { from: START, until: START + HOUR, now: START + HOUR },
  )
  expect(points.map(({ at, value }) => [at - START, value])).toEqual([
    [0, 50],
    [MINUTE, 90],
  ])
})

describe('samples', () => {
  it('are rolled up to five-minute averages, maxima and last counters, and pruned after their retention', () => {
    const { state, host } = aHost()
    const rounds = (9 * DAY) / (30 * SECOND)
    let wave = 0
    state.transaction(() => {
      for (let round = 0; round < rounds; round += 1) {
        const at = START + round * 30 * SECOND
        wave = round % 10
        saveMeasurements(
          state,
          host.id,
          [{ kind: 'container', name: 'web', cpu: wave, received: round * 1000, sent: 0 }],
          at,
        )
        if (round % 20 === 0) thin(state, at)
      }
    })
    const now = START + 9 * DAY
    thin(state, now)
    const count = (table: string) => state.prepare<[], { n: number }>(`select count(*) as n from ${table}`).get()!.n
    expect(count('samples')).toBeLessThanOrEqual((6 * HOUR + 10 * MINUTE) / (30 * SECOND))
    expect(count('coarse_samples')).toBe((7 * DAY) / (5 * MINUTE))
    const week = readSamples(state, host.id, 'container', 'web', { from: now - 7 * DAY, until: now, now })
    expect(week.slice(0, 3).map(row => [row.cpu, row.cpuMax])).toEqual([
      [4.5, 9],
      [4.5, 9],
      [4.5, 9],
    ])
    const rate = readMetric(
      state,
      { metric: 'network', host, container: 'web' },
      { from: now - 7 * DAY, until: now, now },
    )
    expect(summarize(rate)!.average).toBeCloseTo(1000 / 30, 6)
    // Again changes nothing.
    const before = count('coarse_samples')
    thin(state, now)
    expect(count('coarse_samples')).toBe(before)
  })

  it('are read as measured for six hours, and as five-minute rows before that, without a gap', () => {
    const { state, host } = aHost()
    for (let at = START; at <= START + 8 * HOUR; at += 30 * SECOND) {
      saveMeasurements(state, host.id, [{ kind: 'host', name: '', cpu: 50 }], at)
      if (at % (5 * MINUTE) === 0) thin(state, at)
    }
    const now = START + 8 * HOUR
    const metric = (from: number) =>
      readMetric(state, { metric: 'cpu', host, container: null }, { from, until: now, now })
    expect(metric(now - HOUR)).toHaveLength(121)
    const day = metric(now - DAY)
    const gaps = day.slice(1).map((point, i) => point.at - day[i]!.at)
    expect(Math.max(...gaps)).toBe(5 * MINUTE)
    expect(day.at(-1)!.at).toBe(now)
  })

  it('are kept for the newest containers of a host with a new name for each', () => {
    const { state, host } = aHost()
    const { host: other } = aHost(state, 'web-2')
    saveMeasurements(state, other.id, [{ kind: 'host', name: '', cpu: 1 }], START)
    let made = 0
    for (let round = 0; round < 30; round++) {
      const ofRound = Array.from({ length: 300 }, () => ({ kind: 'container' as const, name: `job-${made++}`, cpu: 1 }))
      saveMeasurements(state, host.id, [{ kind: 'host', name: '', cpu: 1 }, ...ofRound], START + round * 30 * SECOND)
    }
    const names = listSeriesNames(state, host.id, 'container')
    expect(names.length).toBeLessThanOrEqual(3_000)
    expect(names).toContain(`job-${made - 1}`)
    expect(names).toContain(`job-${made - 2_000}`)
    expect(names).not.toContain('job-0')
    const { n } = state.prepare<[], { n: number }>('select count(*) as n from samples').get()!
    expect(n).toBeLessThanOrEqual(3_000 + 30 + 1)
    expect(readLastSample(state, host.id, 'host', '')?.cpu).toBe(1)
    expect(readLastSample(state, other.id, 'host', '')?.cpu).toBe(1)
  })

  it('give rates of counters, also across a reset', () => {
    const { state, host } = aHost()
    for (const [i, received] of [0, 3000, 6000, 600].entries())
      saveMeasurements(state, host.id, [{ kind: 'container', name: 'web', received, sent: 0 }], START + i * 30 * SECOND)
    const span = { from: START, until: START + HOUR, now: START + HOUR }
    const points = readMetric(state, { metric: 'network', host, container: 'web' }, span)
    expect(points.map(point => point.value)).toEqual([100, 100, 20])
    expect(() => readMetric(state, { metric: 'network', host, container: null }, span)).toThrow(
      'Hosts have no metric "network". Choose one of cpu, memory, disk, load.',
    )
  })
})

describe('a collection', () => {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })

  it('of 50 hosts, 5 of which hang, is stored in short transactions and ends before the next is due', async () => {
    const state = memoryState()
    const clock = createFakeClock(START)
    const connections = createHostConnections(state, createVault(Buffer.alloc(32, 1)), clock, silentLogger)
    const fake = createFakeHost(clock.now)
    for (let i = 0; i < 10; i++) fake.has(`app-${i}`)
    const live = await startSshServer({ run: execution => fake.run(execution) })
    const dead = await startSshServer()
    dead.hangs()
    for (let i = 0; i < 50; i++) {
      const server = i < 5 ? dead : live
      const { host } = aHost(state, `host-${i}`, server.port)
      state.prepare('update hosts set host_key = ? where id = ?').run(server.fingerprint(), host.id)
    }
    let evaluations = 0
    const collector = createCollector({
      state,
      connections,
      clock,
      logger: silentLogger,
      isOnline: () => true,
      evaluate: () => evaluations++,
    })
    ends.push(
      () => collector.stop(),
      () => connections.close(),
      () => live.close(),
      () => dead.close(),
    )
    const up = () => listHosts(state).filter(host => host.status === 'up').length
    collector.start()
    // The live ones answer in real time; the clock only moves for those that hang.
    await vi.waitFor(() => expect(live.commands).toHaveLength(45), 10_000)
    await vi.waitFor(async () => {
      await clock.advance(SECOND)
      expect(up()).toBe(45)
    }, 10_000)
    expect(clock.now() - START).toBeLessThan(30 * SECOND)
    expect(evaluations).toBe(50)
    expect(listHosts(state).filter(host => host.failures === 1)).toHaveLength(5)
    const { n } = state.prepare<[], { n: number }>('select count(*) as n from samples').get()!
    expect(n).toBe(45 * 12)
    // The next round asks the live ones over the same connections.
    await clock.advance(30 * SECOND)
    await vi.waitFor(() => expect(live.commands).toHaveLength(90), 10_000)
    expect(live.signedIn()).toBe(45)
  })
})
