// What edits, pauses, absences of Vakt and clocks that go back do to the deadlines of a check.
import { describe, expect, it } from 'vitest'
import { aCheck, NOW } from '../testing/checks.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import {
  type Check,
  deadlines,
  extendDeadlines,
  forgiveRefusedBeat,
  restart,
  resume,
  rewindDeadlines,
} from './check.ts'

describe('an edit or a resumption', () => {
  it.each<[string, Partial<Check>, Partial<Check>]>([
    ['with a longer grace moves the deadline', { grace: HOUR }, { lateAt: NOW + HOUR, downAt: NOW + 2 * HOUR }],
    ['of a period counts from the last beat', { every: 2 * HOUR, lateAt: null }, { lateAt: NOW + 2 * HOUR }],
    ['that would be overdue counts from now', { every: MINUTE, lateAt: null }, { lateAt: NOW + 31 * MINUTE }],
    [
      'that would be overdue at once counts from now',
      { every: 20 * MINUTE, lateAt: null },
      { lateAt: NOW + 50 * MINUTE },
    ],
    ['keeps a due time that was put off', { lateAt: NOW + 5 * HOUR }, { lateAt: NOW + 5 * HOUR }],
    ['of a check that is down leaves it without one', { status: 'down' }, { lateAt: null, downAt: null }],
    [
      'of a run that would be overdue begins it again',
      { lastStartAt: NOW, grace: MINUTE },
      { lastStartAt: NOW + 30 * MINUTE, downAt: NOW + 31 * MINUTE },
    ],
    [
      'of one that missed before its first beat keeps it judged',
      { lastBeatAt: null, lateAt: null },
      { lateAt: NOW + 90 * MINUTE },
    ],
  ])('%s', (_, changes, expected) => {
    expect(restart(aCheck(changes), NOW + 30 * MINUTE)).toMatchObject(expected)
  })

  it.each<[string, Partial<Check>, number, object]>([
    ['awaits the due time to come', {}, NOW + 30 * MINUTE, { status: 'up', lateAt: NOW + HOUR }],
    ['asks nothing of the pause', {}, NOW + 65 * MINUTE, { status: 'up', lateAt: NOW + 125 * MINUTE }],
    ['at a due time awaits the one after it', {}, NOW + HOUR, { status: 'up', lateAt: NOW + 2 * HOUR }],
    ['of a check that never beat waits for its first', { lastBeatAt: null }, NOW, { status: 'new', downAt: null }],
  ])('of a paused check %s', (_, changes, now, expected) => {
    const paused = aCheck({ status: 'paused', lateAt: null, downAt: null, ...changes })
    expect(resume(paused, now)).toMatchObject(expected)
  })
})

describe('an absence', () => {
  const from = NOW + HOUR
  const to = NOW + 2 * HOUR
  const settled = to + MINUTE
  const waiting = (lateAt: number, more: Partial<Check> = {}) => {
    const check = aCheck({ lateAt, ...more })
    return { ...check, downAt: deadlines(check).downAt }
  }
  it.each<[string, Check, object]>([
    ['before a due time that is far holds nothing', waiting(to + HOUR), {}],
    ['before one that is near lets it settle', waiting(to + SECOND, { grace: SECOND }), { downAt: settled }],
    ['over a due time skips it, in step', waiting(from + 1, { every: 7 * MINUTE }), { lateAt: from + 1 + 63 * MINUTE }],
    [
      'over the due time of a cron expression skips to its next',
      waiting(from + MINUTE, { every: null, cron: '30 * * * *' }),
      { lateAt: to + 30 * MINUTE, downAt: to + 40 * MINUTE },
    ],
    [
      'over a due time whose next one comes at once lets it settle',
      waiting(from + 1, { every: 30 * MINUTE, grace: SECOND }),
      { lateAt: to + 1, downAt: settled },
    ],
    ['from a due time on gives its grace back', waiting(from, { every: 7 * MINUTE }), { downAt: to + 10 * MINUTE }],
    ['until a due time skips it', waiting(to, { every: 7 * MINUTE }), { lateAt: to + 7 * MINUTE }],
    ['during grace gives it back', waiting(from - MINUTE), { downAt: from + 9 * MINUTE + HOUR }],
    ['that ends during grace lets it settle', waiting(from - 10 * MINUTE + SECOND), { downAt: settled }],
    ['after a deadline nobody judged lets it settle', waiting(from - 10 * MINUTE), { downAt: settled }],
    [
      'during a run gives it its time back',
      waiting(to + DAY, { lastStartAt: from - MINUTE }),
      { downAt: from + 9 * MINUTE + HOUR },
    ],
    [
      'gives its time back to a run that began after the due time in it',
      waiting(from + SECOND, { lastStartAt: from + 2 * SECOND }),
      { downAt: from + 10 * MINUTE + HOUR },
    ],
    ['of a check that is down changes nothing', aCheck({ status: 'down', lateAt: null, downAt: null }), {}],
  ])('%s', (_, check, expected) => {
    const held = extendDeadlines(check, from, to, settled)
    if (Object.keys(expected).length === 0) expect(held).toEqual({})
    else expect(held).toMatchObject(expected)
  })
})

