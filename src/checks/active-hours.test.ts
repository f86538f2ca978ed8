// Active hours: named cases, refusals, and random windows against a walk along the wall clock minute by minute.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../testing/property-runs.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'
import { addActive, isActive, nextActive, parseActiveHours } from './active-hours.ts'

const OFFICE = 'Mon-Fri 08:00-18:00'
const NEW_YORK = 'America/New_York'
const iso = (at: number) => new Date(at).toISOString().replace(':00.000Z', 'Z')

describe('a text', () => {
  // 2026-01-05 is a Monday.
  test.each<[string, string]>([
    [OFFICE, '05 08:00-18:00, 06 08:00-18:00, 07 08:00-18:00, 08 08:00-18:00, 09 08:00-18:00'],
    ['Sat,Sun 10:00-14:00', '10 10:00-14:00, 11 10:00-14:00'],
    ['mon 9:30-10:00; Saturday 00:00-24:00', '05 09:30-10:00, 10 00:00-00:00'],
    ['Mon-Tue,Thu 23:00-24:00', '05 23:00-00:00, 06 23:00-00:00, 08 23:00-00:00'],
    ['Fri 22:00-06:00', '09 22:00-06:00'],
    ['Sat-Mon 12:00–13:00', '05 12:00-13:00, 10 12:00-13:00, 11 12:00-13:00'],
    ['Mon 08:00-12:00; Mon 10:00-11:00; Mon 12:00-13:00; Mon 11:30-12:30', '05 08:00-13:00'],
    ['Mon 08:00-12:00; Mon 11:00-14:00', '05 08:00-14:00'],
  ])('%s', (text, expected) => {
    const hours = parseActiveHours(text, 'UTC')
    const found: string[] = []
    for (let at = nextActive(hours, Date.parse('2026-01-05T00:00Z')); at < Date.parse('2026-01-12T00:00Z'); ) {
      const start = at
      while (isActive(hours, at)) at += MINUTE
      found.push(`${iso(start).slice(8, 16).replace('T', ' ')}-${iso(at).slice(11, 16)}`)
      at = nextActive(hours, at)
    }
    expect(found.join(', ')).toBe(expected)
  })

  test('over midnight on Sunday goes on into Monday, and one without days is for every day', () => {
    const night = parseActiveHours('Sun 22:00-06:00', 'UTC')
    expect(iso(nextActive(night, Date.parse('2026-01-05T06:00Z')))).toBe('2026-01-11T22:00Z')
    expect(isActive(night, Date.parse('2026-01-05T05:59Z'))).toBe(true)
    const every = parseActiveHours('00:00-24:00', 'UTC')
    expect(addActive(every, 0, 400 * DAY + 1)).toBe(400 * DAY + 1)
  })

  test.each<[string, string]>([
    ['', '"" is not a window of active hours: write it as Mon-Fri 08:00-18:00.'],
    ['Mon-Fri', '"Mon-Fri" is not a window of active hours: write it as Mon-Fri 08:00-18:00.'],
    ['Mon 8-18', '"Mon 8-18" is not a window of active hours: write it as Mon-Fri 08:00-18:00.'],
    ['08:00-18:00;', '"" is not a window of active hours: write it as Mon-Fri 08:00-18:00.'],
    ['Mon 08:00-08:00', '"Mon 08:00-08:00" has no length: write 00:00-24:00 for the whole day.'],
    ['24:00-06:00', '"24:00-06:00" has no length: write 00:00-24:00 for the whole day.'],
    ['08:00-24:01', '"08:00-24:01" has 24:01, and the times of a day go from 00:00 to 24:00.'],
    ['08:60-18:00', '"08:60-18:00" has 08:60, and the times of a day go from 00:00 to 24:00.'],
    ['Mo-Fr 08:00-18:00', '"Mo-Fr 08:00-18:00" has "Mo" for a day: write Mon, Tue, Wed, Thu, Fri, Sat or Sun.'],
    ['Mon-Fri-Sun 08:00-18:00', '"Mon-Fri-Sun 08:00-18:00" has Mon-Fri-Sun: write a range of days as Mon-Fri.'],
  ])('"%s" is refused', (text, message) => {
    const problem = expect.objectContaining({ code: 'invalid', message, fields: { active: message } })
    expect(() => parseActiveHours(text, 'UTC')).toThrow(problem)
  })

  test('needs a time zone that exists', () => {
    expect(parseActiveHours(OFFICE, 'europe/oslo').timeZone).toBe('Europe/Oslo')
    expect(() => parseActiveHours(OFFICE, 'Europe/Olso')).toThrow('did you mean Europe/Oslo?')
  })
})

