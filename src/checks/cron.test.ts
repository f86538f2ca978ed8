// Cron through clock changes: named cases, refusals, and random schedules against a minute-by-minute model of vixie cron.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../testing/property-runs.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'
import { type CronSchedule, cronSchedule, nextRun, parseCron } from './cron.ts'

const NEW_YORK = 'America/New_York'

const minutes = (at: number | null) => (at === null ? 'never' : new Date(at).toISOString().replace(':00.000Z', 'Z'))
const refused = (field: string, message: string) =>
  expect.objectContaining({ code: 'invalid', message, fields: { [field]: message } })

describe('a clock change', () => {
  test.each([
    'runs a skipped fixed time after the gap: 30 2 * * * in America/New_York 2026-03-08T05:00Z..2026-03-10T00:00Z: 2026-03-08T07:00Z 2026-03-09T06:30Z',
    'joins skipped times to a run at the end of the gap: 0,40 2-3 * * * in America/New_York 2026-03-08T05:00Z..2026-03-09T00:00Z: 2026-03-08T07:00Z 2026-03-08T07:40Z',
    'drops what a wildcard minute misses: */30 2 * * * in America/New_York 2026-03-08T05:00Z..2026-03-09T06:10Z: 2026-03-09T06:00Z',
    'drops what a wildcard hour misses: 30 */2 * * * in America/New_York 2026-03-08T05:00Z..2026-03-08T10:00Z: 2026-03-08T05:30Z 2026-03-08T08:30Z',
    'takes a question mark for a wildcard: 30 ? * * * in America/New_York 2026-03-08T06:00Z..2026-03-08T08:00Z: 2026-03-08T06:30Z 2026-03-08T07:30Z',
    'runs a repeated fixed time the first time only: 30 1 * * * in America/New_York 2026-11-01T00:00Z..2026-11-02T12:00Z: 2026-11-01T05:30Z 2026-11-02T06:30Z',
    'runs a wildcard hour both times: 30 * * * * in America/New_York 2026-11-01T05:00Z..2026-11-01T07:00Z: 2026-11-01T05:30Z 2026-11-01T06:30Z',
    'runs a wildcard minute both times: */30 1 * * * in America/New_York 2026-11-01T04:59Z..2026-11-02T00:00Z: 2026-11-01T05:00Z 2026-11-01T05:30Z 2026-11-01T06:00Z 2026-11-01T06:30Z',
    'may skip midnight (São Paulo): 0 0 * * * in America/Sao_Paulo 2018-11-03T12:00Z..2018-11-05T12:00Z: 2018-11-04T03:00Z 2018-11-05T02:00Z',
    'may skip midnight (Cairo): 15 0 * * * in Africa/Cairo 2026-04-23T12:00Z..2026-04-25T00:00Z: 2026-04-23T22:00Z 2026-04-24T21:15Z',
    'may skip midnight (Beirut): @daily in Asia/Beirut 2026-03-28T12:00Z..2026-03-30T00:00Z: 2026-03-28T22:00Z 2026-03-29T21:00Z',
    'may go back over midnight (Cairo): 30 23 * * * in Africa/Cairo 2026-10-29T12:00Z..2026-10-31T12:00Z: 2026-10-29T20:30Z 2026-10-30T21:30Z',
    'may be half an hour forward: 15 2 * * * in Australia/Lord_Howe 2026-10-03T00:00Z..2026-10-05T00:00Z: 2026-10-03T15:30Z 2026-10-04T15:15Z',
    'may be half an hour back: 45 1 * * * in Australia/Lord_Howe 2026-04-04T00:00Z..2026-04-06T00:00Z: 2026-04-04T14:45Z 2026-04-05T15:15Z',
    'repeats half an hour for a wildcard: */15 1 * * * in Australia/Lord_Howe 2026-04-04T14:20Z..2026-04-05T00:00Z: 2026-04-04T14:30Z 2026-04-04T14:45Z 2026-04-04T15:00Z 2026-04-04T15:15Z',
    'may be two hours: 30 1 * * * in Antarctica/Troll 2026-03-28T12:00Z..2026-03-30T12:00Z: 2026-03-29T01:00Z 2026-03-29T23:30Z',
    'of a whole day is a correction: 30 2 * * * in Pacific/Apia 2011-12-29T00:00Z..2012-01-01T00:00Z: 2011-12-29T12:30Z 2011-12-30T12:30Z 2011-12-31T12:30Z',
    'of three hours is a correction: 30 3 * * * in Antarctica/Casey 2009-10-17T00:00Z..2009-10-19T12:00Z: 2009-10-18T16:30Z',
    'repeats for a wildcard the very time after which it is asked: */60 1 * * * in America/New_York 2026-11-01T05:00Z..2026-11-01T12:00Z: 2026-11-01T06:00Z',
    'runs a time at the end of the repeated hour: 0 2 * * * in America/New_York 2026-11-01T06:10Z..2026-11-02T12:00Z: 2026-11-01T07:00Z 2026-11-02T07:00Z',
    'is the same with seconds: 30 30 2 * * * in America/New_York 2026-03-08T05:00Z..2026-03-10T00:00Z: 2026-03-08T07:00Z 2026-03-09T06:30:30.000Z',
    'that skips the only run of the year: * 2 8 3 * in America/New_York 2026-03-01T00:00Z..2027-03-08T07:01Z: 2027-03-08T07:00Z',
    'that repeats the only run of the year: */30 1 1 11 * in America/New_York 2026-11-01T05:45Z..2026-12-01T00:00Z: 2026-11-01T06:00Z 2026-11-01T06:30Z',
  ])('%s', text => {
    const [, expression = '', timeZone = '', from = '', to = '', expected = ''] =
      /: (.+) in (\S+) (\S+)\.\.(\S+): (.+)$/.exec(text) ?? []
    const schedule = parseCron(expression, timeZone)
    expect(runsBetween(schedule, Date.parse(from), Date.parse(to)).map(minutes).join(' ')).toBe(expected)
  })

  test('never puts a deadline in the past: after a success in the repeated hour comes the first new time', () => {
    const schedule = parseCron('15,45 1-3 * * *', NEW_YORK)
    expect(minutes(nextRun(schedule, Date.parse('2026-11-01T06:10Z')))).toBe('2026-11-01T07:15Z')
    for (let at = Date.parse('2026-11-01T03:00Z'); at < Date.parse('2026-11-01T09:00Z'); at += 7_001) {
      expect(nextRun(schedule, at)).toBeGreaterThan(at)
    }
  })

  test('leaves the next run strictly after, to the millisecond', () => {
    const schedule = parseCron('30 2 * * *', NEW_YORK)
    const gap = Date.parse('2026-03-08T07:00Z')
    expect(nextRun(schedule, gap - 1)).toBe(gap)
    expect(minutes(nextRun(schedule, gap))).toBe('2026-03-09T06:30Z')
  })
})

