// The table of remote logs: each log of a host once, due in order, and what a failure leaves.
import { beforeEach, expect, it } from 'vitest'
import { memoryState, type State } from '../../state/database.ts'
import { addHost } from '../hosts.ts'
import {
  addRemoteLog,
  editRemoteLog,
  listDueRemoteLogs,
  listRemoteLogs,
  readRemoteLog,
  recordFailed,
  recordPendingBatch,
  removeRemoteLog,
  resetFailures,
} from './remote-logs.ts'

let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['web-1', 'web-2'])
    addHost(state, { name, address: 'x', port: 22, user: 'x', auth: 'own', addedAt: 0, addedBy: 'Ann' })
})
const add = (target: string, hostId = 1, dueAt = 10) =>
  addRemoteLog(state, {
    hostId,
    kind: 'file',
    target,
    source: 'x',
    projectId: null,
    every: 60,
    dueAt,
    addedAt: 0,
    addedBy: 'Ann',
  })
const failing = (id: number) => {
  const { failures, failingSince, failedAt, error, dueAt } = readRemoteLog(state, id)!
  return [failures, failingSince, failedAt, error, dueAt]
}

it('a log of a host is added once, listed by host and name, and removed alone', () => {
  const [b, a, other] = [add('/b'), add('/a'), add('/b', 2)]
  expect(() => add('/b')).toThrow('/b of this host is read already.')
  expect(listRemoteLogs(state).map(({ id }) => id)).toEqual([a.id, b.id, other.id])
  expect(listRemoteLogs(state, 2).map(({ id }) => id)).toEqual([other.id])
  removeRemoteLog(state, b.id)
  expect(listRemoteLogs(state).map(({ id }) => id)).toEqual([a.id, other.id])
})

it('what is due is listed from its instant on, the longest overdue first', () => {
  const [late, early] = [add('/a', 1, 20), add('/b', 1, 10)]
  expect([9, 10, 20].map(now => listDueRemoteLogs(state, now).map(({ id }) => id))).toEqual([
    [],
    [early.id],
    [early.id, late.id],
  ])
})

it('failures are counted since the first, not while Vakt is offline, and forgotten for one host at a time', () => {
  const [mine, other] = [add('/a'), add('/a', 2)]
  recordFailed(state, mine.id, 'no', true, 100, 160)
  recordFailed(state, mine.id, 'still no', true, 200, 260)
  recordFailed(state, other.id, 'no', true, 300, 360)
  expect(failing(mine.id)).toEqual([2, 100, 200, 'still no', 260])
  resetFailures(state, 1)
  expect(failing(mine.id)).toEqual([0, null, null, 'still no', 260])
  expect(failing(other.id)).toEqual([1, 300, 300, 'no', 360])
  recordFailed(state, other.id, 'offline', false, 400, 460)
  expect(failing(other.id)).toEqual([0, null, null, 'offline', 460])
})

it('another project waits until the batch under way is stored; the rest does not', () => {
  const log = add('/a')
  const until = { file: { inode: '1', offset: 2 } } as never
  recordPendingBatch(state, log.id, { batch: 1, start: null, until })
  expect(() => editRemoteLog(state, log.id, { projectId: null })).toThrow('Lines of /a are being stored.')
  expect(editRemoteLog(state, log.id, { every: 90 })).toMatchObject({ every: 90 })
})