describe('a beat that Vakt refused', () => {
  const at = NOW + 50 * MINUTE
  const earliest = at + MINUTE
  it.each<[string, Partial<Check>, boolean, object]>([
    ['has the one after it expected', {}, true, { lateAt: at + HOUR, downAt: at + HOUR + 10 * MINUTE }],
    ['never brings a due time nearer', { lateAt: NOW + 5 * HOUR }, true, { lateAt: NOW + 5 * HOUR }],
    [
      'ends the run that it was to end',
      { lastStartAt: NOW + 45 * MINUTE, lastStartRid: 'x' },
      true,
      { lastStartAt: null, lastStartRid: null, downAt: at + HOUR + 10 * MINUTE },
    ],
    [
      'ends a run that began in its instant',
      { lastStartAt: at, lastStartRid: 'x' },
      true,
      { lastStartAt: null, lastStartRid: null },
    ],
    ['ends no run that began after it', { lastStartAt: at + SECOND }, true, { downAt: at + SECOND + 10 * MINUTE }],
    ['that is a start ends no run', { lastStartAt: NOW + 49 * MINUTE }, false, { downAt: NOW + 59 * MINUTE }],
    ['leaves time for retries', { every: SECOND, grace: SECOND, lateAt: at - 2 * SECOND }, true, { downAt: earliest }],
  ])('%s', (_, more, endsRun, expected) => {
    const check = aCheck(more)
    const known = { ...check, downAt: deadlines(check).downAt }
    expect(forgiveRefusedBeat(known, at, endsRun, earliest)).toMatchObject(expected)
  })

  it('changes nothing in a check that is down', () => {
    expect(forgiveRefusedBeat(aCheck({ status: 'down', lateAt: null, downAt: null }), at, true, earliest)).toEqual({})
  })
})

describe('a clock that goes back', () => {
  // biome-ignore format: one case a line
  it.each<[string, Partial<Check>, number, object]>([
    ['brings the last beat and the due time with it', {}, NOW - 30 * MINUTE, { lastBeatAt: NOW - 30 * MINUTE, lateAt: NOW + 30 * MINUTE, downAt: NOW + 40 * MINUTE }],
    ['to a time after all that happened changes nothing', {}, NOW + 30 * MINUTE, {}],
    ['to the last beat changes nothing', {}, NOW, {}],
    ['brings a start with it', { lastBeatAt: NOW - HOUR, lastStartAt: NOW, lateAt: NOW + 5 * MINUTE }, NOW - 5 * MINUTE, { lastBeatAt: NOW - HOUR, lastStartAt: NOW - 5 * MINUTE, lateAt: NOW + 5 * MINUTE, downAt: NOW + 5 * MINUTE }],
    ['brings the last beat with it, and leaves a nearer due time', { lastBeatAt: NOW + MINUTE, lateAt: NOW + 5 * MINUTE }, NOW, { lastBeatAt: NOW, lateAt: NOW + 5 * MINUTE }],
    ['brings a due time that was put off nearer', { lastBeatAt: NOW - HOUR, lateAt: NOW + 5 * HOUR }, NOW, { lastBeatAt: NOW - HOUR, lateAt: NOW + HOUR }],
    ['gives a check that is down no deadline', { status: 'down', lastBeatAt: NOW + HOUR, lateAt: null, downAt: null }, NOW, { lastBeatAt: NOW, lateAt: null, downAt: null }],
    ['leaves the last due time of a schedule that never comes again', { every: null, cron: '0 7 * * *', active: 'Mon 09:00-10:00' }, NOW, {}],
  ])('%s', (_, more, now, expected) => {
    const rewound = rewindDeadlines(aCheck(more), now)
    if (Object.keys(expected).length === 0) expect(rewound).toEqual({})
    else expect(rewound).toMatchObject(expected)
  })
})