describe('an expression', () => {
  test.each([
    '5/20 * * * * after 2026-01-01T00:30Z: 2026-01-01T00:45Z 2026-01-01T01:05Z',
    '0 0 * jan,FEB SAT-SUN after 2026-01-25T00:00Z: 2026-01-31T00:00Z 2026-02-01T00:00Z',
    '0 0 * * 1/3 after 2026-01-01T00:00Z: 2026-01-04T00:00Z 2026-01-05T00:00Z',
    '@hourly after 2026-01-01T00:30Z: 2026-01-01T01:00Z 2026-01-01T02:00Z',
    ' @Weekly  after 2026-01-01T00:30Z: 2026-01-04T00:00Z 2026-01-11T00:00Z',
    '0 0 L * * after 2026-02-01T00:00Z: 2026-02-28T00:00Z 2026-03-31T00:00Z',
    '0 0 LW * * after 2026-02-01T00:00Z: 2026-02-27T00:00Z 2026-03-31T00:00Z',
    '0 0 15W * * after 2026-02-01T00:00Z: 2026-02-16T00:00Z 2026-03-16T00:00Z',
    '0 0 * * TUE#2 after 2026-02-01T00:00Z: 2026-02-10T00:00Z 2026-03-10T00:00Z',
    '0 0 * * friL after 2026-02-01T00:00Z: 2026-02-27T00:00Z 2026-03-27T00:00Z',
    '*/20 59 23 * * * after 2026-01-01T23:59:30Z: 2026-01-01T23:59:40.000Z 2026-01-02T23:59Z',
    // Day-of-month and day-of-week: either is enough, unless one of them begins with a star.
    '0 0 13 * FRI after 2026-02-01T00:00Z: 2026-02-06T00:00Z 2026-02-13T00:00Z',
    '0 0 */2 * FRI after 2026-02-01T00:00Z: 2026-02-13T00:00Z 2026-02-27T00:00Z',
    '0 0 13 * */5 after 2026-02-01T00:00Z: 2026-02-13T00:00Z 2026-03-13T00:00Z',
    '0 0 13 * +FRI after 2026-02-01T00:00Z: 2026-02-13T00:00Z 2026-03-13T00:00Z',
  ])('%s', text => {
    const [, expression = '', from = '', expected = ''] = /^(.+) after (\S+): (.+)$/.exec(text) ?? []
    const schedule = parseCron(expression, 'UTC')
    const first = nextRun(schedule, Date.parse(from))
    expect(`${minutes(first)} ${minutes(nextRun(schedule, first ?? 0))}`).toBe(expected)
  })

  const five =
    'A cron expression has five fields (minute, hour, day-of-month, month and day-of-week), or six with second first'
  const forms = 'where it takes *, a number, a range as 1-5, a step as */10, a list of these'
  // biome-ignore format: one case a line
  test.each([
    ['* * * *', `${five}; "* * * *" has 4.`],
    ['60 * * * *', 'The minute field of "60 * * * *" has 60, and its values go from 0 to 59.'],
    ['0 24 * * *', 'The hour field of "0 24 * * *" has 24, and its values go from 0 to 23.'],
    ['0 0 * * 8', 'The day-of-week field of "0 0 * * 8" has 8, and its values go from 0 to 7 or SUN to SAT.'],
    ['60 * * * * *', 'The second field of "60 * * * * *" has 60, and its values go from 0 to 59.'],
    ['0 0 32W * *', 'The day-of-month field of "0 0 32W * *" has 32, and its values go from 1 to 31.'],
    ['0 22-2 * * *', 'The hour field of "0 22-2 * * *" has 22-2, which runs backwards: write 22-23,0-2.'],
    ['*/90 * * * *', 'The minute field of "*/90 * * * *" has */90, and its steps go from 1 to 60.'],
    ['1,,2 * * * *', `The minute field of "1,,2 * * * *" has "" ${forms}.`],
    ['0 0 * * MON#6', `The day-of-week field of "0 0 * * MON#6" has "MON#6" ${forms}, MON#2 (the second) or FRI#L (the last).`],
    ['0 0 LW,3 * *', `"0 0 LW,3 * *" cannot be read as a cron expression: Syntax error, LW can not be in a list in day-of-month ('LW,3').`],
    ['0 0 31 2 *', '"0 0 31 2 *" never comes due: none of its months has such a day.'],
    ['', `${five}; "" has 0.`],
    ['0 0 * * 5-0', 'The day-of-week field of "0 0 * * 5-0" has 5-0, which runs backwards: write 5-7,0-0.'],
    ['H * * * *', 'The minute field of "H * * * *" has "H": H is a time that Jenkins chooses. Write the one at which the job really runs.'],
    ['@every 5m', '"@every 5m" is a period: write --every 5m instead of --cron.'],
    ['@reboot', `"@reboot" has no time, so no beat can be late. Use five cron fields, or one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly.`],
  ])('"%s" is refused', (expression, message) => {
    expect(() => parseCron(expression, 'UTC')).toThrow(refused('cron', message))
  })

  test('is parsed once for each zone, and forgotten when thousands of others were asked for since', () => {
    const [used, left] = [cronSchedule('1 1 1 1 *', 'UTC'), cronSchedule('2 2 2 2 *', 'UTC')]
    expect(cronSchedule('1 1 1 1 *', 'Europe/Oslo')).not.toBe(used)
    for (let i = 0; i < 4_200; i++) {
      cronSchedule(`${i % 60} ${Math.floor(i / 60) % 24} ${1 + Math.floor(i / 1_440)} 3 *`, 'UTC')
      cronSchedule('1 1 1 1 *', 'UTC')
    }
    expect(cronSchedule('1 1 1 1 *', 'UTC')).toBe(used)
    expect(cronSchedule('2 2 2 2 *', 'UTC')).not.toBe(left)
  })
})

