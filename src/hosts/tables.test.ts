// The tables of hosts: each answer has its own rows and no others, in order, and each change touches one row.
import { beforeEach, describe, expect, it } from 'vitest'
import { memoryState, type State } from '../state/database.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import {
  addRequest,
  closeRequest,
  findRequest,
  readPendingRequest,
  takeOverRequest,
} from './actions/action-requests.ts'
import {
  finishRun,
  listRuns,
  listRunsForAlert,
  listUnfinishedRuns,
  pruneRuns,
  type RunDraft,
  readAutomaticAlertIds,
  readEarlierStarts,
  readRun,
  recordWithheldRun,
  startRun,
} from './actions/action-runs.ts'
import {
  addAction,
  editAction,
  findAction,
  listActions,
  type NewAction,
  readAction,
  removeAction,
} from './actions/actions.ts'
import type { ObservedContainer } from './containers/container-json.ts'
import { listContainers, readContainer, saveContainers } from './containers/containers.ts'
import {
  addFollow,
  deletePosition,
  listFollows,
  readPosition,
  recordPendingBatch,
  recordPosition,
  removeFollow,
} from './containers/follows.ts'
import {
  addHost,
  editHost,
  findHost,
  listHosts,
  readHost,
  readJumps,
  recordSeen,
  recordUnreachable,
  removeHost,
} from './hosts.ts'
import { readLastSample, readSamples, saveMeasurements } from './metrics/samples.ts'
import {
  addRemoteLog,
  readNextDueAt,
  readRemoteLog,
  recordFetched,
  recordPosition as recordLogPosition,
  recordSkipped,
  rewindRemoteLogs,
} from './remote-logs/remote-logs.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['web-2', 'web-1']) aHost(name)
})
const aHost = (name: string, more: object = {}) =>
  addHost(state, { name, address: 'x', port: 22, user: 'u', auth: 'own', addedAt: 0, addedBy: 'Ann', ...more })
const off = () => state.prepare('pragma foreign_keys = off').run()

describe('hosts', () => {
  it('are found by name, listed by name, and changed and removed alone', () => {
    expect(listHosts(state).map(({ name }) => name)).toEqual(['web-1', 'web-2'])
    expect(readHost(state, 1)!.name).toBe('web-2')
    expect(() => findHost(state, 'nope')).toThrow('Registered hosts: web-1, web-2.')
    expect(() => aHost('web-1')).toThrow('There is already a host "web-1".')
    expect(editHost(state, 1, {})).toMatchObject({ name: 'web-2' })
    expect(editHost(state, 1, { name: 'web-2', user: 'v' })).toMatchObject({ user: 'v' })
    expect(() => editHost(state, 1, { name: 'web-1' })).toThrow('already a host')
    expect(readHost(state, 2)).toMatchObject({ user: 'u' })
    removeHost(state, readHost(state, 1)!)
    expect(listHosts(state).map(({ name }) => name)).toEqual(['web-1'])
  })

  it('name ten of many', () => {
    for (let i = 0; i < 8; i++) aHost(`x-${i}`)
    expect(() => findHost(state, 'nope')).not.toThrow('more')
    aHost('y')
    expect(() => findHost(state, 'nope')).toThrow(' and 1 more.')
    expect(() => findHost(memoryState(), 'nope')).toThrow('No host is registered.')
  })

  it('are reached through four others at most, never through themselves or without SSH', () => {
    const chain = [aHost('j0')]
    for (let i = 1; i < 6; i++) chain.push(aHost(`j${i}`, { jumpId: chain[i - 1]!.id }))
    expect(readJumps(state, chain[4]!).map(({ name }) => name)).toEqual(['j0', 'j1', 'j2', 'j3'])
    expect(() => readJumps(state, chain[5]!)).toThrow('form a circle or are more than 4')
    expect(() => editHost(state, chain[0]!.id, { jumpId: chain[1]!.id })).toThrow('form a circle')
    const here = aHost('here', { local: true })
    expect(() => readJumps(state, aHost('behind', { jumpId: here.id }))).toThrow('is not a host with SSH')
    expect(() => readJumps(state, aHost('lost', { jumpId: 999 }))).toThrow('is not a host with SSH')
    expect(() => removeHost(state, chain[0]!)).toThrow('j0 is the jump host of j1.')
  })

  it('are down after failures, since the first, and up again when they answer', () => {
    const host = readHost(state, 1)!
    recordSeen(state, host, 'docker', null, 'UTC', NOW)
    recordUnreachable(state, host, 'no route', false, NOW + 1)
    expect(readHost(state, 1)).toMatchObject({ status: 'up', failures: 1, failingSince: NOW + 1, error: 'no route' })
    recordUnreachable(state, host, 'no answer', true, NOW + 2)
    expect(readHost(state, 1)).toMatchObject({ status: 'down', failures: 2, failingSince: NOW + 1, error: 'no answer' })
    expect(readHost(state, 2)).toMatchObject({ status: 'new', failures: 0 })
    recordSeen(state, host, 'podman', 'not running', null, NOW + 3)
    expect(readHost(state, 1)).toMatchObject({
      ...{ status: 'up', failures: 0, failingSince: null, error: null, lastSeenAt: NOW + 3 },
      ...{ engine: 'podman', engineError: 'not running', timeZone: 'UTC' },
    })
  })
})

