// Whose turn it is: handovers by the wall clock through clock changes, and those who stand in.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { discord } from '../../chat/discord/definition.ts'
import { PLATFORMS } from '../../chat/platforms.ts'
import { DAY, HOUR } from '../../time.ts'
import { mentionsIn, readMention } from './mentions.ts'
import {
  changedRotation,
  comingTurns,
  dayOfTurn,
  type Override,
  onCallAt,
  type Rotation,
  readHandover,
} from './on-call.ts'

const at = (text: string) => Date.parse(text)
const rotation = (more: Partial<Rotation> = {}, from = '2026-03-02T08:00:00Z'): Rotation => {
  const row = {
    ...{ id: 1, name: 'primary', members: ['ann', 'ben', 'cleo'], every: 'weekly' as const, day: 1, minute: 540 },
    ...{ timeZone: 'Europe/Oslo', createdAt: 0, ...more },
  }
  return { ...row, firstDay: dayOfTurn(row, at(from)) }
}
const standIn = (id: number, who: string, from: string, until: string): Override => ({
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
    const turn = onCallAt(rotation(), [], at(now))
    expect([turn.who, new Date(turn.until).toISOString()]).toEqual([who, until])
  })

  it('hands over right after a gap, and once in a repeated hour', () => {
    const daily = rotation({ every: 'daily', minute: 150 }, '2026-03-28T02:00:00Z')
    const times = comingTurns(daily, [], at('2026-03-28T03:00:00Z'), 3).map(turn => new Date(turn.until).toISOString())
    // 02:30 does not exist on the 29th; the clocks show 03:30 then.
    expect(times).toEqual(['2026-03-29T01:30:00.000Z', '2026-03-30T00:30:00.000Z', '2026-03-31T00:30:00.000Z'])
    const autumn = comingTurns(rotation({ every: 'daily', minute: 150 }), [], at('2026-10-24T03:00:00Z'), 2)
    expect(autumn.map(turn => new Date(turn.until).toISOString())).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ])
  })

  it('has turns without gaps that follow one another, in any zone', () => {
    const zones = fc.constantFrom('Europe/Oslo', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC')
    fc.assert(
      fc.property(
        zones,
        fc.nat(1439),
        fc.nat(6),
        fc.boolean(),
        fc.integer({ min: 0, max: 3 * 365 }),
        (timeZone, minute, day, daily, days) => {
          const one = rotation({ timeZone, minute, day, every: daily ? 'daily' : 'weekly' }, '2025-06-01T00:00:00Z')
          const turns = comingTurns(one, [], at('2025-06-01T00:00:00Z') + days * DAY, 5)
          for (const [i, turn] of turns.entries()) {
            const next = turns[i + 1]
            if (!next) break
            expect(next.since).toBe(turn.until)
            expect(one.members.indexOf(next.who)).toBe((one.members.indexOf(turn.who) + 1) % 3)
            expect(Math.abs(turn.until - turn.since - (daily ? DAY : 7 * DAY))).toBeLessThanOrEqual(25 * HOUR)
          }
        },
      ),
    )
  })

  it('lets somebody stand in, the one named last first, and hands back in the end', () => {
    const standIns = [
      standIn(1, 'cleo', '2026-03-03T08:00:00Z', '2026-03-05T08:00:00Z'),
      standIn(2, 'dan', '2026-03-04T08:00:00Z', '2026-03-04T20:00:00Z'),
    ]
    const turns = comingTurns(rotation(), standIns, at('2026-03-02T09:00:00Z'), 5)
    expect(turns.map(turn => [turn.who, new Date(turn.until).toISOString().slice(5, 13), turn.standIn])).toEqual([
      ['ann', '03-03T08', false],
      ['cleo', '03-04T08', true],
      ['dan', '03-04T20', true],
      ['cleo', '03-05T08', true],
      ['ann', '03-09T08', false],
    ])
    // Back from a stand-in, a turn begins when that ends and not at the handover before.
    expect(turns.slice(1).map(turn => turn.since)).toEqual(turns.slice(0, -1).map(turn => turn.until))
  })

  const now = at('2026-03-11T12:00:00Z')
  it.each([
    ['somebody joins', { members: ['cleo', 'ann', 'ben', 'dan'] }, ['ben', 'dan', 'cleo']],
    ['somebody else leaves', { members: ['ben', 'cleo'] }, ['ben', 'cleo', 'ben']],
    ['whose turn it is leaves', { members: ['ann', 'cleo'] }, ['ann', 'cleo', 'ann']],
    ['the handover is later', { minute: 1200, day: 3 }, ['ben', 'cleo', 'ann']],
    ['turns become days', { every: 'daily' as const }, ['ben', 'cleo', 'ann']],
    ['the zone is another', { timeZone: 'Pacific/Auckland' }, ['ben', 'cleo', 'ann']],
  ])('is changed so that whose turn it is goes on: %s', (_, changes, who) => {
    const before = rotation()
    expect(onCallAt(before, [], now).who).toBe('ben')
    const changed = changedRotation(before, changes, now)
    expect(comingTurns(changed, [], now, 3).map(turn => turn.who)).toEqual(who)
  })
})

it.each([
  ['Mon 09:00', { day: 1, minute: 540 }],
  ['sunday 0:05', { day: 0, minute: 5 }],
  ['17:30', { day: null, minute: 1050 }],
  ['25:00', null],
  ['someday 09:00', null],
  ['noon', null],
])('a handover of %s is read as %j', (text, read) => {
  expect(readHandover(text)).toEqual(read)
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
])('a mention of %s is kept as %s', (text, word) => {
  expect(readMention(text, PLATFORMS)).toBe(word)
})

it('a person is who they are on the platform, a role means nothing elsewhere, and nobody is called twice', () => {
  const ann = { name: 'ann', accounts: { discord: '1234567', telegram: '42' } }
  const { capabilities } = discord
  const lookup = { person: (name: string) => (name === 'ann' ? ann : undefined), onCall: () => 'ann' }
  const words = ['oncall', 'person:ann', 'discord-role:999', 'person:gone']
  expect(mentionsIn({ id: 'discord:1', capabilities }, words, lookup).map(one => one.id)).toEqual([
    '1234567',
    '999',
    null,
  ])
  expect(mentionsIn({ id: 'slack:C1', capabilities }, words, lookup).map(one => [one.name, one.id])).toEqual([
    ['ann', null],
    ['gone', null],
  ])
})
