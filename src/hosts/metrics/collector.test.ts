// The collector by itself: when it asks which hosts, and what it records of answers, failures and faults of Vakt.
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { HOUR, SECOND } from '../../time.ts'
import { listContainers } from '../containers/containers.ts'
import type { Host } from '../host.ts'
import { addHost, editHost, readHost, removeHost } from '../hosts.ts'
import { addRemoteLog } from '../remote-logs/remote-logs.ts'
import type { HostConnections, MachineOptions } from '../ssh/connection-pool.ts'
import { type Collector, createCollector } from './collector.ts'
import { readLastSample, saveMeasurements } from './samples.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const INTERVAL_MS = 30 * SECOND

let state: State
let clock: FakeClock
let isOnline: boolean
let mayDelete: boolean
/** What each host answers. */
let answer: () => Promise<string> | string
/** Which hosts were asked, with the options of their connection. */
let asked: [string, MachineOptions | undefined][]
let renewed: number[]
let evaluated: string[]
let errors: string[]
let collector: Collector

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  isOnline = true
  mayDelete = true
  answer = () => output()
  asked = []
  renewed = []
  evaluated = []
  errors = []
  const connections: Pick<HostConnections, 'machine' | 'renew'> = {
    machine: (host, options) => {
      asked.push([host.name, options])
      return { run: async () => ({ stdout: await answer(), stderr: '', code: 0 }) } as never
    },
    renew: id => void renewed.push(id),
  }
  collector = createCollector({
    ...{ state, clock, connections: connections as HostConnections, isOnline: () => isOnline },
    logger: { ...silentLogger, error: text => void errors.push(text) },
    evaluate: ({ name }) => void evaluated.push(name),
    mayDelete: () => mayDelete,
  })
})

const hasHost = (name = 'web-1') =>
  addHost(state, { name, address: 'x', port: 22, user: 'deploy', auth: 'own', addedAt: START, addedBy: 'Ann' })
const row = (host: Host) => readHost(state, host.id)!
/** The answer of a host. */
const output = (parts: Record<string, string> = {}) =>
  Object.entries({
    ...{ engine: 'docker', cpu: 'cpu  10 0 0 90\n4', memory: 'MemTotal: 8 kB\nMemAvailable: 6 kB', load: '0.5 1 1 ' },
    ...{ zone: '/usr/share/zoneinfo/Europe/Oslo\n', disks: 'Filesystem\n/dev/sda1 100 60 30 60% /', ...parts },
  })
    .map(([name, text]) => `@@${name}\n${text}\n`)
    .join('')
const fails = (message = 'web-1 did not answer.') => {
  answer = () => Promise.reject(new Problem('busy', message))
}
const hosts = () => asked.map(([name]) => name)