test.each([
  ['SUN-SUN', [0]],
  ['sun-sun', [0]],
  ['MON-SUN', [0, 1, 2, 3, 4, 5, 6]],
  ['FRI-SUN', [0, 5, 6]],
  ['0-6', [0, 1, 2, 3, 4, 5, 6]],
])('the weekdays %s are %j', (weekdays, expected) => {
  const schedule = parseCron(`0 12 * * ${weekdays}`, 'UTC')
  const days = new Set<number>()
  const end = Date.parse('2026-03-16T00:00Z')
  for (let at = nextRun(schedule, Date.parse('2026-03-02T00:00Z')); at !== null && at < end; at = nextRun(schedule, at))
    days.add(new Date(at).getUTCDay())
  expect([...days].sort()).toEqual(expected)
})

describe('a time zone', () => {
  const spelled =
    'europe/oslo=Europe/Oslo AMERICA/NEW_YORK=America/New_York utc=UTC Europe/Kyiv=Europe/Kyiv +05:30=+05:30 -0330=-03:30'
  test.each(spelled.split(' '))('%s', text => {
    const [given = '', name] = text.split('=')
    expect(parseCron('@daily', ` ${given}`).timeZone).toBe(name)
  })

  const unknown =
    'Oslo=Europe/Oslo Europe/Olso=Europe/Oslo New-york=America/New_York Mars/Olympus PST 2026-01-01T00:00Z'
  test.each(unknown.split(' '))('%s is refused', text => {
    const [given = '', meant] = text.split('=')
    const hint = meant ? `did you mean ${meant}?` : 'use a name of the tz database, such as Europe/Oslo.'
    expect(() => parseCron('@daily', given)).toThrow(refused('tz', `"${given}" is not a known time zone: ${hint}`))
  })
})

