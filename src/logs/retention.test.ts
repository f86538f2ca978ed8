// Retention by tag: which lines expire when.
import { describe, expect, it } from 'vitest'
import type { NewLine } from './line.ts'
import { matchesQuery } from './query/matches.ts'
import { expiredLines, longestRetention } from './retention.ts'

const HOUR = 3_600_000
const NOW = 1000 * HOUR
const retention = { project: 'shop', retentionMs: 72 * HOUR, tagRetentionMs: { payments: 720 * HOUR, debug: HOUR } }

const line = (hoursOld: number, tags: string[], project = 'shop') =>
  ({
    timestamp: NOW - hoursOld * HOUR,
    receivedAt: 0,
    level: 'info',
    message: 'x',
    project,
    source: '',
    host: '',
    group: '',
    tags,
    fingerprint: '',
    stack: '',
    traceId: '',
    spanId: '',
    attributes: {},
  }) satisfies NewLine
const isExpired = (candidate: NewLine, settings = retention) =>
  expiredLines(settings, NOW).some(query => matchesQuery(query, candidate))

describe('retention by tag', () => {
  it.each([
    [71, [], false],
    [73, [], true],
    [0.5, ['debug'], false],
    [2, ['debug'], true],
    [100, ['payments'], false],
    [100, ['payments', 'debug'], false],
    [100, ['other'], true],
  ])('a line of %d hours with tags %j is expired: %s', (hours, tags, expired) => {
    expect(isExpired(line(hours, tags))).toBe(expired)
  })

  it('does not affect other projects, nor projects without tags', () => {
    expect(isExpired(line(100, [], 'other'))).toBe(false)
    expect(expiredLines({ ...retention, tagRetentionMs: {} }, NOW)).toEqual([])
    expect(longestRetention(retention)).toBe(720 * HOUR)
    expect(longestRetention({ ...retention, tagRetentionMs: { debug: HOUR } })).toBe(72 * HOUR)
  })
})