describe('containers', () => {
  const observed = (name: string, more: Partial<ObservedContainer> = {}) =>
    ({
      ...{ name, id: `id-${name}`, image: 'x', state: 'running', health: null, exitCode: 0, oomKilled: false },
      ...{ startedAt: NOW, finishedAt: null, restartCount: 0, ...more },
    }) as unknown as ObservedContainer

  it('are those of the last report of their host', () => {
    saveContainers(state, 1, [observed('b'), observed('a')], NOW)
    saveContainers(state, 2, [observed('a'), observed('z')], NOW)
    expect(listContainers(state, 1).map(({ name }) => name)).toEqual(['a', 'b'])
    expect(listContainers(state).map(({ hostId, name }) => `${hostId} ${name}`)).toEqual(['1 a', '1 b', '2 a', '2 z'])
    saveContainers(state, 1, [observed('a'), observed('c', { state: 'exited' })], NOW + SECOND)
    expect(listContainers(state, 1).map(({ name, seenAt }) => [name, seenAt - NOW])).toEqual([
      ['a', SECOND],
      ['c', SECOND],
    ])
    expect(listContainers(state, 2).map(({ seenAt }) => seenAt)).toEqual([NOW, NOW])
    saveContainers(state, 1, [observed('a', { image: 'y' })], NOW + SECOND)
    expect(readContainer(state, 1, 'a')).toMatchObject({ image: 'y' })
    expect(readContainer(state, 2, 'a')).toMatchObject({ image: 'x' })
    expect(readContainer(state, 1, 'z')).toBeUndefined()
  })

  it('are followed by pattern, once for each host, and their positions are their own', () => {
    const follow = (hostId: number, pattern: string) =>
      addFollow(state, { hostId, pattern, projectId: null, addedAt: NOW, addedBy: 'Ann' })
    follow(2, 'a*')
    follow(1, 'b*')
    follow(1, 'a*')
    expect(() => follow(1, 'a*')).toThrow('followed already')
    expect(listFollows(state).map(({ hostId, pattern }) => `${hostId} ${pattern}`)).toEqual(['1 a*', '1 b*', '2 a*'])
    removeFollow(state, 1, 'a*')
    expect(() => removeFollow(state, 1, 'a*')).toThrow('is not followed')
    expect(listFollows(state).length).toBe(2)
    const at = { stdout: { stamp: 's', lines: 1 }, stderr: null } as never
    for (const [host, name] of [
      [1, 'a'],
      [1, 'b'],
      [2, 'a'],
    ] as const)
      recordPosition(state, host, name, at)
    recordPendingBatch(state, 1, 'a', at, { key: 'k' } as never)
    expect(readPosition(state, 1, 'a')).toMatchObject({ pending: { key: 'k' } })
    expect(readPosition(state, 2, 'a')).toMatchObject({ pending: null })
    recordPosition(state, 1, 'a', at)
    expect(readPosition(state, 1, 'a')).toMatchObject({ pending: null })
    deletePosition(state, 1, 'a')
    expect(
      [readPosition(state, 1, 'a'), readPosition(state, 1, 'b'), readPosition(state, 2, 'a')].map(Boolean),
    ).toEqual([false, true, true])
  })
})

