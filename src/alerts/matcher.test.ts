// Which alerts a matcher fits.
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
])('%s: %s', (text, fits) => {
  expect(matchesAlert(readMatcher(text), ALERT, 'shop')).toBe(fits)
})

it.each([
  ['severity>=bad', 'bad is no severity. Alerts have info, warning, critical.'],
  ['last:15m', 'at any time'],
  ['(host:a', 'parenthes'],
])('%s is refused with a sentence', (text, sentence) => {
  expect(() => readMatcher(text)).toThrow(sentence)
})