describe('against a minute-by-minute model of vixie cron', () => {
  // Written out rather than asked of Temporal's transitions, on which the code relies.
  const changes = `
    America/New_York 2026-03-08T07:00Z 2026-11-01T06:00Z | Europe/Oslo 2026-03-29T01:00Z 2026-10-25T01:00Z
    Australia/Lord_Howe 2026-04-04T15:00Z 2026-10-03T15:30Z | America/Sao_Paulo 2018-02-18T02:00Z 2018-11-04T03:00Z
    Africa/Cairo 2026-04-23T22:00Z 2026-10-29T21:00Z | Asia/Beirut 2026-03-28T22:00Z 2026-10-24T21:00Z
    Africa/Casablanca 2026-02-15T02:00Z 2026-03-22T02:00Z | Antarctica/Troll 2026-03-29T01:00Z 2026-10-25T01:00Z
    Asia/Pyongyang 2015-08-14T15:00Z 2018-05-04T15:00Z | America/Havana 2026-03-08T05:00Z 2026-11-01T05:00Z
    Pacific/Apia 2011-12-30T10:00Z | Atlantic/Azores 2026-03-29T01:00Z | Asia/Kathmandu 2026-05-05T05:00Z`
  const known = [...changes.matchAll(/(\S+\/\S+) (\S+Z)(?: (\S+Z))?/g)].flatMap(([, zone = '', ...at]) =>
    at.filter(Boolean).map(change => ({ zone, at: Date.parse(change ?? '') / MINUTE })),
  )

  const change = fc.constantFrom(...known)
  const number = (min: number, max: number) => fc.integer({ min, max })
  const time = (low: number, high: number) => {
    const value = number(low, high)
    return fc.oneof(
      { weight: 2, arbitrary: fc.constant('*') },
      { weight: 3, arbitrary: value.map(String) },
      number(1, high).map(step => `*/${step}`),
      fc.tuple(value, number(0, 9), number(1, 7)).map(([a, n, step]) => `${a}-${Math.min(a + n, high)}/${step}`),
      fc.array(value, { minLength: 2, maxLength: 4 }).map(list => list.join(',')),
    )
  }
  const often = (field: fc.Arbitrary<string>) => fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, field)
  const someDays = fc.tuple(often(time(1, 31)), often(time(1, 12)), often(time(0, 7)))
  const days = fc.oneof(fc.constant(['*', '*', '*']), someDays)
  // Most clock changes come before four in the morning.
  const times = fc.tuple(time(0, 59), fc.oneof(time(0, 23), time(0, 4)))

  test('runs come when its main loop would start them, in any zone and through every kind of change', () => {
    const near = fc.tuple(change, number(-1_440, 60)).map(([{ zone, at }, shift]) => ({ zone, start: at + shift }))
    const date = number(Date.UTC(1995) / MINUTE, Date.UTC(2037) / MINUTE)
    const any = fc.record({ zone: fc.constantFrom(...Intl.supportedValuesOf('timeZone')), start: date })
    const place = fc.oneof({ weight: 3, arbitrary: near }, any)
    fc.assert(
      fc.property(times, days, place, (time, day, { zone, start }) => {
        const fields = [...time, ...day]
        const [from, to] = [start * MINUTE, start * MINUTE + 1.5 * DAY]
        const found = runsBetween(possible(fields, zone), from, to)
        expect(found.map(minutes)).toEqual(vixieRuns(fields, zone, from, to).map(minutes))
      }),
      { numRuns: runs(350) },
    )
  })

  test('the next day is the first that its two rules for days allow', () => {
    fc.assert(
      fc.property(days, number(Date.UTC(1999) / DAY, Date.UTC(2101) / DAY), (day, start) => {
        const fields = ['0', '0', ...day]
        const next = nextRun(possible(fields, 'UTC'), start * DAY - 1) ?? Infinity
        const allowed = matcher(fields)
        const expected = Array.from({ length: 1_500 }, (_, i) => start + i).find(date => allowed((date * DAY) / MINUTE))
        expect(next < (start + 1_500) * DAY ? next / DAY : undefined).toBe(expected)
      }),
      { numRuns: runs(500) },
    )
  })
})

