// Which alerts a matcher matches.
import { expect, it } from 'vitest'
import { knownMatcher, type Matchable, matchesAlert, readMatchedTexts, readMatcher } from './matcher.ts'

const ALERT: Matchable = {
  title: 'nightly-backup sent no beat',
  severity: 'warning',
  detector: 'missed-beat',
  key: 'check:7',
  owner: 'Ann',
  labels: { check: 'nightly-backup', host: 'web-1', group: 'prod/api' },
}

it.each([
  ['', true],
  ['host:web-*', true],
  ['host:db-*', false],
  ['-host:db-*', true],
  ['check:nightly-backup', true],
  ['check:nightly', false],
  ['project:shop', true],
  ['project:blog', false],
  ['severity:warning', true],
  ['severity>=warning', true],
  ['severity>=critical', false],
  ['severity<critical host:web-1', true],
  ['detector:missed-beat', true],
  ['owner:ann', true],
  ['group:prod/*', true],
  ['"no beat"', true],
  ['backup OR disk', true],
  ['(host:db-1 OR host:web-1) severity:critical', false],
  ['container:nginx', false],
])('%s: %s', (text, expected) => {
  expect(matchesAlert(readMatcher(text), ALERT, 'shop')).toBe(expected)
})

it.each([
  ['severity>=bad', 'At character 1 (severity>=bad): "bad" is not a severity. Severities: info, warning, critical.'],
  ['last:15m', 'no time range'],
  ['(host:a', 'parenthes'],
])('%s is rejected: %s', (text, message) => {
  expect(() => readMatcher(text)).toThrow(message)
})

it.each(['last:1h', 'since:2026-01-01', 'until:2026-01-01'])('a matcher with the time range %s is refused', text => {
  expect(() => readMatcher(text)).toThrow('A matcher has no time range')
})

it('an unknown severity is named with the severities, and other errors keep their sentence', () => {
  expect(() => readMatcher('host:web-1 severity:loud')).toThrow('"loud" is not a severity. Severities: info')
  expect(() => readMatcher('severity:warning (')).toThrow('this parenthesis is never closed')
})

it('the texts of an alert have its owner and its group only where it has them', () => {
  const values = (more: Partial<Matchable>) => readMatchedTexts({ ...ALERT, ...more }, 'shop').values
  expect(values({})).toContain('Ann')
  expect(values({ owner: null })).not.toContain('null')
  expect(values({ groupKey: 'batch 7' })).toContain('batch 7')
  expect(values({})).not.toContain('null')
})

it('a stored matcher matches as it was written, also the second time', () => {
  const matchesTwice = (text: string) => [1, 2].map(() => matchesAlert(knownMatcher(text), ALERT, 'shop'))
  expect(matchesTwice('host:web-1')).toEqual([true, true])
  expect(matchesTwice('host:web-2')).toEqual([false, false])
  expect(matchesTwice('severity>=')).toEqual([false, false])
})