describe('actions', () => {
  const action = (name: string): NewAction => ({
    ...{ name, host: 'web-1', container: '', command: 'true', matcher: null, role: 'admin', secondPerson: false },
    ...{ timeLimit: SECOND, automatic: false, perHour: 1, coolDown: 0, addedAt: NOW, addedBy: 'Ann' },
    ...{ changedAt: NOW, changedBy: 'Ann' },
  })

  it('are found by name, and changed and removed alone', () => {
    const [b, a] = [addAction(state, action('b')), addAction(state, action('a'))]
    expect(listActions(state).map(({ name }) => name)).toEqual(['a', 'b'])
    expect(() => addAction(state, action('a'))).toThrow('There is already an action "a".')
    expect(editAction(state, a.id, { command: 'false' }).command).toBe('false')
    expect(readAction(state, b.id)!.command).toBe('true')
    expect(() => findAction(state, 'a web-1')).toThrow('actions run a --on web-1')
    expect(() => findAction(state, 'x web-1')).toThrow('Existing actions: a, b.')
    removeAction(state, a.id)
    expect(listActions(state).map(({ name }) => name)).toEqual(['b'])
    expect(findAction(state, 'b').id).toBe(b.id)
    for (let i = 0; i < 9; i++) addAction(state, action(`c${i}`))
    expect(() => findAction(state, 'nope')).not.toThrow('more')
    addAction(state, action('d'))
    expect(() => findAction(state, 'nope')).toThrow(' and 1 more.')
  })
})

