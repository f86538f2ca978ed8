// The board job by itself: when the message of a board is posted, edited and replaced, and what follows from failures.
import { beforeEach, describe, expect, it } from 'vitest'
import { fireAlert } from '../../alerts/lifecycle.ts'
import type { Card } from '../../card.ts'
import { DeliveryError } from '../../chat/channel.ts'
import { type Connectivity, initialConnectivity } from '../../connectivity/connectivity.ts'
import { silentLogger } from '../../logger.ts'
import { memoryState, type State } from '../../state/database.ts'
import { aFinding } from '../../testing/alerts.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { createMemoryChannel, type MemoryChannel } from '../../testing/memory-channel.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { addChannel } from '../routing/channels.ts'
import { type BoardJob, createBoardJob } from './board-job.ts'
import { readBoard, setBoard } from './boards.ts'

const START = Date.parse('2026-03-02T09:00:00Z')

let state: State
let clock: FakeClock
let ops: MemoryChannel
let isReachable: boolean
let connectivity: Connectivity
let changes: number
let job: BoardJob

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  ops = createMemoryChannel('ops', clock.now)
  addChannel(state, { id: 'ops', name: 'ops' }, START)
  isReachable = true
  connectivity = initialConnectivity(START)
  changes = 0
  job = createBoardJob({
    ...{ state, clock, hasLogs: false, connectivity: () => connectivity, logger: silentLogger },
    channel: id => (id === 'ops' && isReachable ? ops : undefined),
    onChange: () => changes++,
  })
})

const has = () => setBoard(state, { channelId: 'ops', projectId: null, setBy: 'Ann' }, START)
const board = () => readBoard(state, 'ops')!
const fires = (key: string) => fireAlert(state, aFinding(key, clock.now()), clock.now())
const textOf = (card: Card | undefined) => JSON.stringify(card)
const calls = () => ops.calls.join(' ')
const fails = (code: DeliveryError['code'], times = 1, kind?: 'post' | 'edit') =>
  ops.failing(new DeliveryError(code, 'no answer'), times, kind)

describe('the message of a board', () => {
  it('is posted a second after the start, and pinned', async () => {
    has()
    await clock.advance(MINUTE)
    expect(calls()).toBe('')
    job.start()
    await clock.advance(SECOND - 1)
    expect(calls()).toBe('')
    await clock.advance(1)
    expect(calls()).toBe('post pin')
    expect(board()).toMatchObject({ ref: ops.messages[0]!.ref, isPinned: true, sentAt: clock.now() })
    expect([job.error('ops'), changes]).toEqual([null, 1])
  })

  it('is edited within 20 seconds of a change, and otherwise every five minutes', async () => {
    has()
    job.start()
    await clock.advance(SECOND)
    fires('disk full')
    await clock.advance(19 * SECOND)
    expect(ops.messages[0]!.edits).toBe(0)
    await clock.advance(SECOND)
    expect(ops.messages[0]!.edits).toBe(1)
    expect(textOf(ops.messages[0]!.card)).toContain('disk full')
    await clock.advance(4 * MINUTE)
    expect(ops.messages[0]!.edits).toBe(1)
    await clock.advance(2 * MINUTE)
    expect(ops.messages[0]!.edits).toBe(2)
  })

  it('is edited as before after the clock went back', async () => {
    has()
    job.start()
    await clock.advance(MINUTE)
    clock.sleep(-60 * MINUTE)
    fires('disk full')
    await clock.advance(MINUTE)
    expect(textOf(ops.messages[0]!.card)).toContain('disk full')
  })

  it('that may have arrived is looked for before it is posted again', async () => {
    has()
    ops.acceptsThenFails(new DeliveryError('unsure', 'no answer'))
    job.start()
    await clock.advance(SECOND)
    expect([board().ref, job.error('ops')]).toEqual([null, 'no answer'])
    await clock.advance(2 * MINUTE)
    expect(ops.messages).toHaveLength(1)
    expect(ops.calls.slice(0, 2)).toEqual(['post', 'find'])
    expect([board().ref, job.error('ops')]).toEqual([ops.messages[0]!.ref, null])
  })

  it('that cannot be pinned stands all the same', async () => {
    has()
    ops.failing(new DeliveryError('refused', 'no right'), 1, 'pin' as never)
    job.start()
    await clock.advance(SECOND)
    expect(board()).toMatchObject({ ref: ops.messages[0]!.ref, isPinned: false })
    expect(job.error('ops')).toBeNull()
  })

  it('that is gone is posted again at once', async () => {
    has()
    job.start()
    await clock.advance(SECOND)
    fires('a')
    fails('gone', 1, 'edit')
    await clock.advance(MINUTE)
    expect(ops.messages).toHaveLength(2)
    expect(board().ref).toBe(ops.messages[1]!.ref)
  })

  it('says that Vakt is offline, and at a stop that it is no longer live', async () => {
    has()
    job.start()
    await clock.advance(SECOND)
    connectivity = { ...connectivity, state: 'offline' }
    expect(textOf(job.card(null))).toContain('offline, so this may be old')
    connectivity = initialConnectivity(clock.now())
    expect(textOf(job.card(null))).not.toContain('offline')
    await job.stop()
    expect(textOf(ops.messages[0]!.card)).toContain('Vakt has stopped')
    const before = ops.calls.length
    fires('a')
    await clock.advance(10 * MINUTE)
    expect(ops.calls.length).toBe(before)
  })
})

