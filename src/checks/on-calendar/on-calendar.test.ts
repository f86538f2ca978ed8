// OnCalendar expressions: what they mean, as `systemd-analyze calendar` of systemd 252 answers, and what is refused.
// `npm run proof -- on-calendar` compares a thousand random ones.
import { describe, expect, it } from 'vitest'
import { nextElapse, onCalendar } from './next-elapse.ts'

const FROM = Date.parse('2026-11-29T12:00:00Z')
const times = (expression: string, timeZone: string, from: number, count: number) => {
  const schedule = onCalendar(expression, timeZone)
  const found: string[] = []
  for (let at = nextElapse(schedule, from); at !== null && found.length < count; at = nextElapse(schedule, at)) {
    found.push(new Date(at).toISOString().slice(0, 19))
  }
  return found
}

describe('an OnCalendar expression', () => {
  it.each([
    ['daily', ['2026-11-30T00:00:00', '2026-12-01T00:00:00']],
    ['weekly', ['2026-11-30T00:00:00', '2026-12-07T00:00:00']],
    ['quarterly', ['2027-01-01T00:00:00', '2027-04-01T00:00:00']],
    ['Sat *-*-1..7 04:00:00', ['2026-12-05T04:00:00', '2027-01-02T04:00:00']],
    ['Mon..Fri 09:00', ['2026-11-30T09:00:00', '2026-12-01T09:00:00']],
    ['mon,wed-fri', ['2026-11-30T00:00:00', '2026-12-02T00:00:00']],
    ['*-*-* 02:30', ['2026-11-30T02:30:00', '2026-12-01T02:30:00']],
    ['*:0/30', ['2026-11-29T12:30:00', '2026-11-29T13:00:00']],
    ['12:00:00/10', ['2026-11-29T12:00:10', '2026-11-29T12:00:20']],
    ['*-02~03', ['2027-02-26T00:00:00', '2028-02-27T00:00:00']],
    ['Mon *-05~07/1', ['2027-05-31T00:00:00', '2028-05-29T00:00:00']],
    ['*-*~1..6/2 06:00', ['2026-11-30T06:00:00', '2026-12-27T06:00:00']],
    ['30-1-1', ['2030-01-01T00:00:00']],
    ['*-1/5-1 01:00', ['2027-01-01T01:00:00', '2027-06-01T01:00:00']],
    ['daily Europe/Oslo', ['2026-11-29T23:00:00', '2026-11-30T23:00:00']],
    // West of Greenwich the clock on the wall is behind: 07:00 there.
    ['10:00 America/New_York', ['2026-11-29T15:00:00', '2026-11-30T15:00:00']],
    ['10:00 UTC', ['2026-11-30T10:00:00', '2026-12-01T10:00:00']],
  ])('%s', (expression, expected) => {
    expect(times(expression, 'UTC', FROM, expected.length)).toEqual(expected)
  })

  it.each([
    ['skips what the clocks skip, as a timer does', '*-*-* 02:30', '2026-03-28T12:00Z', ['2026-03-30T00:30:00']],
    ['elapses once in a repeated hour', '*:0/30', '2026-10-25T00:15Z', ['2026-10-25T00:30:00', '2026-10-25T02:00:00']],
  ])('%s', (_, expression, from, expected) => {
    expect(times(expression, 'Europe/Oslo', Date.parse(from), expected.length)).toEqual(expected)
  })

  it.each([
    ['*/2:00', /Write 0\/2 instead of \*\/2/],
    ['Fri..Mon 10:00', /runs backwards: write Fri\.\.Sun,Mon\.\.Mon/],
    ['24:00', /the hour 24 is not from 0 to 23/],
    ['*-13-1', /the month 13/],
    ['1:2:3:4', /not hour:minute/],
    ['*-*-* *:*:60', /the second 60/],
    ['*-02-30', /never elapses/],
    ['Funday 10:00', /is no weekday/],
    ['@1795980997', /no next run/],
    ['0 2 * * *', /no OnCalendar expression/],
    ['', /it is empty/],
  ])('%j is refused', (expression, why) => expect(() => onCalendar(expression, 'UTC')).toThrow(why))
})
