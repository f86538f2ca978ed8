// On-call rotations: handovers on the wall clock through clock changes, and overrides.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { discord } from '../../chat/discord/definition.ts'
import { PLATFORMS } from '../../chat/platforms.ts'
import { DAY, HOUR } from '../../time.ts'
import { mentionsIn, readMention } from './mentions.ts'
import {
  changeRotation,
  type Override,
  onCallAt,
  parseHandover,
  type Rotation,
  shiftStartDay,
  upcomingShifts,
} from './on-call.ts'

const at = (text: string) => Date.parse(text)
const rotation = (more: Partial<Rotation> = {}, from = '2026-03-02T08:00:00Z'): Rotation => {
  const row = {
    ...{ id: 1, name: 'primary', members: ['ann', 'ben', 'cleo'], every: 'weekly' as const, day: 1, minute: 540 },
    ...{ timeZone: 'Europe/Oslo', createdAt: 0, ...more },
  }
  return { ...row, firstDay: shiftStartDay(row, at(from)) }
}
const override = (id: number, who: string, from: string, until: string): Override => ({
  ...{ id, rotationId: 1, who, from: at(from), until: at(until), setBy: 'ann' },
})

describe('a rotation', () => {
  it.each([
    ['2026-03-02T08:00:00Z', 'ann', '2026-03-09T08:00:00.000Z'],
    ['2026-03-09T07:59:59Z', 'ann', '2026-03-09T08:00:00.000Z'],
    ['2026-03-09T08:00:00Z', 'ben', '2026-03-16T08:00:00.000Z'],
    ['2026-03-16T08:00:00Z', 'cleo', '2026-03-23T08:00:00.000Z'],
    // Oslo's clocks go forward on the 29th: nine o'clock is an hour earlier from then on.
    ['2026-03-23T08:00:00Z', 'ann', '2026-03-30T07:00:00.000Z'],
    ['2026-03-30T06:59:59Z', 'ann', '2026-03-30T07:00:00.000Z'],
    ['2026-03-30T07:00:00Z', 'ben', '2026-04-06T07:00:00.000Z'],
    ['2026-02-23T08:00:00Z', 'cleo', '2026-03-02T08:00:00.000Z'],
  ])('at %s has %s on call until %s', (now, who, until) => {
    const shift = onCallAt(rotation(), [], at(now))
    expect([shift.who, new Date(shift.until).toISOString()]).toEqual([who, until])
  })

  it('has its handover right after a skipped hour, and once in a repeated hour', () => {
    const daily = rotation({ every: 'daily', minute: 150 }, '2026-03-28T02:00:00Z')
    const times = upcomingShifts(daily, [], at('2026-03-28T03:00:00Z'), 3).map(shift =>
      new Date(shift.until).toISOString(),
    )
    // 02:30 does not exist on the 29th; the clocks jump to 03:00, when cron jobs of 02:30 run too.
    expect(times).toEqual(['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z', '2026-03-31T00:30:00.000Z'])
    const autumn = upcomingShifts(rotation({ every: 'daily', minute: 150 }), [], at('2026-10-24T03:00:00Z'), 2)
    expect(autumn.map(shift => new Date(shift.until).toISOString())).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ])
  })

  it('has shifts without gaps, member after member, in any time zone', () => {
    const zones = fc.constantFrom('Europe/Oslo', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC')
    fc.assert(
      fc.property(
        zones,
        fc.nat(1439),
        fc.nat(6),
        fc.boolean(),
        fc.integer({ min: 0, max: 3 * 365 }),
        (timeZone, minute, day, daily, days) => {
          const each = rotation({ timeZone, minute, day, every: daily ? 'daily' : 'weekly' }, '2025-06-01T00:00:00Z')
          const shifts = upcomingShifts(each, [], at('2025-06-01T00:00:00Z') + days * DAY, 5)
          for (const [i, shift] of shifts.entries()) {
            const next = shifts[i + 1]
            if (!next) break
            expect(next.since).toBe(shift.until)
            expect(each.members.indexOf(next.who)).toBe((each.members.indexOf(shift.who) + 1) % 3)
            expect(Math.abs(shift.until - shift.since - (daily ? DAY : 7 * DAY))).toBeLessThanOrEqual(25 * HOUR)
          }
        },
      ),
    )
  })

  it('follows the newest override while it lasts, and then the rotation again', () => {
    const overrides = [
      override(1, 'cleo', '2026-03-03T08:00:00Z', '2026-03-05T08:00:00Z'),
      override(2, 'dan', '2026-03-04T08:00:00Z', '2026-03-04T20:00:00Z'),
    ]
    const shifts = upcomingShifts(rotation(), overrides, at('2026-03-02T09:00:00Z'), 5)
    expect(
      shifts.map(shift => [shift.who, new Date(shift.until).toISOString().slice(5, 13), shift.isOverride]),
    ).toEqual([
      ['ann', '03-03T08', false],
      ['cleo', '03-04T08', true],
      ['dan', '03-04T20', true],
      ['cleo', '03-05T08', true],
      ['ann', '03-09T08', false],
    ])
    // After an override a shift begins when the override ends, not at the handover before.
    expect(shifts.slice(1).map(shift => shift.since)).toEqual(shifts.slice(0, -1).map(shift => shift.until))
  })

  const now = at('2026-03-11T12:00:00Z')
  it.each([
    ['somebody is added', { members: ['cleo', 'ann', 'ben', 'dan'] }, ['ben', 'dan', 'cleo']],
    ['somebody else is removed', { members: ['ben', 'cleo'] }, ['ben', 'cleo', 'ben']],
    ['the person on call is removed', { members: ['ann', 'cleo'] }, ['ann', 'cleo', 'ann']],
    ['the handover is later', { minute: 1200, day: 3 }, ['ben', 'cleo', 'ann']],
    ['shifts become daily', { every: 'daily' as const }, ['ben', 'cleo', 'ann']],
    ['the time zone changes', { timeZone: 'Pacific/Auckland' }, ['ben', 'cleo', 'ann']],
  ])('keeps the person on call when %s', (_, changes, who) => {
    const before = rotation()
    expect(onCallAt(before, [], now).who).toBe('ben')
    const changed = changeRotation(before, changes, now)
    expect(upcomingShifts(changed, [], now, 3).map(shift => shift.who)).toEqual(who)
  })
})

