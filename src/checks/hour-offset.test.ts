// Beats that always come the same time off their due times: what is said of time zones and of clocks.
import { describe, expect, it } from 'vitest'
import { aCheck } from '../testing/checks.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import type { Beat } from './beats.ts'
import type { Check } from './check.ts'
import { clockDifference, hourOffset } from './hour-offset.ts'

const at = (text: string) => Date.parse(`2026-03-${text}Z`)
const beats = (kind: Beat['kind'], ...times: number[]) => times.map(receivedAt => ({ kind, receivedAt }) as Beat)
const byCron = (cron: string, more: Partial<Check> = {}) => aCheck({ name: 'job', every: null, cron, ...more })

describe('the offset of beats', () => {
  const of = (check: Check, ...times: number[]) =>
    /exactly (.*) the due time/.exec(hourOffset(check, beats('success', ...times)) ?? '')?.[1] ?? null
  const daily = byCron('0 6 * * *')

  it.each<[string, Check, string[], string | null]>([
    ['in time', daily, ['03T06:00', '02T06:00'], null],
    ['one hour late', daily, ['03T07:00', '02T07:00'], '1 hour after'],
    ['two hours early', daily, ['03T04:00', '02T04:00'], '2 hours before'],
    ['within ten minutes of three hours', daily, ['03T09:10', '02T08:50'], '3 hours after'],
    ['a second more than that', daily, ['03T09:10:01', '02T09:00'], null],
    ['a second less than that', daily, ['03T08:49:59', '02T09:00'], null],
    ['now and then', daily, ['03T09:00', '02T08:00'], null],
    ['only once', daily, ['03T09:00'], null],
    [
      'the last five times',
      daily,
      ['07T09:00', '06T09:00', '05T09:00', '04T09:00', '03T09:00', '02T06:00'],
      '3 hours after',
    ],
    ['the last four times', daily, ['06T09:00', '05T09:00', '04T09:00', '03T09:00', '02T06:00'], null],
    ['after the nearer of two due times', byCron('0 */6 * * *'), ['03T08:00', '02T14:00'], '2 hours after'],
    ['before the nearer of two due times', byCron('0 */6 * * *'), ['03T10:00', '02T16:00'], '2 hours before'],
    ['in the middle of two due times', byCron('0 */6 * * *'), ['03T09:00', '02T15:00'], '3 hours after'],
    ['near a due time that is no whole hour off', byCron('0 6 * * *\n40 7 * * *'), ['03T07:00', '02T07:00'], null],
    ['14 hours after', byCron('0 6 * * 1'), ['09T20:00', '02T20:00'], '14 hours after'],
    ['14 hours before', byCron('0 20 * * 1'), ['09T06:00', '02T06:00'], '14 hours before'],
    ['15 hours after', byCron('0 6 * * 1'), ['09T21:00', '02T21:00'], null],
    ['two days after', byCron('0 6 * * 1'), ['11T06:00', '04T06:00'], null],
    ['each minute, in time', byCron('* * * * *'), ['03T06:01:05', '03T06:00:05'], null],
    ['every two minutes, in time', byCron('*/2 * * * *'), ['03T06:02:05', '03T06:00:05'], null],
    [
      'of a schedule that has ended',
      byCron('0 6 * * *', { active: 'Mon 09:00-10:00' }),
      ['03T06:00', '02T06:00'],
      null,
    ],
    ['of a period', aCheck({ every: 24 * HOUR }), ['03T09:00', '02T09:00'], null],
  ])('that come %s', (_, check, times, expected) => {
    expect(of(check, ...times.map(at))).toBe(expected)
  })

  it('is that of successes, and names the zone and the command', () => {
    const late = ['03T09:00', '02T09:00'].map(at)
    expect(hourOffset(daily, [...beats('start', at('03T08:00')), ...beats('success', ...late)])).toBe(
      'Beats arrive exactly 3 hours after the due time. Is UTC the time zone of the machine that sends them? "checks edit job --tz ZONE" changes it.',
    )
    expect(hourOffset(daily, beats('fail', ...late))).toBeNull()
  })
})

describe('the difference of clocks', () => {
  const daily = byCron('0 6 * * *')
  const said = (check: Check, recent: Beat[] = []) => clockDifference(check, recent)?.split(':')[0] ?? null
  it('is steady from the third early beat on', () => {
    const early = (earlyBeats: number, earlyMs: number | null = 2 * SECOND) => said({ ...daily, earlyBeats, earlyMs })
    expect([early(3), early(2), early(1), early(0), early(1, null)]).toEqual([
      'The last 3 beats came before they were due, the last one 2s before',
      ...Array(2).fill('The last beat came 2s before it was due, and counts for that due time. Do the clocks differ?'),
      ...[null, null],
    ])
  })

  const starts = (...delays: number[]) => beats('start', ...delays.map((ms, i) => at(`0${9 - i}T06:00`) + ms))
  it.each<[string, Beat[], string | null]>([
    ['the same each time', starts(5_000, 5_000, 5_000), 'Runs keep starting 5s after they are due'],
    ['within two seconds', starts(5_000, 7_000, 6_000), 'Runs keep starting 5s after they are due'],
    ['not within two seconds', starts(5_000, 7_001, 6_000), null],
    ['in time', starts(2_000, 3_000, 3_000), null],
    ['just not in time', starts(2_001, 3_000, 3_000), 'Runs keep starting 2s after they are due'],
    ['twice', starts(5_000, 5_000), null],
    ['the last three times', starts(5_000, 5_000, 5_000, 0), 'Runs keep starting 5s after they are due'],
    ['once early', starts(5_000, 5_000, -1_000), null],
    ['within ten minutes', starts(...Array(3).fill(10 * MINUTE - 1)), 'Runs keep starting 10m after they are due'],
    ['after more than that', starts(...Array(3).fill(10 * MINUTE + 1)), null],
  ])('is that starts come late %s', (_, recent, expected) => {
    expect(said(daily, [...beats('success', at('09T06:30')), ...recent])).toBe(expected)
  })

  it('counts from the latest due time, of schedules only', () => {
    const recent = starts(5_000, 5_000, 5_000)
    expect(said(byCron('55-59 5 * * *\n0 6 * * *'), recent)).toBe('Runs keep starting 5s after they are due')
    expect(said(aCheck({ every: 24 * HOUR }), recent)).toBeNull()
    expect(said(daily, beats('success', ...recent.map(({ receivedAt }) => receivedAt)))).toBeNull()
  })
})