describe('runs of actions', () => {
  const draft = (more: Partial<RunDraft> = {}): RunDraft => ({
    ...{ actionId: 1, name: 'restart', hostId: 1, host: 'web-1', container: 'api', command: 'x', alertId: null },
    ...{ startedAt: NOW, startedBy: 'Ann', confirmedBy: null, automatic: false, ...more },
  })
  const ran = (more: Partial<RunDraft> = {}) => {
    const { id } = startRun(state, draft(more))
    finishRun(state, id, { endedAt: NOW + 1, outcome: 'exited', exitStatus: 0 })
    return id
  }
  beforeEach(off)

  it('are listed newest first, of an action, a host, or before one', () => {
    const [a, b, c] = [ran(), ran({ actionId: 2, hostId: 2, host: 'web-2' }), ran()]
    const ids = (filter: object) => listRuns(state, { limit: 9, ...filter }).map(({ id }) => id)
    expect([ids({}), ids({ limit: 2 }), ids({ actionId: 2 }), ids({ host: 'web-1' }), ids({ before: c })]).toEqual([
      [c, b, a],
      [c, b],
      [b],
      [c, a],
      [b, a],
    ])
  })

  it('end once, and are unfinished until then, oldest first', () => {
    const [first, second] = [startRun(state, draft()), startRun(state, draft({ container: 'db' }))]
    expect(listUnfinishedRuns(state).map(({ id }) => id)).toEqual([first.id, second.id])
    const end = { endedAt: NOW + 5, outcome: 'exited' as const, exitStatus: 3 }
    expect(finishRun(state, first.id, end)).toMatchObject({ exitStatus: 3 })
    expect(finishRun(state, first.id, { ...end, exitStatus: 4 })).toBeUndefined()
    expect([readRun(state, first.id)!.exitStatus, readRun(state, second.id)!.endedAt]).toEqual([3, null])
    expect(listUnfinishedRuns(state).map(({ id }) => id)).toEqual([second.id])
  })

  it('of an alert are the latest', () => {
    const ids = [ran({ alertId: 7 }), ran({ alertId: 8 }), ran({ alertId: 7 }), ran({ alertId: 7 })]
    expect(listRunsForAlert(state, 7, 2).map(({ id }) => id)).toEqual([ids[3], ids[2]])
  })

  it('by themselves are known by their alerts since an instant', () => {
    ran({ alertId: 1, automatic: true, startedAt: NOW })
    ran({ alertId: 2, automatic: true, startedAt: NOW + 1 })
    ran({ alertId: 3, automatic: false, startedAt: NOW + 1 })
    ran({ alertId: null, automatic: true, startedAt: NOW + 1 })
    ran({ alertId: 4, automatic: true, startedAt: NOW + 1, actionId: 2 })
    recordWithheldRun(state, draft({ alertId: 5, automatic: true, startedAt: NOW + 1 }), 'limit')
    expect([...readAutomaticAlertIds(state, 1, NOW)].sort()).toEqual([2, 5])
  })

  it('that were withheld count to no limit, and an hour is over after an hour', () => {
    const target = { actionId: 1, hostId: 1, container: 'api' }
    const withheld = recordWithheldRun(state, draft({ automatic: true }), 'limit')
    expect(withheld).toMatchObject({ outcome: 'withheld', endedAt: NOW, problem: 'limit' })
    expect(readEarlierStarts(state, target, NOW)).toEqual({ here: [], everywhere: [] })
    ran({ automatic: true, startedAt: NOW - HOUR })
    ran({ automatic: true, startedAt: NOW - HOUR + 1 })
    ran({ startedAt: NOW - 5, hostId: 2 })
    ran({ startedAt: NOW - 4, container: 'db' })
    expect(readEarlierStarts(state, target, NOW)).toEqual({ here: [NOW - HOUR + 1], everywhere: [NOW - HOUR + 1] })
    startRun(state, draft({ startedAt: NOW - 1 }))
    expect(readEarlierStarts(state, target, NOW).here).toEqual([NOW - 1])
  })

  it('are kept for 400 days', () => {
    const [old, young] = [ran({ startedAt: NOW - 400 * DAY - 1 }), ran({ startedAt: NOW - 400 * DAY })]
    pruneRuns(state, NOW)
    expect([readRun(state, old), readRun(state, young)!.id]).toEqual([undefined, young])
  })
})