describe('a collection', () => {
  it('asks every host that is enabled at once and every 30 s, and not one in back-off', async () => {
    hasHost()
    editHost(state, hasHost('off').id, { enabled: false })
    hasHost('web-2')
    collector.start()
    await settled()
    expect(asked).toEqual([
      ['web-1', { ignoreBackoff: false }],
      ['web-2', { ignoreBackoff: false }],
    ])
    expect(evaluated).toEqual(['web-1', 'web-2'])
    await clock.advance(INTERVAL_MS - 1)
    expect(hosts().length).toBe(2)
    await clock.advance(1)
    expect(hosts().length).toBe(4)
    collector.stop()
    await clock.advance(HOUR)
    expect(hosts().length).toBe(4)
  })

  it('that takes longer than the interval is followed by the next at once', async () => {
    hasHost()
    let end = () => {}
    answer = () =>
      new Promise(resolve => {
        end = () => resolve(output())
      })
    collector.start()
    await clock.advance(2 * INTERVAL_MS)
    expect(hosts().length).toBe(1)
    end()
    await clock.advance(0)
    expect(hosts().length).toBe(2)
  })

  it('during which the clock goes back is followed by the next after the interval', async () => {
    hasHost()
    let reply = (_: string) => {}
    answer = () => new Promise(resolve => (reply = resolve))
    collector.start()
    await settled()
    clock.sleep(-HOUR)
    reply(output())
    await settled()
    await clock.advance(INTERVAL_MS)
    expect(hosts().length).toBe(2)
  })

  it('is not made while Vakt is offline, and is made again after', async () => {
    hasHost()
    isOnline = false
    collector.start()
    await clock.advance(INTERVAL_MS - 1)
    expect(hosts()).toEqual([])
    isOnline = true
    await clock.advance(1)
    expect(hosts()).toEqual(['web-1'])
  })

  it('during which Vakt went offline counts answers only', async () => {
    const [first, second] = [hasHost(), hasHost('web-2')]
    let calls = 0
    answer = () => {
      isOnline = false
      return calls++ === 0 ? output() : Promise.reject(new Problem('busy', 'no answer'))
    }
    collector.start()
    await settled()
    expect([row(first).status, row(second).failures, evaluated]).toEqual(['up', 0, ['web-1']])
  })

  it('of a host that was removed meanwhile is forgotten', async () => {
    const host = hasHost()
    answer = () => {
      removeHost(state, host)
      return output()
    }
    collector.start()
    await settled()
    expect([evaluated, errors]).toEqual([[], []])
  })

  it('that Vakt itself cannot store is tried again after the interval', async () => {
    const host = hasHost()
    const transaction = state.transaction.bind(state)
    state.transaction = () => {
      throw new Error('full')
    }
    collector.start()
    await settled()
    expect(errors).toEqual(['collecting from the hosts failed'])
    state.transaction = transaction
    await clock.advance(INTERVAL_MS)
    expect([errors.length, row(host).status]).toEqual([1, 'up'])
  })

  it('deletes old measurements only while the clock is certain', async () => {
    const old = START - 400 * 24 * HOUR
    const host = hasHost()
    saveMeasurements(state, host.id, [{ kind: 'container', name: 'gone', cpu: 1 }], old)
    mayDelete = false
    collector.start()
    await clock.advance(HOUR)
    expect(readLastSample(state, host.id, 'container', 'gone')?.at).toBe(old)
    mayDelete = true
    await clock.advance(HOUR)
    expect(readLastSample(state, host.id, 'container', 'gone')).toBeFalsy()
  })
})

describe('an answer', () => {
  it('is recorded with all that it tells', async () => {
    const host = hasHost()
    const container = { name: '/web', id: 'a'.repeat(64), image: 'nginx', state: 'running', exit: 0, restarts: 3 }
    const exited = { ...container, name: '/job', state: 'exited', restarts: 1 }
    const usage = (name: string) => `{"Name":"${name}","CPUPerc":"7.00%","MemUsage":"1MiB / 2MiB"}`
    answer = () =>
      output({
        containers: [container, exited].map(one => JSON.stringify(one)).join('\n'),
        stats: `${usage('web')}\n${usage('job')}`,
      })
    collector.start()
    await settled()
    expect(row(host)).toMatchObject({
      ...{ status: 'up', failures: 0, engine: 'docker', engineError: null, timeZone: 'Europe/Oslo', lastSeenAt: START },
    })
    const last = (kind: 'host' | 'disk' | 'container', name: string) => readLastSample(state, host.id, kind, name)
    expect(last('host', '')).toMatchObject({ cpu: null, load: 0.5, memory: 2048, memoryLimit: 8192 })
    expect(last('disk', '/')).toMatchObject({ used: 60 * 1024, size: 90 * 1024 })
    expect(last('container', 'web')).toMatchObject({ cpu: 7, memory: 2 ** 20, memoryLimit: 2 ** 21, restarts: 0 })
    expect(last('container', 'job')).toMatchObject({ cpu: null, memory: null, restarts: 0 })
    expect(renewed).toEqual([])
    answer = () => output({ containers: JSON.stringify({ ...container, restarts: 5 }) })
    await clock.advance(INTERVAL_MS)
    expect(last('container', 'web')).toMatchObject({ cpu: null, restarts: 2 })
  })

  it('gives the CPU since the one before, and after a failure none', async () => {
    const host = hasHost()
    const cpu = () => readLastSample(state, host.id, 'host', '')!.cpu
    collector.start()
    await settled()
    answer = () => output({ cpu: 'cpu  35 0 0 165\n4' })
    await clock.advance(INTERVAL_MS)
    expect(cpu()).toBe(25)
    fails()
    await clock.advance(INTERVAL_MS)
    answer = () => output({ cpu: 'cpu  60 0 0 240\n4' })
    await clock.advance(INTERVAL_MS)
    expect(cpu()).toBeNull()
  })

  it('of an engine that fails keeps the containers as they were', async () => {
    const host = hasHost()
    answer = () => output({ containers: JSON.stringify({ name: '/web', id: 'a'.repeat(64), state: 'running' }) })
    collector.start()
    await settled()
    answer = () => output({ failure: 'Cannot connect to the Docker daemon' })
    await clock.advance(INTERVAL_MS)
    expect(row(host)).toMatchObject({
      status: 'up',
      engineError: expect.stringContaining('Docker is not running on web-1'),
    })
    expect(listContainers(state, host.id).map(({ name }) => name)).toEqual(['web'])
    expect(renewed).toEqual([])
    answer = () => output()
    await clock.advance(INTERVAL_MS)
    expect(row(host).engineError).toBeNull()
    expect(listContainers(state, host.id)).toEqual([])
  })

  it('that the user may not use the engine has the next one asked over a new connection', async () => {
    const host = hasHost()
    answer = () => output({ failure: 'Permission denied' })
    collector.start()
    await settled()
    expect([renewed, row(host).status]).toEqual([[host.id], 'up'])
  })

  it('of another program is a failure that shows what was printed, and the next one is asked over a new connection', async () => {
    const host = hasHost()
    answer = () => 'This account is closed.'
    collector.start()
    await settled()
    expect([renewed, row(host).failures]).toEqual([[host.id], 1])
    expect(row(host).error).toContain('It printed: "This account is closed."')
  })
})

