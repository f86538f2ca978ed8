// Which containers are followed, and which engine a host has, from the tables alone.
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { createVault } from '../../projects/vault.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { createHostRuntime } from '../host-runtime.ts'
import { addHost, editHost } from '../hosts.ts'
import type { ObservedContainer } from './container-json.ts'
import { saveContainers } from './containers.ts'
import { createFollowJob, deleteUnfollowedPositions, listFollowedContainers } from './follow-job.ts'
import { addFollow, readPosition, recordPosition, removeFollow } from './follows.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
})
const aHost = (name: string, more: object = {}) =>
  addHost(state, {
    ...{ name, address: 'x', port: 22, user: 'u', auth: 'own', addedAt: NOW, addedBy: 'Ann' },
    ...more,
  } as never)
const has = (hostId: number, ...containers: [name: string, state?: string][]) =>
  saveContainers(
    state,
    hostId,
    containers.map(
      ([name, of = 'running']) =>
        ({
          ...{ name, id: name, image: 'x', state: of, health: null, exitCode: 0, oomKilled: false },
          ...{ startedAt: NOW, finishedAt: null, restartCount: 0 },
        }) as ObservedContainer,
    ),
    NOW,
  )
const follow = (hostId: number, pattern: string) =>
  addFollow(state, { hostId, pattern, projectId: null, addedAt: NOW, addedBy: 'Ann' })
const followed = () => [...listFollowedContainers(state).keys()].sort()

describe('what is followed', () => {
  it('matches a pattern of its own host, once, and only on hosts that are watched', () => {
    const [a, b] = [aHost('a'), aHost('b')]
    has(a.id, ['web-1'], ['web-2'], ['db'], ['-odd'])
    has(b.id, ['web-1'])
    follow(a.id, 'web*')
    follow(a.id, '*-1')
    follow(a.id, '*odd')
    expect(followed()).toEqual([`${a.id}/web-1`, `${a.id}/web-2`])
    follow(b.id, 'web*')
    expect(followed()).toContain(`${b.id}/web-1`)
    editHost(state, a.id, { enabled: false })
    expect(followed()).toEqual([`${b.id}/web-1`])
  })

  it('is by the first pattern that was listed', () => {
    const { id } = aHost('a')
    has(id, ['web'])
    follow(id, 'web')
    follow(id, '*')
    expect([...listFollowedContainers(state).values()].map(({ follow: { pattern } }) => pattern)).toEqual(['*'])
  })

  it('is twenty containers of each host over SSH, running ones first, and all of this machine', () => {
    const [far, here] = [aHost('far'), aHost('here', { local: true })]
    const many = (count: number, of: string): [string, string][] =>
      Array.from({ length: count }, (_, i) => [`${of}-${i}`, of])
    for (const { id } of [far, here]) {
      has(id, ...many(15, 'exited'), ...many(10, 'running'))
      follow(id, '*')
    }
    const of = (id: number) => followed().filter(key => key.startsWith(`${id}/`))
    expect([of(far.id).length, of(far.id).filter(key => key.includes('running')).length]).toEqual([20, 10])
    expect(of(here.id)).toHaveLength(25)
  })

  it('begins afresh once no pattern matches it any more', () => {
    const { id } = aHost('a')
    has(id, ['web'], ['db'])
    follow(id, 'web')
    const position = { stdout: { stamp: 's', lines: 1 }, stderr: null }
    for (const name of ['web', 'db']) recordPosition(state, id, name, position)
    deleteUnfollowedPositions(state, id)
    expect([readPosition(state, id, 'web'), readPosition(state, id, 'db')].map(Boolean)).toEqual([true, false])
    removeFollow(state, id, 'web')
    deleteUnfollowedPositions(state, id)
    expect(readPosition(state, id, 'web')).toBeUndefined()
  })
})

it('the job follows what is followed from its start to its stop, looks every 10 s, and at once when it is told to', async () => {
  const clock = createFakeClock(NOW)
  const begun: string[] = []
  const stopped: string[] = []
  const { id } = aHost('a')
  const machine = (container: string) => ({
    stream: async () => ({ ended: new Promise(() => {}), stop: () => void stopped.push(container) }),
  })
  let asked = 0
  const engine = async () => {
    const name = begun[asked++] ?? 'x'
    return { engine: 'docker', machine: machine(name) }
  }
  const job = createFollowJob({
    ...{ state, clock, logger: silentLogger, retentionMs: 1, timeZone: 'UTC', logWriter: {} as never },
    hostRuntime: { engine } as never,
  })
  has(id, ['web'])
  begun.push('web', 'db', 'web again')
  follow(id, '*')
  job.refresh()
  await clock.advance(MINUTE)
  expect(asked).toBe(0)
  job.start()
  await clock.advance(0)
  expect(asked).toBe(1)
  has(id, ['web'], ['db'])
  await clock.advance(10 * SECOND - 1)
  expect(asked).toBe(1)
  await clock.advance(1)
  expect(asked).toBe(2)
  has(id, ['db'])
  job.refresh()
  expect(stopped).toEqual(['web'])
  has(id, ['web'], ['db'])
  job.refresh()
  await clock.advance(0)
  expect(asked).toBe(3)
  job.stop()
  expect(stopped).toEqual(['web', 'db', 'web again'])
  has(id, ['new'])
  job.refresh()
  await clock.advance(MINUTE)
  expect(asked).toBe(3)
})

it('a host without a container engine has no containers, and one that is known is not asked again', async () => {
  const runtime = createHostRuntime({
    ...{ state, vault: createVault(Buffer.alloc(32, 1)), clock: createFakeClock(NOW), logger: silentLogger },
    ...{ isOnline: () => true, evaluate() {}, folder: '/tmp/vakt-follow-job-test' },
  })
  let collected = 0
  runtime.collector.collect = async host => {
    collected++
    state.prepare('update hosts set engine = ? where id = ?').run(collected === 1 ? 'none' : 'podman', host.id)
    return {} as never
  }
  const host = aHost('a')
  await expect(runtime.engine(host)).rejects.toThrow('a has no Docker and no Podman')
  expect((await runtime.engine({ ...host, engine: 'none' })).engine).toBe('podman')
  expect((await runtime.engine({ ...host, engine: 'docker' })).engine).toBe('podman')
  expect(collected).toBe(2)
  runtime.stop()
})
