// The rules of a check: when a beat is due, what beats and missed deadlines make of it, and how it is shown.
import { describe, expect, it } from 'vitest'
import { aCheck, beaten, NOW, passed } from '../testing/checks.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import {
  applyBeat,
  applyDeadline,
  type BeatKind,
  type Check,
  deadlines,
  extendDeadlines,
  shownStatus,
} from './check.ts'
import { nextDue } from './due.ts'

const at = (time: string) => Date.parse(`2026-03-${time}Z`)

describe('a beat is due', () => {
  it.each<[string, Partial<Check>, string, string | null]>([
    ['a period after the last', {}, '02T09:00', '02T10:00'],
    ['at the next time of its cron expression', { every: null, cron: '0 10 * * *' }, '02T09:00', '02T10:00'],
    ['strictly after', { every: null, cron: '0 10 * * *' }, '02T10:00', '03T10:00'],
    ['in its time zone', { every: null, cron: '0 10 * * *', timeZone: 'Australia/Brisbane' }, '02T00:00', '03T00:00'],
    ['after a period of active time', { active: 'Mon-Fri 08:00-18:00' }, '06T17:30', '09T08:30'],
    ['within hours', { every: null, cron: '0 * * * *', active: 'Mon-Fri 08:00-18:00' }, '06T17:00', '09T08:00'],
    ['on Mondays', { every: null, cron: '0 7 * * *', active: 'Mon 06:00-08:00' }, '02T07:00', '09T07:00'],
    ['never', { every: null, cron: '0 7 * * *', active: 'Mon 09:00-10:00' }, '02T07:00', null],
  ])('%s', (_, settings, after, due) => {
    expect(nextDue(aCheck(settings), at(after))).toBe(due === null ? null : at(due))
  })
})

describe('the deadlines', () => {
  const start = NOW + 5 * MINUTE
  it.each<[string, Partial<Check>, number | null, number | null]>([
    ['of a check that is up: due and due plus grace', {}, NOW + HOUR, NOW + 70 * MINUTE],
    ['of a new check: none', { status: 'new', lastBeatAt: null, lateAt: null }, null, null],
    ['of a paused check: none', { status: 'paused' }, null, null],
    ['of a check that is down: none', { status: 'down' }, null, null],
    ['of one that is down and started: none', { status: 'down', lastStartAt: start }, null, null],
    ['of a new one that started: start plus grace', { status: 'new', lastStartAt: start }, null, start + 10 * MINUTE],
    ['of a paused one that started: the same', { status: 'paused', lastStartAt: start }, null, start + 10 * MINUTE],
    ['of a start: it comes earlier', { lastStartAt: start }, NOW + HOUR, start + 10 * MINUTE],
    ['of a late start: the silence ends first', { lastStartAt: NOW + 65 * MINUTE }, NOW + HOUR, NOW + 70 * MINUTE],
    [
      'of a late start with a maximum runtime: that only',
      { lastStartAt: NOW + 65 * MINUTE, maxRuntime: 3 * HOUR },
      NOW + HOUR,
      NOW + 65 * MINUTE + 3 * HOUR,
    ],
    [
      'of a start that another run has beaten since: the earlier of both',
      { lastStartAt: NOW - MINUTE, maxRuntime: 3 * HOUR },
      NOW + HOUR,
      NOW + 70 * MINUTE,
    ],
    [
      'of a start in the instant of the last beat: the earlier of both',
      { lastStartAt: NOW, maxRuntime: 3 * HOUR },
      NOW + HOUR,
      NOW + 70 * MINUTE,
    ],
    ['of a schedule that never comes again: none', { lateAt: null }, null, null],
  ])('%s', (_, changes, lateAt, downAt) => {
    expect(deadlines(aCheck(changes))).toEqual({ lateAt, downAt })
  })

  it('of active hours count grace in them', () => {
    const check = aCheck({ active: 'Mon-Fri 08:00-18:00', lateAt: at('06T17:55') })
    expect(deadlines(check).downAt).toBe(at('09T08:05'))
  })
})

