// The flags of a report: which schedule they make, and what is refused.
import { describe, expect, it } from 'vitest'
import { readSchedule, reportFlags, timeOf } from './report-flags.ts'

const DEFAULTS = { every: 'daily' as const, minute: 9 * 60, day: 1 }

describe('a schedule', () => {
  it.each([
    [{}, DEFAULTS, 'daily', '0 9 * * *'],
    [{}, { ...DEFAULTS, every: 'weekly' as const, day: 3 }, 'weekly', '0 9 * * 3'],
    [{ weekly: true }, DEFAULTS, 'weekly', '0 9 * * 1'],
    [{ daily: true }, { ...DEFAULTS, every: 'weekly' as const }, 'daily', '0 9 * * *'],
    [{ weekly: false, daily: false }, { ...DEFAULTS, every: 'weekly' as const }, 'weekly', '0 9 * * 1'],
    [{ at: { day: null, minute: 0 } }, DEFAULTS, 'daily', '0 0 * * *'],
    [{ at: { day: null, minute: 1_439 } }, DEFAULTS, 'daily', '59 23 * * *'],
    [{ weekly: true, at: { day: 0, minute: 61 } }, { ...DEFAULTS, day: 5 }, 'weekly', '1 1 * * 0'],
    [{ weekly: true, at: { day: null, minute: 61 } }, { ...DEFAULTS, day: 5 }, 'weekly', '1 1 * * 5'],
  ])('of %j over %j is %s', (flags, defaults, every, cron) => {
    expect(readSchedule(flags, defaults)).toEqual({ every, cron })
  })

  it.each([
    [{ daily: true, weekly: true }, 'Use --daily or --weekly, not both.'],
    [{ at: { day: 0, minute: 0 } }, 'A daily report has no day of the week.'],
    [{ daily: true, at: { day: 3, minute: 0 } }, 'A daily report has no day of the week.'],
  ])('of %j is refused', (flags, sentence) => expect(() => readSchedule(flags, DEFAULTS)).toThrow(sentence))

  it.each([
    ['0 9 * * *', { minute: 540, day: 1 }],
    ['59 23 * * 0', { minute: 1_439, day: 0 }],
    ['1 0 * * 5', { minute: 1, day: 5 }],
  ])('%s is read back', (cron, time) => expect(timeOf({ cron } as never)).toEqual(time))
})

describe('a target', () => {
  const { target } = reportFlags()
  it.each([
    ['99.9', 0.999],
    ['99.9%', 0.999],
    ['99.95 %', 0.9995],
    ['99.9999', 0.999999],
    ['100', 1],
    ['0.1', 0.001],
    ['none', 0],
    ['None', 0],
  ])('of %s is %d', (text, share) => expect(target.parse(text)).toBe(share))

  it.each(['0', '100.1', '99.99999', '-1', 'high', '1000'])('of %s is refused', text => {
    expect(() => target.parse(text)).toThrow(/is no availability/)
  })
})