describe('a channel', () => {
  it('that cannot be reached is tried again after five minutes, or when channels change', async () => {
    has()
    isReachable = false
    job.start()
    await clock.advance(SECOND)
    expect(job.error('ops')).toBe('The channel cannot be reached.')
    isReachable = true
    await clock.advance(4 * MINUTE)
    expect(calls()).toBe('')
    addChannel(state, { id: 'other', name: 'other' }, START)
    await clock.advance(SECOND)
    expect([calls(), job.error('ops')]).toEqual(['post pin', null])
  })

  it('that refuses is tried again after five minutes', async () => {
    has()
    fails('refused')
    job.start()
    await clock.advance(5 * MINUTE)
    expect(calls()).toBe('post')
    await clock.advance(SECOND)
    expect(calls()).toBe('post find post pin')
  })

  it('that does not answer is tried again after 20 seconds at least, later and later', async () => {
    has()
    fails('unreachable', 3)
    job.start()
    await clock.advance(SECOND + 20 * SECOND - 1)
    expect(ops.calls).toHaveLength(1)
    await clock.advance(5 * MINUTE)
    expect([job.error('ops'), ops.messages.length]).toEqual([null, 1])
  })
})

describe('adding a board', () => {
  it('posts it at once, in place of one that is there', async () => {
    const added = await job.add(ops, null, 'Ann')
    expect([added.ref, added.setBy]).toEqual([ops.messages[0]!.ref, 'Ann'])
    const again = await job.add(ops, null, 'Bo')
    expect([again.setBy, again.ref === added.ref]).toEqual(['Bo', false])
  })

  it.each(['refused', 'invalid_form', 'gone'] as const)('where it is %s leaves none', async code => {
    fails(code)
    await expect(job.add(ops, null, 'Ann')).rejects.toMatchObject({ code: 'conflict' })
    expect(readBoard(state, 'ops')).toBeUndefined()
  })

  it('while the chat does not answer posts it later', async () => {
    job.start()
    fails('unreachable')
    expect((await job.add(ops, null, 'Ann')).ref).toBeNull()
    expect(job.error('ops')).toBe('no answer')
    await clock.advance(MINUTE)
    await settled()
    expect(board().ref).toBe(ops.messages[0]!.ref)
  })
})

describe('removing a board', () => {
  it('says whether its message was deleted', async () => {
    await job.add(ops, null, 'Ann')
    const removed: string[] = []
    Object.assign(ops, { remove: async (ref: string) => void removed.push(ref) })
    const { ref } = board()
    expect([await job.remove(board()), removed, readBoard(state, 'ops')]).toEqual([true, [ref], undefined])
    Object.assign(ops, { remove: () => Promise.reject(new DeliveryError('unreachable', 'no answer')) })
    await job.add(ops, null, 'Ann')
    expect(await job.remove(board())).toBe(false)
    expect(await job.remove(has())).toBe(false)
    isReachable = false
    expect(await job.remove({ ...has(), ref: 'm' })).toBe(false)
  })

  it('on its way takes its message with it', async () => {
    const arrives = ops.hangs('post')
    const removed: string[] = []
    Object.assign(ops, { remove: async (ref: string) => void removed.push(ref) })
    has()
    job.start()
    await clock.advance(SECOND)
    await job.remove(board())
    arrives()
    await settled()
    expect(removed).toEqual([ops.messages[0]!.ref])
  })
})
