// The pure rules of suppression: their order, inhibition, root causes, flapping, and windows of maintenance.
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../../time.ts'
import { knownMatcher, readMatcher } from '../matcher.ts'
import { cronWindow, neverEnds, windowAfter } from './cron-window.ts'
import { isFlapping, withTransition } from './flapping.ts'
import { type InhibitionAlert, inhibits, isSilent, rootCause } from './inhibition.ts'
import type { Maintenance } from './maintenance-windows.ts'
import { DEFAULT_THRESHOLDS } from './settings.ts'
import {
  type ActiveMute,
  findSuppression,
  groupSuppression,
  isSameSuppressor,
  type Suppressible,
  type SuppressionContext,
  suppressorOf,
  suppressorText,
} from './suppression.ts'

const NOW = 1_000_000

const alert = (more: Partial<Suppressible> = {}): Suppressible => ({
  ...{ title: 'disk is full', severity: 'critical', detector: 'rule', key: 'rule:1', owner: null, labels: {} },
  ...{ projectId: 1, role: null, groupId: null },
  ...more,
})
const mute = (kind: ActiveMute['kind'], id: number, until: number, matcher = 'disk', projectId: number | null = null) =>
  ({ kind, id, until, projectId, matcher: readMatcher(matcher), reason: `${kind} ${id}` }) satisfies ActiveMute
const context = (answers: Partial<{ [Name in keyof SuppressionContext]: unknown }> = {}): SuppressionContext => {
  const defaults = {
    rootCause: null,
    awaitsCauseUntil: null,
    quietUntil: null,
    stormId: null,
    membersSuppression: null,
    project: 'shop',
  }
  const { mutes = [], ...rest } = { ...defaults, ...answers }
  const asked = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, () => value]))
  return { ...asked, mutes, now: NOW } as unknown as SuppressionContext
}

describe('an alert is suppressed by', () => {
  const silence = mute('silence', 1, NOW + HOUR)
  const rootCause = { id: 7, title: 'host down' }
  it.each<[string, Partial<Suppressible>, Parameters<typeof context>[0], string | null]>([
    ['nothing', {}, {}, null],
    ['a silence before all else', {}, { mutes: [silence], rootCause, stormId: 9 }, 'silence:1'],
    [
      'the mute that ends last',
      {},
      { mutes: [mute('silence', 1, NOW + 1), mute('maintenance', 2, NOW + 2)] },
      'maintenance:2',
    ],
    ['no silence that has ended', {}, { mutes: [mute('silence', 1, NOW)] }, null],
    ['no silence of another project', {}, { mutes: [mute('silence', 1, NOW + 1, 'disk', 2)] }, null],
    ['a silence by project name', {}, { mutes: [mute('silence', 1, NOW + 1, 'project:shop')] }, 'silence:1'],
    ['no silence that matches others', {}, { mutes: [mute('silence', 1, NOW + 1, 'host:web')] }, null],
    ['its root cause', {}, { rootCause, awaitsCauseUntil: NOW + 5, stormId: 9 }, 'alert:7'],
    ['the wait for a root cause', {}, { awaitsCauseUntil: NOW + 5, stormId: 9 }, 'settling'],
    ['no wait that has ended', {}, { awaitsCauseUntil: NOW }, null],
    ['a storm', {}, { stormId: 9 }, 'storm:9'],
    ['no storm when it is a storm itself', { detector: 'storm' }, { stormId: 9 }, null],
    ['quiet hours', { severity: 'warning' }, { quietUntil: NOW + 5, stormId: 9 }, 'quiet'],
    ['its root cause before quiet hours', { severity: 'warning' }, { rootCause, quietUntil: NOW + 5 }, 'alert:7'],
    [
      'the wait for a root cause before quiet hours',
      { severity: 'warning' },
      { awaitsCauseUntil: NOW + 5, quietUntil: NOW + 9 },
      'settling',
    ],
    ['a silence before quiet hours', { severity: 'warning' }, { mutes: [silence], quietUntil: NOW + 5 }, 'silence:1'],
    ['no quiet hours when it is critical', {}, { quietUntil: NOW + 5 }, null],
    ['quiet hours only when it is a notice', { detector: 'notice' }, { mutes: [silence], rootCause }, null],
    ['nothing when it is a test', { detector: 'test', severity: 'info' }, { mutes: [silence], quietUntil: 1 }, null],
  ])('%s', (_, about, answers, expected) => {
    const suppression = findSuppression(alert(about), context(answers))
    expect(suppression && suppressorText(suppression)).toBe(expected)
  })

  it('no silence whose matcher can no longer be read', () => {
    expect(findSuppression(alert(), context({ mutes: [{ ...silence, matcher: knownMatcher('(disk') }] }))).toBeNull()
  })
})