describe('a failure', () => {
  it('is one until the third in a row, when the host counts as down; an answer ends it', async () => {
    const host = hasHost()
    fails()
    collector.start()
    await settled()
    await clock.advance(INTERVAL_MS)
    expect(row(host)).toMatchObject({ status: 'new', failures: 2, failingSince: START, error: 'web-1 did not answer.' })
    await clock.advance(INTERVAL_MS)
    expect(row(host)).toMatchObject({ status: 'down', failures: 3, failingSince: START })
    expect(evaluated.length).toBe(3)
    answer = () => output()
    await clock.advance(INTERVAL_MS)
    expect(row(host)).toMatchObject({ status: 'up', failures: 0, failingSince: null, error: null })
  })

  it('of the host says nothing about its logs, which start over', async () => {
    const host = hasHost()
    const draft = {
      hostId: host.id,
      kind: 'file',
      target: '/var/log/x',
      projectId: null,
      source: 'x',
      every: 60_000,
      dueAt: 0,
    }
    const log = addRemoteLog(state, { ...draft, addedAt: START, addedBy: 'Ann' } as never) as { id: number }
    state.prepare('update remote_logs set failures = 4, failing_since = 1').run()
    fails()
    collector.start()
    await settled()
    expect(
      state
        .prepare<[number], object>('select failures, failing_since as since from remote_logs where id = ?')
        .get(log.id),
    ).toEqual({
      failures: 0,
      since: null,
    })
  })

  it('that is not one of the host is named as one of collecting', async () => {
    const host = hasHost()
    answer = () => Promise.reject(new Error('oops'))
    collector.start()
    await settled()
    expect(row(host).error).toBe('Collecting failed: oops')
  })
})

describe('asked for one host', () => {
  it('it collects at once, also in back-off, and records the answer', async () => {
    const host = hasHost()
    expect(await collector.collect(host)).toMatchObject({ engine: 'docker', load: 0.5 })
    expect(asked).toEqual([['web-1', { ignoreBackoff: true }]])
    expect([row(host).status, evaluated]).toEqual(['up', ['web-1']])
  })

  it('it says why there is no answer, and counts no failure', async () => {
    const host = hasHost()
    fails('web-1 refused the key.')
    await expect(collector.collect(host)).rejects.toThrow('web-1 refused the key.')
    answer = () => Promise.reject(new Error('oops'))
    await expect(collector.collect(host)).rejects.toThrow('Collecting failed: oops')
    expect([row(host).failures, evaluated]).toEqual([0, []])
  })
})
