// Lengths and ends as people write them, at their limits and in their time zone.
import { expect, it } from 'vitest'
import { addProject, editProject } from '../src/projects/projects.ts'
import { memoryState } from '../src/state/database.ts'
import { DAY, HOUR, MINUTE } from '../src/time.ts'
import type { Context } from './context.ts'
import { describeLength, period, readEnd, readStart, zoneOf } from './period.ts'

const NOW = Date.parse('2026-03-28T12:00:00Z')
const hours = (count: number) => ({ days: 0, ms: count * HOUR })

it.each([
  ['1s', true],
  ['365d', true],
  ['366d', false],
  ['0s', false],
  ['soon', false],
])('a period of %s is taken: %s', (text, isTaken) => {
  expect(period().safeParse(text).success).toBe(isTaken)
})

it('a period has a shortest length where one is asked for', () => {
  expect(period(5 * MINUTE).safeParse('5m').success).toBe(true)
  const refused = period(5 * MINUTE).safeParse('4m')
  expect(refused.error!.issues[0]!.message).toContain('must be a duration from 5m to 365d')
})

it('an end is a length or an instant, and whole days follow the wall clock', () => {
  expect(readEnd({ for: hours(2) }, NOW, 'UTC')).toBe(NOW + 2 * HOUR)
  // The clocks go forward in the night.
  expect(readEnd({ for: { days: 1, ms: 0 } }, NOW, 'Europe/Oslo')).toBe(NOW + 23 * HOUR)
  expect(readEnd({ for: hours(24) }, NOW, 'Europe/Oslo')).toBe(NOW + DAY)
  expect(readEnd({ to: { text: '17:00' } }, NOW, 'UTC')).toBe(NOW + 5 * HOUR)
  expect(readEnd({ to: { text: '17:00' } }, NOW, 'Europe/Oslo')).toBe(NOW + 4 * HOUR)
  expect(readEnd({}, NOW, 'UTC', hours(1))).toBe(NOW + HOUR)
  expect(readEnd({ for: hours(3) }, NOW, 'UTC', hours(1))).toBe(NOW + 3 * HOUR)
})

it.each<[string, Parameters<typeof readEnd>[0]]>([
  ['Use either --for or --to, not both.', { for: hours(1), to: { text: '17:00' } }],
  ['Name the length, such as --for 2h', {}],
  ['"2026-03-28T11:59:59Z" is not a time to come.', { to: { text: '2026-03-28T11:59:59Z' } }],
  ['"2027-03-28T12:00:01Z" is not a time to come.', { to: { text: '2027-03-28T12:00:01Z' } }],
])('"%s" refuses another end', (why, given) => {
  expect(() => readEnd(given, NOW, 'UTC')).toThrow(why)
})

it('an end may be a year away', () => {
  expect(readEnd({ to: { text: '2027-03-28T12:00:00Z' } }, NOW, 'UTC')).toBe(NOW + 365 * DAY)
})

it('a start is now, or what somebody writes', () => {
  expect(readStart(undefined, NOW, 'UTC')).toBe(NOW)
  expect(readStart({ text: '22:00' }, NOW, 'UTC')).toBe(NOW + 10 * HOUR)
  expect(() => readStart({ text: 'soon' }, NOW, 'UTC')).toThrow('"soon" is not a time.')
})

it('a length is told as it was written, and an end as about how long it is until then', () => {
  expect(describeLength({ for: { days: 1, ms: 0 } }, NOW, NOW + 23 * HOUR)).toBe('1d')
  expect(describeLength({ to: { text: '17:00' } }, NOW, NOW + 5 * HOUR, hours(1))).toBe('5h')
  expect(describeLength({}, NOW, NOW + HOUR, hours(1))).toBe('1h')
  expect(describeLength({}, NOW, NOW + 3 * HOUR)).toBe('3h')
})

it('the zone is that of the project, or the setting', () => {
  const state = memoryState()
  const [plain, zoned] = ['plain', 'zoned'].map(name => addProject(state, name, NOW))
  editProject(state, zoned!.id, { timeZone: 'Europe/Oslo' })
  const context = { state, config: { timeZone: 'Asia/Tokyo' } } as Context
  expect([null, plain!.id, zoned!.id, 99].map(id => zoneOf(context, id))).toEqual([
    'Asia/Tokyo',
    'Asia/Tokyo',
    'Europe/Oslo',
    'Asia/Tokyo',
  ])
})