it('of more than a hundred transitions the newest are remembered', () => {
  const window = { flapChanges: 4, flapWindow: HOUR }
  const times = Array.from({ length: 150 }, (_, i) => NOW - 150 + i)
  const remembered = withTransition(times, NOW, window)
  expect([remembered.length, remembered[0], remembered.at(-1)]).toEqual([100, NOW - 99, NOW])
})

describe('an alert with a role', () => {
  const anAlert = (more: Partial<InhibitionAlert> = {}): InhibitionAlert => ({
    ...{ id: 1, projectId: 1, severity: 'critical', detector: 'x', role: null, labels: {}, since: 0, firedAt: 10 },
    ...{ suppression: null, stableAt: null, key: 'k', title: 't', checkId: null },
    ...more,
  })
  const down = (more: Partial<InhibitionAlert> = {}) =>
    anAlert({ id: 2, role: 'host-down', labels: { host: 'h' }, ...more })
  const onHost = (more: Partial<InhibitionAlert> = {}) => anAlert({ labels: { host: 'h' }, ...more })
  const silent = (more: Partial<InhibitionAlert> = {}) =>
    anAlert({ id: 2, role: 'source-silent', labels: { source: 's' }, ...more })
  const ofSource = (more: Partial<InhibitionAlert> = {}) => anAlert({ labels: { source: 's', rule: 'few' }, ...more })
  it.each<[string, InhibitionAlert, InhibitionAlert, boolean]>([
    ['alerts of its host', down(), onHost(), true],
    ['no alerts of other hosts', down(), anAlert({ labels: { host: 'g' } }), false],
    ['no alert without a host', down(), anAlert(), false],
    ['not itself', down(), down(), false],
    ['no other alert of a host that is down', down({ id: 3 }), down(), false],
    ['the alert that groups its checks', down(), down({ id: 3, detector: 'host-checks' }), true],
    ['no detector alert, when it groups checks itself', down({ detector: 'host-checks' }), down({ id: 3 }), false],
    ['no alert of another project', down({ projectId: 2 }), onHost(), false],
    ['alerts of every project when it has none itself', down({ projectId: null }), onHost(), true],
    ['nothing while it flaps and is clear for now', down({ stableAt: 5 }), onHost(), false],
    ['no critical alert during quiet hours', down({ suppression: 'quiet-hours' }), onHost(), false],
    ['other alerts during quiet hours', down({ suppression: 'quiet-hours' }), onHost({ severity: 'warning' }), true],
    ['rules about its lines', silent(), ofSource(), true],
    ['no reported alert of its source', silent(), ofSource({ labels: { source: 's' } }), false],
    ['nothing from before the source went silent', silent({ since: 15 }), ofSource(), false],
    ['nothing worse than itself', silent({ severity: 'warning' }), ofSource(), false],
    ['alerts that need the internet', anAlert({ id: 2, role: 'offline', since: 5, projectId: null }), anAlert(), true],
    [
      'no local alert',
      anAlert({ id: 2, role: 'offline', since: 5, projectId: null }),
      anAlert({ labels: { lan: 'yes' } }),
      false,
    ],
    [
      'alerts that need the internet, also in quiet hours',
      anAlert({ id: 2, role: 'offline', since: 5, projectId: null, suppression: 'quiet-hours' }),
      anAlert(),
      true,
    ],
    ['nothing from before it', anAlert({ id: 2, role: 'offline', since: 15, projectId: null }), anAlert(), false],
  ])('inhibits %s', (_, cause, alert, expected) => {
    expect(inhibits(cause, alert)).toBe(expected)
  })

  it.each([
    [{ check: 'a', miss: 'silent' }, true],
    [{ check: 'a', miss: 'failed' }, false],
    [{ container: 'c' }, true],
    [{ container: 'c', source: 's' }, false],
    [{ source: 's' }, false],
  ])('is about something silent when its labels are %j: %s', (labels, expected) => {
    expect(isSilent({ labels })).toBe(expected)
  })
})