it.each([
  ['Mon 09:00', { day: 1, minute: 540 }],
  ['sunday 0:05', { day: 0, minute: 5 }],
  ['17:30', { day: null, minute: 1050 }],
  ['25:00', null],
  ['someday 09:00', null],
  ['noon', null],
])('a handover of %s is parsed as %j', (text, handover) => {
  expect(parseHandover(text)).toEqual(handover)
})

it.each([
  ['@here', 'here'],
  ['<@&123456789012345678>', 'discord-role:123456789012345678'],
  ['<@123456789012345678>', 'discord-user:123456789012345678'],
  ['<@U012AB3CD|ann>', 'slack-user:U012AB3CD'],
  ['<!subteam^S012AB3CD|@ops>', 'slack-group:S012AB3CD'],
  ['oncall:primary', 'oncall:primary'],
  ['@everyone', null],
  ['ann', null],
])('a mention of %s is stored as %s', (text, word) => {
  expect(readMention(text, PLATFORMS)).toBe(word)
})

it('a person has their account of the platform, a role exists on its platform only, and nobody is mentioned twice', () => {
  const ann = { name: 'ann', accounts: { discord: '1234567', telegram: '42' } }
  const { capabilities } = discord
  const lookup = { person: (name: string) => (name === 'ann' ? ann : undefined), onCall: () => 'ann' }
  const words = ['oncall', 'person:ann', 'discord-role:999', 'person:gone']
  expect(mentionsIn({ id: 'discord:1', capabilities }, words, lookup).map(({ id }) => id)).toEqual([
    '1234567',
    '999',
    null,
  ])
  expect(mentionsIn({ id: 'slack:C1', capabilities }, words, lookup).map(({ name, id }) => [name, id])).toEqual([
    ['ann', null],
    ['gone', null],
  ])
})