describe('active time', () => {
  test.each<[string, string, string, string, number, string]>([
    ['starts at the next window', OFFICE, 'Europe/Oslo', '2026-01-10T12:00Z', HOUR, '2026-01-12T08:00Z'],
    ['ends with a window rather than at the next', OFFICE, 'UTC', '2026-01-09T17:00Z', HOUR, '2026-01-09T18:00Z'],
    ['goes on in the next window', OFFICE, 'UTC', '2026-01-09T17:00Z', HOUR + 1, '2026-01-12T08:00:00.001Z'],
    ['keeps milliseconds', OFFICE, 'UTC', '2026-01-09T17:00:00.250Z', HOUR, '2026-01-12T08:00:00.250Z'],
    ['of none is over at once', OFFICE, 'UTC', '2026-01-10T12:00Z', 0, '2026-01-10T12:00Z'],
    ['of a week of windows takes a week', OFFICE, 'UTC', '2026-01-07T12:00Z', 50 * HOUR, '2026-01-14T12:00Z'],
    ['of a year', '22:00-06:00', 'Europe/Oslo', '2026-01-01T12:00Z', 365 * 8 * HOUR, '2027-01-01T05:00Z'],
    ['loses a skipped hour', 'Sun 01:00-04:00', NEW_YORK, '2026-03-08T00:00Z', 2 * HOUR, '2026-03-08T08:00Z'],
    ['leaves out a skipped window', 'Sun 02:00-03:00', NEW_YORK, '2026-03-08T00:00Z', HOUR, '2026-03-15T07:00Z'],
    ['gains a repeated hour', 'Sun 01:00-04:00', NEW_YORK, '2026-11-01T00:00Z', 4 * HOUR, '2026-11-01T09:00Z'],
    ['repeats a window', 'Sun 01:15-01:30', NEW_YORK, '2026-11-01T00:00Z', HOUR / 2, '2026-11-01T06:30Z'],
    ['goes on after the gap', 'Sun 02:30-04:00', NEW_YORK, '2026-03-08T00:00Z', MINUTE, '2026-03-08T07:01Z'],
  ])('%s', (_name, text, timeZone, from, duration, expected) => {
    expect(iso(addActive(parseActiveHours(text, timeZone), Date.parse(from), duration))).toBe(expected)
  })

  test('begins right after a gap that hides the start of the window', () => {
    const hours = parseActiveHours('Sun 02:30-04:00', NEW_YORK)
    const gap = Date.parse('2026-03-08T07:00Z')
    expect([isActive(hours, gap - 1), isActive(hours, gap)]).toEqual([false, true])
    expect(nextActive(hours, gap - DAY)).toBe(gap)
  })
})