describe('the root cause', () => {
  const chain: Record<number, number> = { 1: 2, 2: 3, 4: 5, 5: 6, 6: 5, 7: 7 }
  const causeOf = ({ id }: { id: number }) => (chain[id] === undefined ? null : { id: chain[id] })
  it.each([
    [3, null],
    [2, 3],
    [1, 3],
    [4, 5],
    [5, null],
    [6, 5],
    [7, null],
  ])('of %i is %s', (id, root) => {
    expect(rootCause({ id }, causeOf)?.id ?? null).toBe(root)
  })
})

describe('transitions', () => {
  it('count within the window only, and flap from the threshold on', () => {
    const often = [0, 1, 2, 3, 4].reduce<number[]>((all, i) => withTransition(all, i * MINUTE, DEFAULT_THRESHOLDS), [])
    expect(isFlapping(often, DEFAULT_THRESHOLDS)).toBe(false)
    expect(isFlapping(withTransition(often, 9 * MINUTE, DEFAULT_THRESHOLDS), DEFAULT_THRESHOLDS)).toBe(true)
    expect(isFlapping(withTransition(often, 11 * MINUTE, DEFAULT_THRESHOLDS), DEFAULT_THRESHOLDS)).toBe(false)
    expect(isFlapping(often, { ...DEFAULT_THRESHOLDS, flapChanges: 0 })).toBe(false)
    expect(withTransition([5000], 1000, DEFAULT_THRESHOLDS)).toEqual([1000])
  })
})

describe('maintenance by cron', () => {
  const at = (text: string) => Date.parse(text)
  const job = { cron: '30 2 * * *', timeZone: 'Europe/Oslo', duration: HOUR }
  const next = (one: Partial<Maintenance>, now: number, early = false) => {
    const window = windowAfter({ ...job, ...one } as Maintenance, now, early)
    return window && new Date(window.startsAt).toISOString()
  }

  it('starts at once inside a window, and follows both changes of clocks', () => {
    expect(cronWindow(job, at('2026-03-27T02:00:00Z'))?.startsAt).toBe(at('2026-03-27T01:30:00Z'))
    // 02:30 does not exist in Oslo on 29 March: it begins as the clocks have gone forward.
    expect(next({ startsAt: at('2026-03-28T01:30:00Z') }, at('2026-03-28T02:30:00Z'))).toBe('2026-03-29T01:00:00.000Z')
    expect(next({ startsAt: at('2026-03-29T01:00:00Z') }, at('2026-03-29T02:00:00Z'))).toBe('2026-03-30T00:30:00.000Z')
    // On 25 October it is there twice: the window is the first of them, once.
    expect(next({ startsAt: at('2026-10-24T00:30:00Z') }, at('2026-10-24T01:30:00Z'))).toBe('2026-10-25T00:30:00.000Z')
    expect(next({ startsAt: at('2026-10-25T00:30:00Z') }, at('2026-10-25T01:30:00Z'))).toBe('2026-10-26T01:30:00.000Z')
  })

  it('of whole days ends once where the last of them has 23 hours', () => {
    const weekend = { cron: '0 0 * * 6,0', duration: 24 * HOUR, days: 1, startsAt: at('2026-03-27T23:00:00Z') }
    expect(next(weekend, at('2026-03-29T22:00:00Z'))).toBe('2026-04-03T22:00:00.000Z')
  })

  it('ended early starts again at its next time', () => {
    const active = { startsAt: at('2026-03-02T01:30:00Z'), endsAt: at('2026-03-02T02:30:00Z') }
    expect(next(active, at('2026-03-02T01:40:00Z'), true)).toBe('2026-03-03T01:30:00.000Z')
    expect(windowAfter({ ...job, cron: null } as Maintenance, 0, false)).toBeNull()
  })

  it.each([
    [
      'that touch',
      '0 0 * * 6,0',
      'UTC',
      { days: 1 },
      '2026-03-07T05:00:00Z',
      '2026-03-07T00:00:00Z',
      '2026-03-09T00:00:00Z',
    ],
    [
      'that overlap',
      '0,30 2-4 * * *',
      'UTC',
      {},
      '2026-03-02T01:00:00Z',
      '2026-03-02T02:00:00Z',
      '2026-03-02T05:30:00Z',
    ],
    [
      'of every minute',
      '* 8-17 * * 1-5',
      'UTC',
      {},
      '2026-03-02T07:00:00Z',
      '2026-03-02T08:00:00Z',
      '2026-03-02T18:59:00Z',
    ],
    [
      'of one day',
      '0 0 * * 0',
      'Europe/Oslo',
      { days: 1 },
      '2026-10-24T20:00:00Z',
      '2026-10-24T22:00:00Z',
      '2026-10-25T23:00:00Z',
    ],
    [
      'of 25 hours, in the last of them',
      '0 0 * * 0',
      'Europe/Oslo',
      { days: 1 },
      '2026-10-25T22:30:00Z',
      '2026-10-24T22:00:00Z',
      '2026-10-25T23:00:00Z',
    ],
    [
      'of 23 hours, after them',
      '0 0 * * 0',
      'Europe/Oslo',
      { days: 1 },
      '2026-03-29T22:00:00Z',
      '2026-04-04T22:00:00Z',
      '2026-04-05T22:00:00Z',
    ],
    ['with a gap', '0 0 * * 6,0', 'UTC', {}, '2026-03-07T00:30:00Z', '2026-03-07T00:00:00Z', '2026-03-07T01:00:00Z'],
  ])(
    'windows %s are one where they are, and whole days follow the wall clock',
    (_, cron, timeZone, more, now, from, to) => {
      const { days = 0 } = more as { days?: number }
      const duration = days > 0 ? days * 24 * HOUR : HOUR
      expect(cronWindow({ cron, timeZone, duration, days }, at(now))).toEqual({ startsAt: at(from), endsAt: at(to) })
      expect(neverEnds({ cron, timeZone, duration, days }, at(now))).toBe(false)
    },
  )

  it.each([
    ['0 * * * *', 2 * HOUR],
    ['0 * * * *', HOUR],
    ['* * * * *', MINUTE],
    ['0 0 * * *', 24 * HOUR],
    ['0 0 1 * *', 31 * 24 * HOUR],
  ])('windows by %s of %i ms never end', (cron, duration) => {
    expect(neverEnds({ cron, timeZone: 'UTC', duration }, at('2026-03-02T10:00:00Z'))).toBe(true)
  })
})

