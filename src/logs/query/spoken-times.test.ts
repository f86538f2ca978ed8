// Durations and instants as people say them, at their edges.
import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND, WEEK } from '../../time.ts'
import { isTimeText, isWholeDay, restOfTime, spokenDuration, spokenInstant } from './spoken-times.ts'

/** A Saturday. */
const NOW = Date.parse('2026-11-21T14:10:00Z')

it.each<[string, number | null]>([
  ['15m', 15 * MINUTE],
  ['5min', 5 * MINUTE],
  ['250 ms', 250],
  ['2 secs', 2 * SECOND],
  [' 2 Hours ', 2 * HOUR],
  ['1 hour 30 minutes', 90 * MINUTE],
  ['1 hour, 30 minutes and 5 seconds', 90 * MINUTE + 5 * SECOND],
  ['1.5 hours', 90 * MINUTE],
  ['0.0004 s', 0],
  ['1 hour and 30 minutes', 90 * MINUTE],
  ['anh', null],
  ['an hour', HOUR],
  ['half an hour', 30 * MINUTE],
  ['half a minute', 30 * SECOND],
  ['one day', DAY],
  ['week', WEEK],
  ['the last week', WEEK],
  ['past 2 days', 2 * DAY],
  ['2 months', 60 * DAY],
  ['yr', null],
  ['year', 365 * DAY],
  ['hrs', HOUR],
  ['h', null],
  ['0 hours', null],
  ['2 hours later', null],
  ['2 apples', null],
  ['2 apples 1 hour', null],
  ['', null],
])('%s is %d ms', (text, expected) => expect(spokenDuration(text)).toBe(expected))

describe('an instant', () => {
  it.each<[string, string | null]>([
    ['10 minutes ago', '2026-11-21T14:00'],
    ['10m back', '2026-11-21T14:00'],
    ['now - 2h', '2026-11-21T12:10'],
    ['now-2h', '2026-11-21T12:10'],
    ['-2h', '2026-11-21T12:10'],
    ['2h', '2026-11-21T12:10'],
    ['1795269600', '2026-11-21T14:00'],
    ['1795269600000', '2026-11-21T14:00'],
    ['179526960', null],
    ['saturday', '2026-11-21T00:00'],
    ['sat', '2026-11-21T00:00'],
    ['last saturday', '2026-11-14T00:00'],
    ['last friday', '2026-11-20T00:00'],
    ['friday', '2026-11-20T00:00'],
    ['sunday', '2026-11-15T00:00'],
    ['mon', '2026-11-16T00:00'],
    ['Monday  9:30', '2026-11-16T09:30'],
    ['monday 9am', '2026-11-16T09:00'],
    ['monday noon', '2026-11-16T12:00'],
    ['1am', '2026-11-21T01:00'],
    ['12am', '2026-11-21T00:00'],
    ['12pm', '2026-11-21T12:00'],
    ['1:05 pm', '2026-11-21T13:05'],
    ['11 pm', '2026-11-20T23:00'],
    ['0am', null],
    ['13pm', null],
    ['noon', '2026-11-21T12:00'],
    ['midnight', '2026-11-21T00:00'],
    ['2026-11-20 9:05', '2026-11-20T09:05'],
    ['2026-11-20 19:05', '2026-11-20T19:05'],
    ['soon', null],
  ])('%s is %s', (text, expected) => {
    const at = spokenInstant(text, NOW, 'UTC')
    expect(at === null ? null : new Date(at).toISOString().slice(0, 16)).toBe(expected)
  })

  it('of a weekday is that of the zone', () => {
    const late = Date.parse('2026-11-21T23:30:00Z')
    expect(spokenInstant('sunday', late, 'Europe/Berlin')).toBe(Date.parse('2026-11-21T23:00:00Z'))
    expect(spokenInstant('sunday', late, 'UTC')).toBe(Date.parse('2026-11-15T00:00:00Z'))
  })
})

it.each<[value: string, rest: string, text: string | null]>([
  ['2', ' hours x', '2 hours'],
  ['2', ' hours ago x', '2 hours ago'],
  ['2h', ' ago)', '2h ago'],
  ['an', ' hour', 'an hour'],
  ['one', ' day', 'one day'],
  ['2', ' apples', null],
  ['2', ' hoursx', null],
  ['last', ' monday', 'last monday'],
  ['past', ' week x', 'past week'],
  ['last', ' 5 minutes', null],
  ['monday', ' 9:30', 'monday 9:30'],
  ['yesterday', ' 3pm x', 'yesterday 3pm'],
  ['2026-11-20', ' noon', '2026-11-20 noon'],
  ['monday', ' hours', null],
  ['14:00', ' x', null],
  ['x', ' hours', null],
])('a time %s before "%s" is %s', (value, rest, text) => {
  const query = `since:${value}${rest}`
  const found = restOfTime(value, query, 6 + value.length)
  expect(found?.text ?? null).toBe(text)
  if (text !== null) expect(found!.end).toBe(query.indexOf(text) + text.length)
})

it('tells days from clocks, and both from other values', () => {
  const texts = ['today', 'monday', '2026-11-20', 'last tue', '9:30', '3pm', 'now-1h', '2026-11-20T10:00', 'prod', '42']
  expect(texts.filter(isWholeDay)).toEqual(['today', 'monday', '2026-11-20', 'last tue'])
  expect(texts.filter(isTimeText)).toEqual([
    'today',
    'monday',
    '2026-11-20',
    '9:30',
    '3pm',
    'now-1h',
    '2026-11-20T10:00',
  ])
})
