// The times of a query become a time range.
import { describe, expect, it } from 'vitest'
import { isoTime } from '../../time.ts'
import { parseQuery } from './parse.ts'

const NOW = Date.parse('2026-11-21T14:10:00Z')

function range(text: string, now = NOW, zone = 'UTC'): string {
  const { from, until } = parseQuery(text, now, zone)
  return [from, until].map(at => (at === null ? '…' : isoTime(at)!.replace(/:00\.000Z$/, ''))).join(' to ')
}

describe('the time range of a query', () => {
  it.each([
    ['x', '… to …'],
    ['last:15m', '2026-11-21T13:55 to …'],
    ['x last:1h30m y', '2026-11-21T12:40 to …'],
    ['last:hour', '2026-11-21T13:10 to …'],
    ['since:14:00', '2026-11-21T14:00 to …'],
    ['since:14:30', '2026-11-20T14:30 to …'],
    ['since:2h', '2026-11-21T12:10 to …'],
    ['since:-2h', '2026-11-21T12:10 to …'],
    ['since:yesterday', '2026-11-20T00:00 to …'],
    ['since:yesterday 9:05', '2026-11-20T09:05 to …'],
    ['since:"yesterday 14:00"', '2026-11-20T14:00 to …'],
    ['since:2026-11-01 08:30 x', '2026-11-01T08:30 to …'],
    ['since:2026-11-01T08:30:00+01:00', '2026-11-01T07:30 to …'],
    ['since:14:00 until:14:30', '2026-11-21T14:00 to 2026-11-21T14:30'],
    ['until:14:30 since:14:00', '2026-11-21T14:00 to 2026-11-21T14:30'],
    ['since:22:00 until:6:00', '2026-11-20T22:00 to 2026-11-21T06:00'],
    ['until:13:00', '… to 2026-11-21T13:00'],
    ['until:2026-11-20', '… to 2026-11-21T00:00'],
    ['until:yesterday', '… to 2026-11-21T00:00'],
    ['yesterday', '2026-11-20T00:00 to 2026-11-21T00:00'],
    ['Today error', '2026-11-21T00:00 to 2026-11-22T00:00'],
    ['yesterday since:15:00', '2026-11-20T15:00 to 2026-11-21T00:00'],
    ['yesterday since:15:00 until:16:00', '2026-11-20T15:00 to 2026-11-20T16:00'],
    ['last:1h last:5m', '2026-11-21T14:05 to …'],
    ['last:1d until:1h', '2026-11-20T14:10 to 2026-11-21T13:10'],
    ['last:5min', '2026-11-21T14:05 to …'],
    ['last:"2 hours"', '2026-11-21T12:10 to …'],
    ['last:2 hours x', '2026-11-21T12:10 to …'],
    ['last:"1 hour 30 minutes"', '2026-11-21T12:40 to …'],
    ['last:"an hour"', '2026-11-21T13:10 to …'],
    ['last:3days', '2026-11-18T14:10 to …'],
    ['last:month', '2026-10-22T14:10 to …'],
    ['since:"10 minutes ago"', '2026-11-21T14:00 to …'],
    ['since:10 minutes ago', '2026-11-21T14:00 to …'],
    ['since:10m ago', '2026-11-21T14:00 to …'],
    ['since:now-1h', '2026-11-21T13:10 to …'],
    ['since:monday', '2026-11-16T00:00 to …'],
    ['since:Saturday', '2026-11-21T00:00 to …'],
    ['since:"last saturday"', '2026-11-14T00:00 to …'],
    ['since:last saturday', '2026-11-14T00:00 to …'],
    ['since:mon 9:30 until:tuesday', '2026-11-16T09:30 to 2026-11-18T00:00'],
    ['since:8am until:1:30pm', '2026-11-21T08:00 to 2026-11-21T13:30'],
    ['since:noon', '2026-11-21T12:00 to …'],
    ['since:yesterday 3pm', '2026-11-20T15:00 to …'],
    ['since:1795269600', '2026-11-21T14:00 to …'],
    ['after:10:00', '2026-11-21T10:00 to …'],
    ['after:10:00 before:11:00', '2026-11-21T10:00 to 2026-11-21T11:00'],
    ['from:2026-11-20 to:2026-11-20', '2026-11-20T00:00 to 2026-11-21T00:00'],
  ])('%s is %s', (text, expected) => expect(range(text)).toBe(expected))

  it('resolves days and clock times in the time zone, also across daylight-saving changes', () => {
    const now = Date.parse('2026-10-26T10:00:00Z')
    expect(range('yesterday', now, 'Europe/Berlin')).toBe('2026-10-24T22:00 to 2026-10-25T23:00')
    expect(range('since:9:00', now, 'Europe/Berlin')).toBe('2026-10-26T08:00 to …')
  })

  it('does not change the conditions beside it', () => {
    expect(parseQuery('error last:15m OR refused', NOW, 'UTC').where).toEqual({
      kind: 'or',
      parts: [
        { kind: 'word', text: 'error', prefix: false },
        { kind: 'word', text: 'refused', prefix: false },
      ],
    })
  })
})