it('a group has the suppression of its members, else that of a storm', () => {
  const group = alert({ detector: 'group' })
  const membersSuppression = groupSuppression(null, 'all of its alerts are suppressed')
  expect(findSuppression(group, context({ membersSuppression, stormId: 3 }))).toEqual(membersSuppression)
  expect(findSuppression(group, context({ stormId: 3 }))?.kind).toBe('storm')
  expect(findSuppression(group, context({ quietUntil: NOW + 1 }))).toBeNull()
})

it('of mutes that end together the one with the first name and number is named', () => {
  const both = [mute('silence', 2, NOW + 5), mute('maintenance', 9, NOW + 5), mute('maintenance', 4, NOW + 5)]
  expect(findSuppression(alert(), context({ mutes: both }))).toMatchObject({ kind: 'maintenance', id: 4 })
})

it('suppressors are the same when both kind and number are', () => {
  const suppressor = (kind: 'silence' | 'storm' | 'group', id: number | null) => ({ kind, id })
  expect(isSameSuppressor(suppressor('silence', 1), suppressor('silence', 1))).toBe(true)
  expect(isSameSuppressor(suppressor('silence', 1), suppressor('silence', 2))).toBe(false)
  expect(isSameSuppressor(suppressor('silence', 1), suppressor('storm', 1))).toBe(false)
  expect(isSameSuppressor(null, suppressor('silence', 1))).toBe(false)
  expect(isSameSuppressor(null, null)).toBe(true)
  expect([suppressor('group', null), suppressor('group', 5), suppressor('silence', 3)].map(suppressorText)).toEqual([
    'group',
    'group:5',
    'silence:3',
  ])
  expect(suppressorOf({ suppression: 'silence', suppressorId: 3 })).toEqual(suppressor('silence', 3))
  expect(suppressorOf({ suppression: null, suppressorId: null })).toBeNull()
})
