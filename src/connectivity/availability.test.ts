// The share of a time in which Vakt was online: spans that overlap its ends, what is not known, and how it is written.
import { describe, expect, it } from 'vitest'
import { MINUTE } from '../time.ts'
import { availability, availabilityOver, availabilityText, type ConnectivitySpan } from './availability.ts'

const span = (state: ConnectivitySpan['state'], from: number, to: number): ConnectivitySpan => ({ state, from, to })

describe('availability', () => {
  it.each<[string, ConnectivitySpan[], number | null, number]>([
    ['of nothing', [], null, 0],
    ['of a span within', [span('online', 20, 30)], 1, 10],
    ['of a span around', [span('offline', -50, 150)], 0, 100],
    ['of a span that begins before', [span('offline', -50, 25), span('online', 25, 50)], 0.5, 50],
    ['of a span that ends after', [span('online', 50, 75), span('offline', 75, 200)], 0.5, 50],
    ['of spans before and after', [span('offline', -50, 0), span('offline', 100, 150), span('online', 0, 10)], 1, 10],
    [
      'of spans far before and after',
      [span('offline', -50, -10), span('offline', 120, 150), span('degraded', 0, 10)],
      1,
      10,
    ],
    ['of a span of no length', [span('online', 5, 5)], null, 0],
  ])('%s', (_, spans, share, knownMs) => {
    expect(availability(spans, 0, 100)).toEqual({ share, knownMs })
  })

  it('is divided into equal parts', () => {
    expect(availabilityOver([span('online', 100, 150), span('offline', 150, 160)], 100, 200, 5)).toEqual([
      [100, 1],
      [120, 1],
      [140, 0.5],
      [160, null],
      [180, null],
    ])
  })

  it('is written with what is known, where that is less than nine tenths', () => {
    const all = 100 * MINUTE
    expect(availabilityText({ share: null, knownMs: 0 }, all)).toBe('unknown')
    expect(availabilityText({ share: 0.5, knownMs: 90 * MINUTE }, all)).toBe('50.00 %')
    expect(availabilityText({ share: 0.5, knownMs: 90 * MINUTE - 1 }, all)).toBe('50.00 % of the 1h 30m known')
  })
})
