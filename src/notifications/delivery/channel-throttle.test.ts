// The pace of one channel: how many sends at once, and how long each failure keeps which of them.
import { beforeEach, describe, expect, it } from 'vitest'
import { DeliveryError } from '../../chat/channel.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { ChannelThrottle } from './channel-throttle.ts'

const NOW = 1_000_000
let throttle: ChannelThrottle
beforeEach(() => {
  throttle = new ChannelThrottle()
})
const limited = (scope: 'all' | 'post' | 'edit' | 'message', retryAfterMs = 5_000) =>
  throttle.recordFailure(1, new DeliveryError('limited', 'slow', { scope, retryAfterMs }), NOW)
const allowed = (now: number) => [throttle.allows('post', now), throttle.allows('edit', now)]

describe('sends in flight', () => {
  it('are four at most, and two edits', () => {
    throttle.inFlight.set(1, 'edit')
    expect(allowed(NOW)).toEqual([true, true])
    throttle.inFlight.set(2, 'edit')
    expect(allowed(NOW)).toEqual([true, false])
    throttle.inFlight.set(3, 'post')
    expect([throttle.isFull, ...allowed(NOW)]).toEqual([false, true, false])
    throttle.inFlight.set(4, 'post')
    expect([throttle.isFull, ...allowed(NOW)]).toEqual([true, false, false])
  })
})

describe('a rate limit', () => {
  it.each([
    ['post', [false, true]],
    ['edit', [true, false]],
    ['all', [false, false]],
    ['message', [true, true]],
  ] as const)('of %s lets the others through', (scope, expected) => {
    expect(limited(scope)).toBe(NOW + 5_000)
    expect(allowed(NOW + 4_999)).toEqual(expected)
    expect(allowed(NOW + 5_000)).toEqual([true, true])
  })

  it('is followed by ten seconds with one send of its kind at a time', () => {
    limited('post')
    throttle.inFlight.set(7, 'post')
    expect(allowed(NOW + 14_999)).toEqual([false, true])
    expect(allowed(NOW + 15_000)).toEqual([true, true])
    expect([NOW, NOW + 5_000, NOW + 15_000].map(now => throttle.blockedUntil(now))).toEqual([
      NOW + 5_000,
      NOW + 15_000,
      null,
    ])
  })

  it('is not shortened by a later one, and outlasts a new connection', () => {
    limited('all', 60_000)
    limited('post', 1_000)
    throttle.reset()
    expect(allowed(NOW + 59_999)).toEqual([false, false])
  })
})

describe('a failure', () => {
  const fails = (now: number, code: 'unreachable' | 'unsure' = 'unreachable') =>
    throttle.recordFailure(1, new DeliveryError(code, 'down'), now) - now

  it('waits longer the more follow, one for all that fail together, and less after a success or a new connection', () => {
    const first = fails(NOW)
    expect(allowed(NOW)).toEqual([false, false])
    for (let i = 0; i < 10; i++) expect(fails(NOW)).toBeLessThanOrEqual(2 * SECOND)
    let now = NOW + first + 2 * SECOND
    for (let i = 0; i < 8; i++) now += fails(now)
    expect(fails(now)).toBeGreaterThan(20 * SECOND)
    throttle.recordSuccess(1, 'edit')
    expect(fails(now + MINUTE)).toBeLessThanOrEqual(2 * SECOND)
    throttle.reset()
    expect(allowed(now + MINUTE)).toEqual([true, true])
  })

  it('of a message that is gone waits for nothing', () => {
    expect(throttle.recordFailure(1, new DeliveryError('gone', 'deleted'), NOW)).toBe(NOW)
    expect(throttle.blockedUntil(NOW)).toBeNull()
  })

  it('keeps its wait when the clock goes back', () => {
    limited('post')
    throttle.recordFailure(2, new DeliveryError('refused', 'no access'), NOW)
    throttle.takeRetriable([2], NOW)
    throttle.rewind(NOW / 2)
    expect(allowed(NOW / 2 + 4_999)).toEqual([false, true])
    expect(throttle.blockedUntil(NOW / 2)).toBe(NOW / 2 + 5_000)
    expect(throttle.refusal).toMatchObject({ since: NOW / 2, retryAt: NOW / 2 + 15 * SECOND })
    expect(throttle.takeRetriable([2], NOW / 2 + 15 * SECOND - 1)).toEqual([])
    expect(throttle.takeRetriable([2], NOW / 2 + 15 * SECOND)).toEqual([2])
  })
})

describe('a refusal', () => {
  const refuses = (alertId: number, now: number, message = 'no access') =>
    throttle.recordFailure(alertId, new DeliveryError('refused', message), now)

  it('is retried after 15 s, and then less and less often, every five minutes at least', () => {
    expect(refuses(1, NOW)).toBe(NOW)
    expect(throttle.refusal).toMatchObject({ since: NOW, retries: 0, retryAt: NOW + 15 * SECOND, isPartial: false })
    const waits = Array.from({ length: 7 }, () => {
      throttle.postponeRefusedRetry(NOW)
      return (throttle.refusal!.retryAt - NOW) / SECOND
    })
    expect(waits).toEqual([30, 60, 120, 240, 300, 300, 300])
    refuses(2, NOW + 1, 'still none')
    expect(throttle.refusal).toMatchObject({ since: NOW, retries: 7, message: 'still none' })
  })

  it('of some messages only is retried at most every hour, and begins again with another alert', () => {
    refuses(1, NOW)
    expect(throttle.takeRetriable([1], NOW)).toEqual([1])
    expect(throttle.refusal?.isPartial).toBe(true)
    const waits = Array.from({ length: 9 }, () => {
      throttle.postponeRefusedRetry(NOW)
      return (throttle.refusal!.retryAt - NOW) / SECOND
    })
    expect(waits.at(-1)).toBe(3_600)
    refuses(1, NOW + 1)
    expect(throttle.refusal).toMatchObject({ retries: 9, isPartial: true })
    refuses(2, NOW + 2)
    expect(throttle.refusal).toMatchObject({ since: NOW, retries: 0, retryAt: NOW + 2 + 15 * SECOND, isPartial: false })
  })

  it('is retried at once after a success, and with growing waits from then on', () => {
    refuses(1, NOW)
    expect(throttle.takeRetriable([1, 2], NOW)).toEqual([1, 2])
    expect(throttle.takeRetriable([1, 2], NOW + 1)).toEqual([])
    expect(throttle.takeRetriable([1, 2], NOW + 15 * SECOND)).toEqual([1, 2])
    expect(throttle.takeRetriable([1], NOW + 44 * SECOND)).toEqual([])
    expect(throttle.takeRetriable([1], NOW + 45 * SECOND)).toEqual([1])
    throttle.recordSuccess(2, 'edit')
    expect(throttle.takeRetriable([2], NOW + 16 * SECOND)).toEqual([])
    throttle.recordSuccess(2, 'post')
    expect(throttle.takeRetriable([2], NOW + 16 * SECOND)).toEqual([2])
    throttle.endRefusal()
    expect(throttle.refusal).toBeNull()
    expect(throttle.takeRetriable([1], NOW)).toEqual([1])
    throttle.postponeRefusedRetry(NOW)
    expect(throttle.refusal).toBeNull()
  })
})
