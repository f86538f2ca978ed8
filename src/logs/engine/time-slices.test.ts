// Which slices of time an engine is asked for that takes too long with the whole, and what was not searched in the end.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DAY, HOUR } from '../../time.ts'
import { NOON } from '../store.testing.ts'
import type { EngineOrder, Timed } from './driver.ts'
import { askInSlices, type TimeRange } from './time-slices.ts'

const H = HOUR
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] })
  vi.setSystemTime(NOON)
})
afterEach(() => void vi.useRealTimers())

/** Asks an engine that answers ranges up to `ableMs`, and takes `tookMs` for each question. */
async function ask(
  whole: TimeRange,
  order: EngineOrder,
  {
    ableMs = 40 * H,
    tookMs = 0,
    forMs = 60_000,
    stopIn = Number.NaN,
  }: { ableMs?: number; tookMs?: number; forMs?: number; stopIn?: number },
) {
  const asked: [from: number, until: number, timeoutMs: number][] = []
  const rest = await askInSlices(
    whole,
    order,
    performance.now() + forMs,
    async ({ from, until }, timeoutMs): Promise<Timed<'continue' | 'stop'>> => {
      asked.push([from, until, timeoutMs])
      vi.advanceTimersByTime(tookMs)
      if (until - from > ableMs) return { isTimedOut: true }
      return { answer: from <= stopIn && stopIn < until ? 'stop' : 'continue' }
    },
  )
  return {
    rest,
    slices: asked.slice(1).map(([from, until]) => [from, until]),
    asked,
    timeouts: asked.map(([, , ms]) => ms),
  }
}

const past = (hours: number): number => NOON - 1_000 * H + hours * H
const range = { from: past(0), until: past(100) }

describe('an engine that answers', () => {
  it('is asked once, with half of the time', async () => {
    const { rest, asked } = await ask(range, 'newest', { ableMs: 100 * H, forMs: 8_000 })
    expect([rest, asked]).toEqual([null, [[range.from, range.until, 4_000]]])
  })

  it('is not asked about no time at all', async () => {
    for (const until of [range.from, range.from - 1])
      expect((await ask({ from: range.from, until }, 'newest', {})).asked).toEqual([])
  })

  it('has half a second in any case', async () => {
    expect((await ask(range, 'newest', { ableMs: 100 * H, forMs: 0 })).timeouts).toEqual([500])
  })
})

describe('an engine that takes too long with the whole', () => {
  const day = { from: past(0), until: past(30) }

  it('is asked from the newest on, in slices each four times as long as the last', async () => {
    const { rest, slices } = await ask(day, 'newest', { ableMs: 20 * H })
    expect(rest).toBe(null)
    expect(slices).toEqual([
      [past(29), past(30)],
      [past(25), past(29)],
      [past(9), past(25)],
      [past(0), past(9)],
    ])
  })

  it('is asked from the oldest on the same way', async () => {
    const { rest, slices } = await ask(day, 'oldest', { ableMs: 20 * H })
    expect(rest).toBe(null)
    expect(slices).toEqual([
      [past(0), past(1)],
      [past(1), past(5)],
      [past(5), past(21)],
      [past(21), past(30)],
    ])
  })

  it.each<[EngineOrder, TimeRange]>([
    ['newest', { from: past(0), until: past(79) }],
    ['oldest', { from: past(21), until: past(100) }],
  ])('says what is left when a slice takes too long, too: %s first', async (order, rest) => {
    expect((await ask(range, order, { ableMs: 20 * H })).rest).toEqual(rest)
  })

  it('is not asked again when a slice has enough', async () => {
    const { rest, slices } = await ask(day, 'newest', { ableMs: 20 * H, stopIn: past(26) })
    expect([rest, slices.length]).toEqual([null, 2])
  })

  it('is not asked again once the time is over, after the first slice', async () => {
    const late = await ask(day, 'newest', { ableMs: 20 * H, tookMs: 3_000, forMs: 2_000 })
    expect([late.rest, late.slices.length]).toEqual([{ from: past(0), until: past(29) }, 1])
    expect(late.timeouts).toEqual([1_000, 1_000])
    // At the deadline itself there is time for one more.
    const last = await ask(day, 'newest', { ableMs: 20 * H, tookMs: 3_000, forMs: 6_000 })
    expect([last.rest, last.slices.length]).toEqual([{ from: past(0), until: past(25) }, 2])
    expect(last.timeouts).toEqual([3_000, 3_000, 1_000])
  })

  it('with any slice is busy, which the message says', async () => {
    const asking = ask(day, 'newest', { ableMs: 1 })
    await expect(asking).rejects.toMatchObject({ code: 'busy', message: expect.stringContaining('shorter time range') })
  })

  it('is asked for times beyond any likely line first, at once', async () => {
    const newest = await ask({ from: NOON - H, until: NOON + 900 * DAY }, 'newest', { ableMs: 900 * DAY })
    expect(newest.slices).toEqual([
      [NOON + H, NOON + 900 * DAY],
      [NOON, NOON + H],
      [NOON - H, NOON],
    ])
    const old = NOON - 400 * DAY
    const oldest = await ask({ from: 0, until: old + 2 * H }, 'oldest', { ableMs: old })
    expect(oldest.slices).toEqual([
      [0, old],
      [old, old + H],
      [old + H, old + 2 * H],
    ])
  })

  it.each([
    [
      'at the end',
      NOON - H,
      NOON + H,
      [
        [NOON, NOON + H],
        [NOON - H, NOON],
      ],
    ],
    [
      'at the beginning',
      NOON + H,
      NOON + 3 * H,
      [
        [NOON + 2 * H, NOON + 3 * H],
        [NOON + H, NOON + 2 * H],
      ],
    ],
  ])('is asked as ever when likely lines end %s of the range', async (_, from, until, expected) => {
    expect((await ask({ from, until }, 'newest', { ableMs: H })).slices).toEqual(expected)
  })
})
