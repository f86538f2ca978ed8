// What holds of a check whatever comes: random lives of beats, deadlines, absences, edits and pauses.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runs } from '../testing/property-runs.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { applyBeat, applyDeadline, type BeatKind, type Check, extendDeadlines, restart, resume } from './check.ts'

/** A check, the time, and how many misses in a row it must have counted. */
type Life = { check: Check; now: number; misses: number }

const LIVES = 1000
// The clocks change in New York on March 8 and in Oslo on March 29.
const BEGIN = Date.parse('2026-03-05T00:00:00Z')
const SETTLING = MINUTE

const BLANK = {
  ...{ status: 'new', lastBeatAt: null, lateAt: null, downAt: null, misses: 0, missedAt: null, missKind: null },
  ...{ lastStartAt: null, lastStartRid: null, lastDuration: null, beats: 0 },
  ...{ everyDays: 0, onCalendar: null, exceptions: null, early: null, earlyMs: null, earlyBeats: 0 },
} as const

const RESTING = { lateAt: null, downAt: null, lastStartAt: null, lastStartRid: null }

const schedules = fc.oneof(
  fc.record({
    every: fc.integer({ min: SECOND, max: 2 * DAY }),
    cron: fc.constant(null),
    active: fc.constantFrom(null, 'Mon-Fri 08:00-18:00', '22:00-06:00'),
  }),
  fc.record({
    every: fc.constant(null),
    cron: fc.constantFrom('*/5 * * * *', '0 2 * * *', '15,45 1-3 * * *', '30 1 * * 0'),
    active: fc.constantFrom(null, '22:00-06:00'),
  }),
)

const settings = fc.record({
  grace: fc.integer({ min: SECOND, max: DAY }),
  maxRuntime: fc.option(fc.integer({ min: SECOND, max: DAY })),
  after: fc.integer({ min: 1, max: 4 }),
  timeZone: fc.constantFrom('UTC', 'America/New_York', 'Europe/Oslo'),
})

const kinds = fc.constantFrom<BeatKind>('success', 'success', 'start', 'fail', 'log', 'ignored')
const turns = fc.oneof(
  fc.record({ kind: kinds, rid: fc.constantFrom(null, null, 'a', 'b') }),
  fc.record({ away: fc.integer({ min: 1, max: DAY }) }),
  fc.constantFrom('edit' as const, 'pause' as const, 'resume' as const),
)
type Turn = typeof turns extends fc.Arbitrary<infer T> ? T : never

const steps = fc.array(
  fc.record({ wait: fc.oneof(fc.integer({ min: 0, max: HOUR }), fc.integer({ min: 0, max: 2 * DAY })), turn: turns }),
  { maxLength: 25 },
)

it('a check is down exactly after its misses, never before a deadline, and has one exactly while it is judged', () => {
  const lives = fc.property(schedules, settings, steps, (schedule, rest, taken) => {
    const life: Life = { check: { ...BLANK, ...schedule, ...rest } as Check, now: BEGIN, misses: 0 }
    for (const { wait, turn } of taken) {
      life.now += wait
      judge(life)
      takeTurn(life, turn)
      expect(life.check.misses).toBe(life.misses)
      expect(life.check.downAt !== null).toBe(isJudged(life.check))
      expect(life.check.lateAt === null || life.check.status === 'up').toBe(true)
    }
  })
  fc.assert(lives, { numRuns: runs(LIVES) })
})

/** Only a check that is up, or one that runs and is not down yet, waits for anything. */
function isJudged({ status, lastStartAt }: Check): boolean {
  return status === 'up' || (status !== 'down' && lastStartAt !== null)
}

/** What the scheduler does: every deadline that has passed, in turn, is one miss at its own time. */
function judge(life: Life): void {
  while (life.check.downAt !== null && life.check.downAt <= life.now) {
    const at = life.check.downAt
    life.check = { ...life.check, ...applyDeadline(life.check).changes }
    life.misses++
    expect(life.check.missedAt).toBe(at)
    expect(life.check.downAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(at)
    expect(life.check.status).toBe(life.misses >= life.check.after ? 'down' : 'up')
    // Whoever is asleep for days may have missed thousands; a few show the rule.
    if (life.misses > 50) life.now = at
  }
}

function takeTurn(life: Life, turn: Turn): void {
  if (turn === 'pause') pause(life)
  else if (turn === 'edit') change(life, restart(life.check, life.now), life.now)
  else if (turn === 'resume' && life.check.status === 'paused') change(life, resume(life.check, life.now), life.now)
  else if (typeof turn === 'object' && 'away' in turn) goAway(life, turn.away)
  else if (typeof turn === 'object') beat(life, turn.kind, turn.rid)
}

function pause(life: Life): void {
  life.check = { ...life.check, ...RESTING, status: 'paused', misses: 0, missedAt: null, missKind: null }
  life.misses = 0
}

function goAway(life: Life, ms: number): void {
  const from = life.now
  life.now += ms
  const changes = extendDeadlines(life.check, from, life.now, life.now + SETTLING)
  expect(changes.downAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(life.check.downAt ?? 0)
  change(life, changes, life.now + SETTLING - 1)
}

function beat(life: Life, kind: BeatKind, rid: string | null): void {
  const { check, now } = life
  const { changes, turn } = applyBeat(check, kind, rid, now)
  if (kind === 'success') life.misses = 0
  if (kind === 'fail') life.misses++
  change(life, changes, now)
  if (kind === 'success') expect(life.check.status).toBe('up')
  if (kind === 'fail') expect(life.check.status === 'down').toBe(check.status === 'down' || life.misses >= check.after)
  if (kind !== 'success' && kind !== 'fail') expect(life.check.status).toBe(check.status)
  expect(turn).toBe(turnOf(check, life.check, kind))
}

function turnOf(before: Check, after: Check, kind: BeatKind): string {
  if (kind === 'success' && before.status === 'down') return 'recovered'
  if (kind !== 'fail' || after.status !== 'down') return 'none'
  return before.status === 'down' ? 'failed again' : 'went down'
}

/** Whatever happens to a check, it is not down by that alone: no deadline is at or before `earliest`. */
function change(life: Life, changes: Partial<Check>, earliest: number): void {
  life.check = { ...life.check, ...changes }
  if (life.check.downAt !== null) expect(life.check.downAt).toBeGreaterThan(earliest)
}