describe('a beat', () => {
  it.each<[BeatKind, Check['status'], Check['status'], string]>([
    ['success', 'new', 'up', 'none'],
    ['success', 'up', 'up', 'none'],
    ['success', 'paused', 'up', 'none'],
    ['success', 'down', 'up', 'recovered'],
    ['fail', 'new', 'down', 'went down'],
    ['fail', 'up', 'down', 'went down'],
    ['fail', 'paused', 'down', 'went down'],
    ['fail', 'down', 'down', 'failed again'],
    ['start', 'new', 'new', 'none'],
    ['start', 'paused', 'paused', 'none'],
    ['start', 'down', 'down', 'none'],
    ['log', 'down', 'down', 'none'],
    ['log', 'new', 'new', 'none'],
    ['ignored', 'up', 'up', 'none'],
  ])('of %s makes a check that is %s %s: %s', (kind, before, after, turn) => {
    const check = aCheck({ status: before, ...(before === 'up' ? {} : { lateAt: null, downAt: null }) })
    const result = applyBeat(check, kind, null, NOW + MINUTE)
    expect([{ ...check, ...result.changes }.status, result.turn]).toEqual([after, turn])
    expect(result.changes.beats).toBe(2)
  })

  it('of failure counts as a miss, and the next beat is awaited from it', () => {
    const once = beaten(aCheck({ after: 2 }), 'fail', NOW + MINUTE)
    expect(once).toMatchObject({ status: 'up', misses: 1, missKind: 'failed', lateAt: NOW + MINUTE + HOUR })
    expect(beaten(once, 'fail', NOW + 2 * MINUTE)).toMatchObject({ status: 'down', misses: 2, downAt: null })
    expect(beaten(once, 'success', NOW + 2 * MINUTE)).toMatchObject({ misses: 0, missKind: null, missedAt: null })
  })

  it('of start keeps a deadline that was put off', () => {
    const putOff = aCheck({ downAt: NOW + 3 * HOUR })
    expect(beaten(putOff, 'start', NOW + 2.5 * HOUR).downAt).toBe(NOW + 2.5 * HOUR + 10 * MINUTE)
    expect(beaten(putOff, 'start', NOW + 2.9 * HOUR).downAt).toBe(NOW + 3 * HOUR)
  })
})

describe('a beat while a run goes on', () => {
  const began = NOW - 9 * MINUTE
  it.each<[string, BeatKind, string | null, string | null, number | null, boolean]>([
    ['with its id ends it', 'success', 'a', 'a', NOW - began, true],
    ['with its id and a failure ends it', 'fail', 'a', 'a', NOW - began, true],
    ['without an id ends one without an id', 'success', null, null, NOW - began, true],
    ['without an id ends it, and has no duration', 'success', 'a', null, null, true],
    ['with the id of another leaves it running', 'success', 'a', 'b', null, false],
    ['with the id of another and a failure ends it', 'fail', 'a', 'b', null, true],
  ])('%s', (_, kind, runId, rid, duration, ends) => {
    const running = aCheck({ lastBeatAt: NOW - HOUR, lateAt: NOW, lastStartAt: began, lastStartRid: runId })
    const result = applyBeat(running, kind, rid, NOW)
    expect(result.duration).toBe(duration)
    expect(result.changes.lastDuration).toBe(duration)
    const after = { ...running, ...result.changes }
    expect([after.lastStartAt, after.lastStartRid]).toEqual(ends ? [null, null] : [began, runId])
  })

  it('with the id of another ends it when its time is up', () => {
    const running = aCheck({ lastStartAt: NOW, lastStartRid: 'a' })
    expect(beaten(running, 'success', NOW + 10 * MINUTE - 1, 'b').lastStartAt).toBe(NOW)
    expect(beaten(running, 'success', NOW + 10 * MINUTE, 'b').lastStartAt).toBeNull()
  })

  it('that never began has no duration', () => {
    expect(applyBeat(aCheck(), 'success', null, NOW + HOUR).duration).toBeNull()
  })
})

it.each([
  ['shortly before its time counts for it', '02T09:59:30', 30 * SECOND, 4, '03T10:00'],
  ['long before its time is not early', '02T09:50', null, 0, '02T10:00'],
  ['after its time is not early', '02T10:01', null, 0, '03T10:00'],
])('a beat %s', (_, now, earlyMs, earlyBeats, lateAt) => {
  const daily = aCheck({ every: null, cron: '0 10 * * *', earlyBeats: 3 })
  expect(beaten(daily, 'success', at(now))).toMatchObject({ earlyMs, earlyBeats, lateAt: at(lateAt) })
})