describe('against a walk minute by minute', () => {
  type Window = { days: number[]; from: number; to: number }
  const NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  const clock = (minute: number) => new Date(minute * MINUTE).toISOString().slice(11, 16)
  const text = ({ days, from, to }: Window) => {
    const times = `${clock(from)}-${to === 1_440 ? '24:00' : clock(to)}`
    return days.length === 7 ? times : `${days.map(day => NAMES[day]).join(',')} ${times}`
  }

  const window = fc
    .record({
      days: fc.oneof(
        fc.constant<number[]>([0, 1, 2, 3, 4, 5, 6]),
        fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
      ),
      from: fc.oneof(fc.integer({ min: 0, max: 1_439 }), fc.integer({ min: 0, max: 239 })),
      to: fc.oneof(fc.integer({ min: 0, max: 1_440 }), fc.integer({ min: 0, max: 239 })),
    })
    .filter(({ from, to }) => from !== to)
  const windows = fc.array(window, { minLength: 1, maxLength: 3 })

  // Instants just before a clock change: forward and back, at night, over midnight, by half an hour, by a whole day.
  const place = fc.constantFrom(
    ...'America/New_York=2026-03-07 America/New_York=2026-10-31 Europe/Oslo=2026-03-28 Europe/Oslo=2026-10-24'.split(
      ' ',
    ),
    ...'Australia/Lord_Howe=2026-04-04 Australia/Lord_Howe=2026-10-03 America/Sao_Paulo=2018-11-03'.split(' '),
    ...'Africa/Cairo=2026-04-23 Africa/Cairo=2026-10-29 Pacific/Apia=2011-12-29 Asia/Kolkata=2026-06-01'.split(' '),
  )
  const any = fc.tuple(windows, place, fc.integer({ min: 0, max: 2_880 }))

  test('the same minutes are active, and the next one is the next', () => {
    fc.assert(
      fc.property(any, ([list, where, shift]) => {
        const { hours, start, active } = walk(list, where, shift, 2)
        expect(active.map((_, i) => isActive(hours, start + i * MINUTE))).toEqual(active)
        const next = active.indexOf(true)
        if (next >= 0) expect(nextActive(hours, start)).toBe(start + next * MINUTE)
        else expect(nextActive(hours, start)).toBeGreaterThanOrEqual(start + active.length * MINUTE)
      }),
      { numRuns: runs(60) },
    )
  })

  test('active time passes in the active minutes alone', () => {
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 4_000 }), ([list, where, shift], minutes) => {
        const { hours, start, active } = walk(list, where, shift, 3)
        let left = minutes
        const last = active.findIndex(now => now && --left === 0)
        const found = addActive(hours, start, minutes * MINUTE)
        if (last >= 0) expect(iso(found)).toBe(iso(start + (last + 1) * MINUTE))
        else expect(found).toBeGreaterThan(start + active.length * MINUTE)
      }),
      { numRuns: runs(150) },
    )
  })

  test('two stretches of active time are as long as one', () => {
    const duration = fc.integer({ min: 1, max: 200 * DAY })
    fc.assert(
      fc.property(any, duration, duration, ([list, where, shift], one, two) => {
        const { hours, start } = walk(list, where, shift, 0)
        expect(addActive(hours, addActive(hours, start + 1, one), two)).toBe(addActive(hours, start + 1, one + two))
      }),
      { numRuns: runs(300) },
    )
  })

  /** Which of the minutes of some days are active, by reading the wall clock in each. */
  function walk(list: Window[], where: string, shift: number, days: number) {
    const [timeZone = '', date = ''] = where.split('=')
    const start = Date.parse(date) + shift * MINUTE
    const active = Array.from({ length: days * 1_440 }, (_, i) => {
      const now = Temporal.Instant.fromEpochMilliseconds(start + i * MINUTE).toZonedDateTimeISO(timeZone)
      const [day, minute] = [now.dayOfWeek - 1, now.hour * 60 + now.minute]
      return list.some(({ days, from, to }) => {
        const [today, yesterday] = [days.includes(day), days.includes((day + 6) % 7)]
        return from < to
          ? today && minute >= from && minute < to
          : (today && minute >= from) || (yesterday && minute < to)
      })
    })
    return { hours: parseActiveHours(list.map(text).join('; '), timeZone), start, active }
  }
})