describe('requests to confirm a run', () => {
  const target = { actionId: 1, hostId: 1, container: 'api' }
  const ask = (more: object = {}) =>
    addRequest(state, {
      ...{ ...target, changedAt: 1, alertId: null, askedAt: NOW, expiresAt: NOW + 15 * MINUTE },
      ...{ platform: 'discord', actorId: '1', actorName: 'Ann', ...more },
    } as Parameters<typeof addRequest>[1])
  beforeEach(off)

  it('are open for the same run only, until they expire or are closed', () => {
    const { id } = ask()
    expect(readPendingRequest(state, target, NOW + 15 * MINUTE - 1)!.id).toBe(id)
    expect(readPendingRequest(state, target, NOW + 15 * MINUTE)).toBeUndefined()
    for (const other of [{ actionId: 2 }, { hostId: 2 }, { container: '' }])
      expect(readPendingRequest(state, { ...target, ...other }, NOW)).toBeUndefined()
    const second = ask({ container: 'db' })
    closeRequest(state, id, NOW + 1)
    expect(readPendingRequest(state, target, NOW)).toBeUndefined()
    expect([findRequest(state, id).closedAt, findRequest(state, second.id).closedAt]).toEqual([NOW + 1, null])
    expect(() => findRequest(state, 99)).toThrow('There is no request 99.')
  })

  it('get another first person alone, and go a day after they expired', () => {
    const [first, second] = [ask(), ask({ container: 'db' })]
    const taken = takeOverRequest(state, first.id, { platform: 'slack', id: 'U1', name: 'Bo' }, NOW + 5)
    expect(taken).toMatchObject({ platform: 'slack', actorId: 'U1', actorName: 'Bo', askedAt: NOW + 5 })
    expect(findRequest(state, second.id)).toMatchObject({ actorName: 'Ann' })
    ask({ container: 'x', askedAt: first.expiresAt + DAY })
    expect(findRequest(state, first.id).id).toBe(first.id)
    ask({ container: 'y', askedAt: first.expiresAt + DAY + 1 })
    expect(() => findRequest(state, first.id)).toThrow('There is no request')
    // A number is never given twice: a button of a deleted request confirms nothing.
    state.prepare('delete from action_requests').run()
    expect(ask().id).toBe(5)
  })
})

describe('remote logs', () => {
  const log = (target: string, dueAt: number) =>
    addRemoteLog(state, {
      ...{
        hostId: 1,
        kind: 'file',
        target,
        source: 'x',
        projectId: null,
        every: 60,
        dueAt,
        addedAt: 0,
        addedBy: 'Ann',
      },
    })

  it('are next due but for some', () => {
    expect(readNextDueAt(state, [])).toBeNull()
    const [a, b] = [log('/a', 10), log('/b', 20)]
    expect([readNextDueAt(state, []), readNextDueAt(state, [a.id]), readNextDueAt(state, [a.id, b.id])]).toEqual([
      10,
      20,
      null,
    ])
    rewindRemoteLogs(state, 5)
    expect([readNextDueAt(state, []), readNextDueAt(state, [a.id])]).toEqual([5, 15])
  })

  it('keep their position where there is none, and when lines were lost', () => {
    const { id } = log('/a', 10)
    const position = { cursor: 'c' }
    recordLogPosition(state, readRemoteLog(state, id)!, position, 3, 99)
    recordLogPosition(state, readRemoteLog(state, id)!, null, 2, null)
    expect(readRemoteLog(state, id)).toMatchObject({ position, lines: 5, lostAt: 99, pending: null })
    recordFetched(state, id, 100, 160)
    expect(readRemoteLog(state, id)).toMatchObject({ fetchedAt: 100, dueAt: 160, failures: 0, error: null })
    recordSkipped(state, id, 220)
    expect(readRemoteLog(state, id)).toMatchObject({ fetchedAt: 100, dueAt: 220 })
  })
})

describe('measurements', () => {
  it('are the newest since an instant, and of a span with both of its ends', () => {
    for (const at of [NOW, NOW + 30 * SECOND, NOW + MINUTE])
      saveMeasurements(state, 1, [{ kind: 'host', name: '', cpu: (at - NOW) / SECOND }], at)
    saveMeasurements(state, 2, [{ kind: 'host', name: '', cpu: 99 }], NOW)
    const last = (since?: number) => readLastSample(state, 1, 'host', '', since)?.cpu
    expect([last(), last(NOW + MINUTE), last(NOW + MINUTE + 1)]).toEqual([60, 60, undefined])
    expect(readLastSample(state, 1, 'disk', '/')).toBeUndefined()
    const span = (from: number, until: number) =>
      readSamples(state, 1, 'host', '', { from, until, now: NOW + MINUTE }).map(({ cpu }) => cpu)
    expect(span(NOW, NOW + MINUTE)).toEqual([0, 30, 60])
    expect(span(NOW + 1, NOW + MINUTE - 1)).toEqual([30])
  })
})
