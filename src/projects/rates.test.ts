// Sliding limits: never more than the limit in a minute by much, never forgotten by a restart.
import { describe, expect, it } from 'vitest'
import { memoryState } from '../state/database.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { createRates } from './rates.ts'

describe('a limit per minute', () => {
  it('lets its amount through, then says how long to wait', () => {
    const rates = createRates(memoryState(), createFakeClock(0))
    expect(rates.take('p', 60, 100, 1000)).toEqual({ ok: true })
    expect(rates.take('p', 40, 100, 2000)).toEqual({ ok: true })
    expect(rates.take('p', 1, 100, 30_000)).toEqual({ ok: false, retryAfterMs: 30_000 })
    expect(rates.take('other', 100, 100, 30_000)).toEqual({ ok: true })
  })

  it('slides: what was used a minute ago fades, it does not vanish at the full minute', () => {
    const rates = createRates(memoryState(), createFakeClock(0))
    rates.take('p', 100, 100, 59_000)
    expect(rates.take('p', 10, 100, 60_000).ok).toBe(false)
    expect(rates.take('p', 10, 100, 65_000).ok).toBe(false)
    expect(rates.take('p', 10, 100, 66_000).ok).toBe(true)
    expect(rates.take('p', 100, 100, 180_000).ok).toBe(true)
  })

  it('waits as long as it says', () => {
    const rates = createRates(memoryState(), createFakeClock(0))
    rates.take('p', 100, 100, 50_000)
    const refused = rates.take('p', 10, 100, 60_500)
    expect(refused.ok).toBe(false)
    if (!refused.ok) expect(rates.take('p', 10, 100, 60_500 + refused.retryAfterMs).ok).toBe(true)
  })

  it('lets a batch larger than itself through when nothing was used, so that it is never stuck', () => {
    const rates = createRates(memoryState(), createFakeClock(0))
    expect(rates.take('p', 500, 100, 1000)).toEqual({ ok: true })
    expect(rates.take('p', 1, 100, 2000).ok).toBe(false)
  })

  it('remembers over a restart', async () => {
    const state = memoryState()
    const clock = createFakeClock(10_000)
    createRates(state, clock).take('p', 100, 100, clock.now())
    await clock.advance(2000)
    expect(createRates(state, clock).take('p', 1, 100, clock.now()).ok).toBe(false)
    await clock.advance(58_000)
    expect(createRates(state, clock).take('p', 50, 100, clock.now()).ok).toBe(false)
    await clock.advance(130_000)
    expect(createRates(state, clock).take('p', 100, 100, clock.now()).ok).toBe(true)
  })

  it('is free again within two minutes after the clock went back, also over a restart', async () => {
    const state = memoryState()
    const clock = createFakeClock(600 * 60_000)
    const rates = createRates(state, clock)
    rates.take('p', 100, 100, clock.now())
    rates.save()
    for (const after of [rates, createRates(state, createFakeClock(0))]) {
      expect(after.waitFor('p', 1, 100, 120_000)).toBe(after === rates ? 60_000 : 0)
      expect(after.take('p', 100, 100, 240_000)).toEqual({ ok: true })
      expect(after.take('p', 1, 100, 240_000).ok).toBe(false)
    }
  })

  it('remembers the minute before over a restart, while later minutes are written', async () => {
    const state = memoryState()
    const clock = createFakeClock(50_000)
    const rates = createRates(state, clock)
    rates.take('p', 100, 100, clock.now())
    await clock.advance(12_000)
    rates.take('other', 1, 100, clock.now())
    await clock.advance(2_000)
    expect(createRates(state, clock).take('p', 50, 100, clock.now()).ok).toBe(false)
  })

  it('forgets what no limit needs any more', async () => {
    const state = memoryState()
    const clock = createFakeClock(0)
    const rates = createRates(state, clock)
    for (let minute = 0; minute < 5; minute++) {
      rates.take(`p${minute}`, 1, 100, clock.now())
      await clock.advance(60_000)
    }
    expect(state.prepare('select key from rates order by minute').all()).toEqual([{ key: 'p3' }, { key: 'p4' }])
  })

  it('is written a second after its first use, and only where it was used since', async () => {
    const state = memoryState()
    const clock = createFakeClock(0)
    const rates = createRates(state, clock)
    const stored = () => state.prepare<[], { key: string; used: number }>('select key, used from rates').all()
    rates.take('p', 5, 100, clock.now())
    await clock.advance(999)
    rates.take('p', 1, 100, clock.now())
    expect(stored()).toEqual([])
    await clock.advance(1)
    expect(stored()).toEqual([{ key: 'p', used: 6 }])
    state.prepare('delete from rates').run()
    rates.take('q', 2, 100, clock.now())
    await clock.advance(1000)
    expect(stored()).toEqual([{ key: 'q', used: 2 }])
    rates.take('q', 1, 100, clock.now())
    rates.save()
    expect(stored()).toEqual([{ key: 'q', used: 3 }])
  })

  it('says without counting whether an amount fits', () => {
    const rates = createRates(memoryState(), createFakeClock(0))
    rates.take('p', 60, 60, 1000)
    for (let n = 0; n < 3; n++) expect(rates.waitFor('p', 1, 60, 2000)).toBe(58_000)
    expect(rates.waitFor('other', 1, 60, 2000)).toBe(0)
    expect(rates.take('p', 1, 60, 180_000)).toEqual({ ok: true })
  })
})
