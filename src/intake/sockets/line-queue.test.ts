// The queue of a listener by itself: batches, turns, limits of waiting bytes, retries and the stop.
import { beforeEach, describe, expect, it } from 'vitest'
import { KIBIBYTE, MEBIBYTE } from '../../bytes.ts'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Datagram } from '../protocols/protocol.ts'
import { createLineQueue, type LineQueue, type LineQueueOptions, type SenderOptions } from './line-queue.ts'

/** What a line costs beside its bytes. */
const OVERHEAD = 100

let clock: FakeClock
let stored: Datagram[]
let receive: (datagram: Datagram) => unknown
let dropped: { address: string; lines: number; reason: string; message: string }[]
let warnings: string[]
let queue: LineQueue

beforeEach(() => {
  clock = createFakeClock(1_000_000)
  stored = []
  receive = () => {}
  dropped = []
  warnings = []
  queue = aQueue()
})

const aQueue = (changes: Partial<LineQueueOptions> = {}) =>
  createLineQueue({
    ...{ separator: '|', project: undefined, maxLines: () => 1_000, clock },
    logger: { ...silentLogger, warn: text => warnings.push(text) },
    async receive(datagram) {
      await receive(datagram)
      stored.push(datagram)
    },
    drop: one => dropped.push(one),
    ...changes,
  })
const sender = (changes: Partial<SenderOptions> = {}) =>
  queue.open({ address: '192.0.2.1', isPatient: true, ...changes })
const load = (...lines: string[]) => ({ lines: lines.map(line => Buffer.from(line)) })
/** A line that takes so many bytes of the limits. */
const ofBytes = (bytes: number) => ({ lines: [Buffer.alloc(bytes - OVERHEAD, 'x')] })
const bodies = () => stored.map(({ body }) => body.toString())
/** Holds what is received until it is released, one by one. */
function holding() {
  const held: (() => void)[] = []
  receive = () => new Promise<void>(resolve => held.push(resolve))
  return {
    count: () => held.length,
    async release(count = 1) {
      for (const go of held.splice(0, count)) go()
      await settled()
    },
  }
}

describe('a batch', () => {
  it('has the lines that came in one turn, in order, with the separator after each', async () => {
    const one = sender()
    expect([one.add(load('a', 'b')), one.add(load('c')), one.add(load())]).toEqual([true, true, true])
    await settled()
    expect(bodies()).toEqual(['a|b|c|'])
    expect(stored[0]).toMatchObject({ address: '192.0.2.1', lines: 3, isCountedElsewhere: true })
    expect(Object.keys(stored[0]!)).not.toContain('project')
    expect(Object.keys(stored[0]!)).not.toContain('defaults')
    expect(Object.keys(stored[0]!)).not.toContain('idempotencyKey')
    expect(queue.waitingBytes()).toBe(0)
  })

  it('names the project of the listener', async () => {
    queue = aQueue({ project: 'shop' })
    sender().add(load('a'))
    await settled()
    expect(stored[0]).toMatchObject({ project: 'shop' })
  })

  it('has lines of one source only, and none of a load with a key', async () => {
    const one = sender()
    const done: string[] = []
    one.add({ ...load('a'), defaults: { source: 'web' }, onStored: () => done.push('a') })
    one.add({ ...load('b'), defaults: { source: 'web' }, onStored: () => done.push('b') })
    one.add({ ...load('c'), defaults: { source: 'api' } })
    one.add(load('d'))
    one.add({ ...load('e'), idempotencyKey: 'k' })
    one.add({ ...load('f') })
    await settled()
    await settled()
    expect(bodies()).toEqual(['a|b|', 'c|', 'd|', 'e|', 'f|'])
    expect(done).toEqual(['a', 'b'])
    expect(stored.map(({ defaults, idempotencyKey }) => [defaults?.source, idempotencyKey])).toEqual([
      ['web', undefined],
      ['api', undefined],
      [undefined, undefined],
      [undefined, 'k'],
      [undefined, undefined],
    ])
  })

  it('has at most the lines that are allowed, and about 512 KiB', async () => {
    queue = aQueue({ maxLines: () => 3 })
    const one = sender()
    for (const text of ['a', 'b', 'c', 'd']) one.add(load(text))
    one.add(load('e', 'f'))
    one.add(load('g'))
    await settled(8)
    expect(bodies()).toEqual(['a|b|c|', 'd|e|f|', 'g|'])
    stored = []
    queue = aQueue()
    const large = sender()
    large.add(ofBytes(256 * KIBIBYTE))
    large.add(ofBytes(256 * KIBIBYTE))
    large.add(ofBytes(256 * KIBIBYTE))
    large.add(ofBytes(256 * KIBIBYTE + 1))
    await settled(8)
    expect(stored.map(({ lines }) => lines)).toEqual([2, 1, 1])
  })

  it('of a load with too many lines is one of several, each with a key of its own', async () => {
    queue = aQueue({ maxLines: () => 2 })
    const done: string[] = []
    sender().add({ ...load('a', 'b', 'c', 'd', 'e'), idempotencyKey: 'k', onStored: () => done.push('all') })
    const hold = holding()
    await settled()
    await hold.release(1)
    expect(done).toEqual([])
    await hold.release(9)
    await hold.release(9)
    expect(bodies().sort()).toEqual(['a|b|', 'c|d|', 'e|'])
    expect(stored.map(({ idempotencyKey }) => idempotencyKey).sort()).toEqual(['k', 'k part 1', 'k part 2'])
    expect(done).toEqual(['all'])
  })

  it('of two lines is not split where two are allowed', async () => {
    queue = aQueue({ maxLines: () => 2 })
    sender().add({ ...load('a', 'b'), idempotencyKey: 'k' })
    await settled()
    expect(stored.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['k'])
  })
})

