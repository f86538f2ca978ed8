// The index of silences finds exactly the silences that a comparison with each of them finds.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Matchable, matchesAlert, readMatcher } from '../matcher.ts'
import { MuteIndex } from './mute-index.ts'
import type { ActiveMute } from './suppression.ts'

const host = fc.constantFrom('web-1', 'WEB-2', 'dö-3', 'a b', '')
const word = fc.constantFrom('disk', 'Full', 'café', 'slow', '42')
const condition = fc.oneof(
  host.map(name => `host:${JSON.stringify(name)}`),
  word,
  word.map(text => `${text.slice(0, 2)}*`),
  host.map(name => `check:${JSON.stringify(`${name}*`)}`),
  fc.constantFrom(
    'severity>=warning',
    'project:shop',
    'owner:Ann',
    'detector:log',
    'tag:blue',
    '"disk full"',
    'zone:eu',
    '/di.k/',
  ),
)
const matcher = fc.oneof(
  condition,
  fc.tuple(condition, condition).map(parts => parts.join(' ')),
  fc.tuple(condition, condition).map(parts => parts.join(' OR ')),
  condition.map(text => `-${text}`),
)
const alert: fc.Arbitrary<Matchable> = fc.record({
  title: fc.array(word, { minLength: 1, maxLength: 3 }).map(words => words.join(' ')),
  severity: fc.constantFrom('info' as const, 'critical' as const),
  detector: fc.constantFrom('log', 'check'),
  key: fc.constant('k'),
  owner: fc.constantFrom(null, 'ann'),
  labels: fc.record({ host, check: host, zone: fc.constantFrom('EU', 'us'), tags: fc.constantFrom('blue,red', 'red') }),
})

const mute = (text: string, id: number): ActiveMute => ({
  kind: 'silence',
  id,
  projectId: null,
  matcher: readMatcher(text),
  until: 1,
  reason: text,
})

test('no silence that matches is missed', () => {
  fc.assert(
    fc.property(
      fc.array(matcher, { maxLength: 12 }),
      alert,
      fc.constantFrom('shop', null),
      (texts, subject, project) => {
        const index = new MuteIndex()
        const mutes = texts.map(mute)
        for (const each of mutes) index.set(each)
        const matching = (list: ActiveMute[]) =>
          list.filter(each => matchesAlert(each.matcher, subject, project)).map(({ id }) => id)
        expect(matching(index.candidates(subject, project)).toSorted()).toEqual(matching(mutes).toSorted())
      },
    ),
  )
})

test('of 20,000 silences for other hosts none is compared with an alert', () => {
  const index = new MuteIndex()
  for (let i = 0; i < 20_000; i++) index.set(mute(`host:web-${i}`, i))
  const subject = {
    title: 'slow',
    severity: 'info',
    detector: 'log',
    key: 'k',
    owner: null,
    labels: { host: 'web-7' },
  } as const
  expect(index.candidates(subject, null).map(({ id }) => id)).toEqual([7])
  index.delete({ kind: 'silence', id: 7 })
  index.set(mute('host:web-7', 8))
  expect(index.candidates(subject, null).map(({ id }) => id)).toEqual([8])
})