function runsBetween(schedule: CronSchedule, from: number, to: number): number[] {
  const found: number[] = []
  for (let at = nextRun(schedule, from); at !== null && at < to; at = nextRun(schedule, at)) found.push(at)
  return found
}

/** Skips the property's turn when the only reason to refuse is a day that never comes. */
function possible(fields: string[], timeZone: string): CronSchedule {
  try {
    return parseCron(fields.join(' '), timeZone)
  } catch (error) {
    fc.pre(!String(error).includes('never comes due'))
    throw error
  }
}

/** Vixie cron's main loop, one real minute at a time: "virtual" is the wall-clock minute up to which jobs were started. */
function vixieRuns(fields: string[], timeZone: string, from: number, to: number): number[] {
  const matches = matcher(fields)
  const wild = fields[0]!.startsWith('*') || fields[1]!.startsWith('*')
  const found: number[] = []
  let virtual = 0
  for (let at = from - 4 * HOUR; at < to; at += MINUTE) {
    const { offsetNanoseconds } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
    const wall = Math.floor((at + offsetNanoseconds / 1e6) / MINUTE)
    if (wild || wall - virtual > 180 || wall - virtual <= -179) virtual = wall - 1
    let due = false
    for (; virtual < wall; virtual++) due ||= matches(virtual + 1)
    if (due && at > from) found.push(at)
  }
  return found
}

/** Does a wall-clock minute (counted as if it were UTC) match? */
function matcher(fields: string[]): (wall: number) => boolean {
  const [minute, hour, date, month, weekday] = fields.map(readField)
  const both = fields[2]!.startsWith('*') || fields[4]!.startsWith('*')
  return wall => {
    const at = new Date(wall * MINUTE)
    if (!minute!(at.getUTCMinutes()) || !hour!(at.getUTCHours()) || !month!(at.getUTCMonth() + 1)) return false
    const dates = date!(at.getUTCDate())
    const weekdays = weekday!(at.getUTCDay()) || (at.getUTCDay() === 0 && weekday!(7))
    return both ? dates && weekdays : dates || weekdays
  }
}

function readField(field: string, index: number): (value: number) => boolean {
  const low = index === 2 || index === 3 ? 1 : 0
  return value =>
    field.split(',').some(item => {
      const [range = '', step = '1'] = item.split('/')
      const [from = 0, to = from] = range === '*' ? [low, 99] : range.split('-').map(Number)
      return value >= from && value <= to && (value - from) % Number(step) === 0
    })
}