describe('senders', () => {
  it('keep the order of their lines: one batch at a time, and all senders at once', async () => {
    const hold = holding()
    const [one, other] = [sender(), sender({ address: '192.0.2.2' })]
    one.add(load('a'))
    other.add(load('x'))
    await settled()
    one.add(load('b'))
    one.add(load('c'))
    await settled()
    expect(hold.count()).toBe(2)
    await hold.release(2)
    expect(hold.count()).toBe(1)
    await hold.release()
    expect(bodies()).toEqual(['a|', 'x|', 'b|c|'])
  })

  it('have 16 batches under way where each is acknowledged by itself', async () => {
    const hold = holding()
    const one = sender()
    for (let i = 0; i < 20; i++) one.add({ ...load(`${i}`), idempotencyKey: `k${i}` })
    await settled()
    expect(hold.count()).toBe(16)
    await hold.release()
    expect(hold.count()).toBe(16)
  })

  it('have 32 batches under way in all', async () => {
    const hold = holding()
    for (let i = 0; i < 40; i++) sender({ address: `192.0.2.${i}` }).add(load('a'))
    await settled()
    expect(hold.count()).toBe(32)
    await hold.release(8)
    expect(hold.count()).toBe(32)
    await hold.release(40)
    expect(stored.length).toBe(40)
  })

  it('that can wait are told at 4 MiB to do so, and when there is room again', async () => {
    const hold = holding()
    const rooms: string[] = []
    const one = sender({ onRoom: () => rooms.push('room') })
    expect(one.add(ofBytes(4 * MEBIBYTE - 1))).toBe(true)
    expect(one.isFull).toBe(false)
    await settled()
    expect(one.add(ofBytes(OVERHEAD))).toBe(false)
    expect([one.isFull, queue.waitingBytes()]).toEqual([true, 4 * MEBIBYTE - 1 + OVERHEAD])
    expect(rooms).toEqual([])
    await hold.release()
    expect([rooms, one.isFull, queue.waitingBytes()]).toEqual([['room'], false, OVERHEAD])
    await hold.release()
    expect(rooms).toEqual(['room'])
    expect(dropped).toEqual([])
  })

  it('that cannot wait lose what comes beyond 4 MiB, and it is counted', async () => {
    holding()
    const one = sender({ isPatient: false })
    expect(one.add(ofBytes(4 * MEBIBYTE))).toBe(false)
    expect(dropped).toEqual([])
    expect(one.add(load('a', 'b'))).toBe(false)
    expect(dropped).toMatchObject([{ address: '192.0.2.1', lines: 2, reason: 'busy' }])
    expect(queue.waitingBytes()).toBe(4 * MEBIBYTE)
  })

  it('may have 64 KiB each although 48 MiB wait in all', async () => {
    holding()
    for (let i = 0; i < 12; i++) {
      expect(queue.isCrowded()).toBe(false)
      sender({ address: `192.0.2.${i}` }).add(ofBytes(4 * MEBIBYTE))
    }
    expect(queue.isCrowded()).toBe(true)
    const small = sender({ isPatient: false, address: '192.0.2.99' })
    expect(small.add(ofBytes(64 * KIBIBYTE - 1))).toBe(true)
    expect(small.isFull).toBe(false)
    expect(small.add(load('x'))).toBe(false)
    expect(dropped).toEqual([])
    small.add(load('y'))
    expect(dropped.length).toBe(1)
  })
})