describe('a missed deadline', () => {
  it('makes a check down, since the deadline', () => {
    const { changes, turn } = applyDeadline(aCheck())
    expect([turn, changes]).toEqual([
      'went down',
      { status: 'down', misses: 1, missKind: 'silent', missedAt: NOW + 70 * MINUTE, lateAt: null, downAt: null },
    ])
  })

  it('before the last that is allowed awaits the next beat', () => {
    const once = passed(aCheck({ after: 3 }))
    expect(once).toMatchObject({ status: 'up', misses: 1, lateAt: NOW + 2 * HOUR, downAt: NOW + 130 * MINUTE })
    const twice = passed(once)
    expect(twice).toMatchObject({ status: 'up', misses: 2, lateAt: NOW + 3 * HOUR })
    expect(passed(twice)).toMatchObject({ status: 'down', misses: 3 })
  })

  it('of a run that did not finish says so, and the run is over', () => {
    const started = beaten(aCheck({ after: 2 }), 'start', NOW + HOUR)
    const once = passed(started)
    expect(once).toMatchObject({ missKind: 'unfinished', status: 'up', lastStartAt: null, lateAt: NOW + 2 * HOUR })
    expect(passed(beaten(aCheck(), 'start', NOW + HOUR))).toMatchObject({
      status: 'down',
      missKind: 'unfinished',
      missedAt: NOW + 70 * MINUTE,
    })
  })

  it.each([
    ['does not await beats that were due meanwhile', 3 * HOUR, 270 * MINUTE],
    ['does not await a beat whose grace ends with it', 100 * MINUTE, 190 * MINUTE],
    ['awaits a beat that is still in its grace', 100 * MINUTE - 1, 2 * HOUR],
  ])('of a run longer than the period %s', (_, maxRuntime, dueMs) => {
    const started = beaten(aCheck({ after: 2, maxRuntime }), 'start', NOW + 30 * MINUTE)
    expect(passed(started)).toMatchObject({ misses: 1, lateAt: NOW + dueMs })
  })

  it('of a run that an absence put off says so too', () => {
    const started = beaten(aCheck(), 'start', NOW + 30 * MINUTE)
    const held = { ...started, ...extendDeadlines(started, NOW + 35 * MINUTE, NOW + 65 * MINUTE, NOW + 66 * MINUTE) }
    expect(held.downAt).toBe(NOW + 70 * MINUTE)
    expect(passed(held)).toMatchObject({ missKind: 'unfinished', missedAt: NOW + 70 * MINUTE })
  })

  it('that an absence put off is one miss, not one for each time that was due then', () => {
    const minutely = aCheck({ every: MINUTE, grace: MINUTE, after: 3, lateAt: NOW + MINUTE, downAt: NOW + 2 * MINUTE })
    const held = { ...minutely, ...extendDeadlines(minutely, NOW + 90 * SECOND, NOW + HOUR, NOW + HOUR + MINUTE) }
    expect(passed(held)).toMatchObject({ status: 'up', misses: 1, downAt: held.downAt! + 2 * MINUTE })
  })

  it('that an absence put off awaits the next beat from then, not one that was due in the absence', () => {
    const patient = aCheck({ grace: HOUR, after: 2, downAt: NOW + 2 * HOUR })
    const held = { ...patient, ...extendDeadlines(patient, NOW + 80 * MINUTE, NOW + 125 * MINUTE, NOW + 126 * MINUTE) }
    expect(passed(held)).toMatchObject({ misses: 1, missedAt: NOW + 165 * MINUTE, lateAt: NOW + 225 * MINUTE })
  })

  it.each<Check['status']>(['new', 'paused'])('makes a %s check that started and did not finish down', status => {
    const started = beaten(aCheck({ status, lastBeatAt: null, lateAt: null, downAt: null }), 'start', NOW)
    expect(passed(started)).toMatchObject({ status: 'down', missKind: 'unfinished', missedAt: NOW + 10 * MINUTE })
  })
})

it.each<[string, Partial<Check>, number, string]>([
  ['up before it is due', {}, 59 * MINUTE, 'up'],
  ['late from then on', {}, HOUR, 'late'],
  ['late after a first miss', { misses: 1, after: 2 }, 0, 'late'],
  ['down when it is down', { status: 'down', misses: 1 }, DAY, 'down'],
  ['paused when it is paused', { status: 'paused', lateAt: null }, DAY, 'paused'],
  ['new when it never beat', { status: 'new', lateAt: null }, DAY, 'new'],
])('a check is shown %s', (_, changes, passedBy, shown) => {
  expect(shownStatus(aCheck(changes), NOW + passedBy)).toBe(shown)
})
