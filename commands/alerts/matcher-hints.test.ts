// What is said of a matcher that is probably not what was meant.
import { describe, expect, it } from 'vitest'
import { storeAlert } from '../../src/testing/alerts.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { addTestHost } from '../../src/testing/hosts.ts'
import { matcherHints } from './matcher-hints.ts'

describe('before the first alert', () => {
  const { state } = createCommandRunner()
  addTestHost(state, 'web-1')

  it.each<[string, string[]]>([
    ['', []],
    ['region:eu', []],
    ['host:web-1', []],
    ['host:WEB-1', []],
    ['host:web-2', ['There is no host web-2 so far. Did you mean host:web-1?']],
    ['host:elsewhere', ['There is no host elsewhere so far.']],
    ['host:web-*', []],
    ['-host:web-2', []],
    ['owner:ann', []],
  ])('%s', (text, hints) => {
    expect(matcherHints(state, text)).toEqual(hints)
  })
})

describe('once labels were seen', () => {
  const { state } = createCommandRunner()
  addTestHost(state, 'web-1')
  storeAlert(state, { labels: { region: 'eu-north', host: 'web-1' } })

  it.each<[string, string[]]>([
    ['region:eu-north', []],
    ['REGION:EU-NORTH', []],
    ['region:eu-nort', ['No alert has had region:eu-nort so far. Did you mean region:eu-north?']],
    ['region:mars', ['No alert has had region:mars so far.']],
    ['regoin:eu-north', ['No alert has had the label regoin so far. Did you mean region?']],
    ['team:ops', ['No alert has had the label team so far. "alerts show" shows the labels of an alert.']],
    ['hsot:web-1', ['No alert has had the label hsot so far. Did you mean host?']],
    ['-team:ops', ['No alert has had the label team so far. "alerts show" shows the labels of an alert.']],
    ['team:a OR team:b', ['No alert has had the label team so far. "alerts show" shows the labels of an alert.']],
    ['tag:anything', []],
    ['fingerprint:x', []],
  ])('%s', (text, hints) => {
    expect(matcherHints(state, text)).toEqual(hints)
  })
})

describe('conditions that cannot be true together', () => {
  const { state } = createCommandRunner()

  it.each<[string, string[]]>([
    [
      'owner:ann owner:ben',
      ['No alert has two values of owner, so this matches nothing. For either of them: owner:ann OR owner:ben.'],
    ],
    ['owner:ann OWNER:ANN', []],
    ['owner:ann owner:a*', []],
    ['owner:ann OR owner:ben', []],
    ['tag:a tag:b', []],
    ['owner:ann -owner:ann', ['It asks for owner:ann and excludes it, so it matches nothing.']],
    ['owner:ann -owner:ANN', ['It asks for owner:ann and excludes it, so it matches nothing.']],
    ['owner:ann -owner:ben', []],
    ['owner:ann -detector:ann', []],
    ['-(owner:ann owner:ben)', []],
    [
      '(owner:ann owner:ben) OR detector:x',
      ['No alert has two values of owner, so this matches nothing. For either of them: owner:ann OR owner:ben.'],
    ],
    [
      'detector:x (detector:y OR (owner:ann owner:ben))',
      ['No alert has two values of owner, so this matches nothing. For either of them: owner:ann OR owner:ben.'],
    ],
    [
      'owner:ann (detector:x owner:ben)',
      ['No alert has two values of owner, so this matches nothing. For either of them: owner:ann OR owner:ben.'],
    ],
  ])('%s', (text, hints) => {
    expect(matcherHints(state, text)).toEqual(hints)
  })
})