describe('a batch that cannot be stored', () => {
  const failing = (error: Error, times = Number.POSITIVE_INFINITY) => {
    let left = times
    const tries: number[] = []
    receive = () => {
      tries.push(clock.now() - 1_000_000)
      if (left-- > 0) throw error
    }
    return tries
  }

  it.each([
    ['busy', true, true],
    ['internal', true, true],
    ['limited', true, false],
    ['not_found', true, false],
    ['invalid', false, false],
    ['too_large', false, false],
  ] as const)(
    'because of %s is tried again for a patient sender: %s, for another: %s',
    async (code, patient, other) => {
      for (const [isPatient, isTried] of [
        [true, patient],
        [false, other],
      ] as const) {
        dropped = []
        const tries = failing(new Problem(code, 'no'))
        sender({ isPatient }).add(load('a', 'b'))
        await clock.advance(MINUTE)
        expect(tries.length > 1).toBe(isTried)
        expect(dropped).toEqual(isTried ? [] : [{ address: '192.0.2.1', lines: 2, reason: code, message: 'no' }])
        receive = () => {}
        await clock.advance(MINUTE)
      }
    },
  )

  it('is tried again when the problem says so, or later and later', async () => {
    const tries = failing(new Problem('busy', 'full', { retryAfterMs: 7 * SECOND }), 2)
    sender().add(load('a'))
    await clock.advance(MINUTE)
    expect([tries, bodies()]).toEqual([[0, 7 * SECOND, 14 * SECOND], ['a|']])
    const later = failing(new Problem('busy', 'full'))
    sender().add(load('b'))
    await clock.advance(10 * MINUTE)
    const gaps = later.slice(1).map((at, i) => at - later[i]!)
    expect(gaps[0]).toBeGreaterThanOrEqual(125)
    expect(gaps[0]).toBeLessThanOrEqual(250)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10 * SECOND)
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(5 * SECOND)
  })

  it('for a reason that nobody knows is tried five times', async () => {
    const tries = failing(new Error('who knows'))
    sender().add(load('a'))
    await clock.advance(MINUTE)
    expect([tries.length, dropped]).toEqual([
      5,
      [{ address: '192.0.2.1', lines: 1, reason: 'internal', message: 'who knows' }],
    ])
  })

  it('leaves its place to others while it waits, but not to later lines of its sender', async () => {
    receive = ({ body }) => {
      if (body.toString().startsWith('bad')) throw new Problem('busy', 'full', { retryAfterMs: MINUTE })
    }
    for (let i = 0; i < 32; i++) sender({ address: `192.0.2.${i}` }).add(load('bad'))
    const one = sender()
    one.add(load('bad'))
    await settled()
    one.add(load('good'))
    sender().add(load('fine'))
    await settled()
    expect(bodies()).toEqual(['fine|'])
    receive = () => {}
    await clock.advance(MINUTE)
    expect(bodies().at(-1)).toBe('good|')
    expect(stored.length).toBe(35)
    expect(queue.waitingBytes()).toBe(0)
  })

  it('is logged once a minute', async () => {
    failing(new Problem('busy', 'full', { retryAfterMs: 10 * SECOND }))
    sender().add(load('a'))
    await clock.advance(59 * SECOND)
    expect(warnings).toEqual(['lines wait to be stored'])
    failing(new Problem('invalid', 'no'))
    await clock.advance(SECOND)
    expect(warnings).toEqual(['lines wait to be stored', 'lines are dropped'])
  })

  it('tells nobody that it was stored', async () => {
    const done: string[] = []
    failing(new Problem('invalid', 'no'))
    sender().add({ ...load('a'), onStored: () => done.push('a') })
    await settled()
    expect([done, dropped.length, queue.waitingBytes()]).toEqual([[], 1, 0])
  })
})

describe('a stop', () => {
  it('with nothing left is at once, and one with lines waits for them', async () => {
    await queue.stop(SECOND)
    const hold = holding()
    sender().add(load('a'))
    let isStopped = false
    const stopped = queue.stop(SECOND).then(() => {
      isStopped = true
    })
    await settled()
    expect([isStopped, hold.count()]).toEqual([false, 1])
    await hold.release()
    await stopped
    expect(bodies()).toEqual(['a|'])
    await clock.advance(MINUTE)
    expect(warnings).toEqual([])
  })

  it('tries what waits for a retry at once', async () => {
    receive = () => {
      throw new Problem('busy', 'full', { retryAfterMs: MINUTE })
    }
    sender().add(load('a'))
    await settled()
    receive = () => {}
    await queue.stop(SECOND)
    expect(bodies()).toEqual(['a|'])
  })

  it('that takes too long drops what is left, and says so', async () => {
    receive = () => {
      throw new Problem('busy', 'full', { retryAfterMs: MINUTE })
    }
    sender().add(load('a'))
    await settled()
    let isStopped = false
    const stopped = queue.stop(2 * SECOND).then(() => {
      isStopped = true
    })
    await clock.advance(2 * SECOND - 1)
    expect([isStopped, dropped]).toEqual([false, []])
    await clock.advance(1)
    await stopped
    expect(dropped).toMatchObject([{ lines: 1, reason: 'busy' }])
    expect(warnings.at(-1)).toContain('too slow at the stop')
  })
})
