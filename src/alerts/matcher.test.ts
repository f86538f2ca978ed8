// Which alerts a matcher matches.
import { expect, it } from 'vitest'
import { type Matchable, matchesAlert, readMatcher } from './matcher.ts'

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
