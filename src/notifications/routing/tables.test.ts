// The tables of channels, routes, recipients, escalations, people and rotations: what each change writes, and what it refuses.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import { readAlert } from '../../alerts/alerts.ts'
import { acknowledgeAlert, endAlert, fireAlert, resolveAlert, unacknowledgeAlert } from '../../alerts/lifecycle.ts'
import { setThresholds } from '../../alerts/suppression/settings.ts'
import { addCheck } from '../../checks/checks.ts'
import { readDetails, saveDetails } from '../../checks/healthchecks/check-details.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { alertEscalations, channels, notifications, recipients } from '../../state/schema/index.ts'
import { aFinding, storeAlert } from '../../testing/alerts.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { rewindNotifications } from '../clock-rollback.ts'
import {
  addChannel,
  type ChannelRow,
  findChannel,
  listChannels,
  removeChannel,
  removePersonChannels,
  savePersonChannel,
  syncChannels,
} from './channels.ts'
import { resolveTargets } from './escalation-targets.ts'
import {
  addEscalation,
  editEscalation,
  escalateDue,
  findEscalation,
  listEscalations,
  listPendingEscalations,
  nextEscalation,
  removeEscalation,
} from './escalations.ts'
import { mentionName, mentionsIn, readMention } from './mentions.ts'
import { findPerson, removePerson, savePerson } from './people.ts'
import { listRecipients } from './recipients.ts'
import { referencesTo } from './references.ts'
import { resolveRecipients } from './resolve-recipients.ts'
import {
  addOverride,
  addRotation,
  editRotation,
  findRotation,
  listOverrides,
  listRotations,
  onCallNow,
  pruneOverrides,
  removeOverride,
  removeRotation,
} from './rotations.ts'
import { chooseRecipients, matchRoutes, mergeRecipients, type Route } from './route.ts'
import { addRoute, editRoute, findRoute, listRoutes, removeRoute } from './routes.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const SETTINGS = [
  { id: 'discord:1', name: 'Discord #ops' },
  { id: 'slack:1', name: 'Slack #ops' },
]
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
  setThresholds(state, null, { stormRate: 0, flapChanges: 0 })
  syncChannels(state, SETTINGS, NOW)
})
const fires = (key: string, more = {}, at = NOW) => fireAlert(state, aFinding(key, at, { projectId: 1, ...more }), at)
const resolves = (at = NOW) => resolveRecipients(state, at)
const route = (name: string, more: Partial<Parameters<typeof addRoute>[2]> = {}, before?: string) =>
  addRoute(
    state,
    name,
    { matcher: '', channels: ['discord:1'], mention: [], mentionFrom: 'info', continues: false, setBy: 'Ann', ...more },
    before,
    NOW,
  )
const escalation = (name: string, more: object = {}) =>
  addEscalation(state, {
    name,
    matcher: '',
    afterMs: HOUR,
    to: ['slack:1'],
    repeat: 0,
    setBy: 'Ann',
    createdAt: NOW,
    ...more,
  })
const ids = (alertId: number) => listRecipients(state, alertId).map(({ channelId }) => channelId)
/** Whether the recipients of open alerts, and of no other, are found again because of `work`. */
const reroutes = (work: () => void) => {
  const [open, over] = [storeAlert(state), storeAlert(state, { state: 'resolved', resolvedAt: NOW })].map(
    ({ id }) => id,
  )
  state.prepare('update alerts set routed_version = 1, undelivered = 0').run()
  work()
  const routed = (id: number | undefined) => readAlert(state, id!)!.routedVersion
  expect(routed(over)).toBe(1)
  return routed(open) === 0
}

describe('channels', () => {
  const inUse = () => listChannels(state).map(({ id }) => id)
  const row = (id: string) =>
    state.db
      .select()
      .from(channels)
      .all()
      .find(own => own.id === id)!

  it('are those of the settings, and those of people and commands that can be opened', () => {
    addChannel(state, { id: 'webhook:a', name: 'hook' }, NOW)
    addChannel(state, { id: 'webhook:b', name: 'other' }, NOW)
    savePersonChannel(state, 'mailto:ann', 'Ann', NOW)
    const canOpen = ({ id }: ChannelRow) => id !== 'webhook:b'
    expect(reroutes(() => syncChannels(state, SETTINGS, NOW + 1, canOpen))).toBe(false)
    expect(inUse()).toEqual(['discord:1', 'mailto:ann', 'slack:1', 'webhook:a'])
    expect(row('webhook:b').removedAt).toBe(NOW + 1)
    syncChannels(state, [{ id: 'slack:1', name: 'Slack #alerts' }], NOW + 2)
    expect([inUse(), row('slack:1').name, row('discord:1').removedAt]).toEqual([['slack:1'], 'Slack #alerts', NOW + 2])
    expect(row('webhook:b').removedAt).toBe(NOW + 1)
    expect(reroutes(() => syncChannels(state, SETTINGS, NOW + 3))).toBe(true)
    expect(row('discord:1')).toMatchObject({ removedAt: null, addedAt: NOW + 3 })
    expect(row('slack:1')).toMatchObject({ name: 'Slack #ops', addedAt: NOW })
  })

  it('in use again have their old cards edited, and mention nobody for the time in between', () => {
    for (const version of [3, 1, 3]) storeAlert(state, { version, mentionCount: 5, undelivered: false })
    const sent = (alertId: number, more: object) =>
      state.db
        .insert(notifications)
        .values({ alertId, channelId: 'slack:1', shownVersion: 1, mentionedCount: 2, ...more })
        .run()
    sent(1, { ref: 'm' })
    sent(2, { ref: 'm' })
    sent(3, {})
    syncChannels(state, SETTINGS.slice(0, 1), NOW)
    state.prepare('update alerts set undelivered = 0').run()
    const routed = () => state.prepare('update alerts set routed_version = 9').run()
    routed()
    syncChannels(state, SETTINGS, NOW)
    expect(
      state.db
        .select()
        .from(notifications)
        .all()
        .map(({ mentionedCount }) => mentionedCount),
    ).toEqual([5, 5, 5])
  })

  it('in use again have the outdated cards of alerts that are over edited, and a removed one lacks nothing', () => {
    const has = (shownVersion: number, undelivered: boolean) => {
      const over = { state: 'resolved' as const, resolvedAt: NOW, version: 3, routedVersion: 9, undelivered }
      const { id: alertId } = storeAlert(state, over)
      const row = { alertId, channelId: 'slack:1' }
      state.db
        .insert(recipients)
        .values({ ...row, mention: [], since: NOW, why: '' })
        .run()
      state.db
        .insert(notifications)
        .values({ ...row, ref: 'm', shownVersion })
        .run()
    }
    has(1, false)
    has(3, false)
    has(2, true)
    const undelivered = () => [1, 2, 3].map(id => readAlert(state, id)!.undelivered)
    syncChannels(state, SETTINGS.slice(0, 1), NOW)
    expect(undelivered()).toEqual([false, false, false])
    syncChannels(state, SETTINGS, NOW)
    expect(undelivered()).toEqual([true, false, true])
  })

  it('that are added and removed are announced', () => {
    const told = (work: () => void) => {
      let isTold = false
      state.onCommit(topics => {
        if (topics.has('channels')) isTold = true
      })
      state.transaction(work)
      return isTold
    }
    expect(told(() => addChannel(state, { id: 'webhook:a', name: 'hook' }, NOW))).toBe(true)
    expect(told(() => removeChannel(state, row('webhook:a'), NOW))).toBe(true)
    expect(told(() => savePersonChannel(state, 'mailto:ann', 'Ann', NOW))).toBe(true)
    expect(told(() => savePersonChannel(state, 'mailto:ann', 'Ann', NOW))).toBe(false)
  })

  it('that a command takes over from a person mention nobody for the time before', () => {
    const { id: alertId } = storeAlert(state, { mentionCount: 5 })
    savePersonChannel(state, 'mailto:ann', 'Ann', NOW)
    for (const channelId of ['mailto:ann', 'slack:1'])
      state.db.insert(notifications).values({ alertId, channelId, mentionedCount: 2 }).run()
    addChannel(state, { id: 'mailto:ann', name: 'Ann' }, NOW)
    const counts = state.db.select().from(notifications).all()
    expect(counts.map(({ channelId, mentionedCount }) => `${channelId} ${mentionedCount}`).sort()).toEqual([
      'mailto:ann 5',
      'slack:1 2',
    ])
  })

  it('are found by their id, their name or its end, or their platform', () => {
    const found = (text: string) => findChannel(state, text).id
    expect([found('SLACK:1'), found(' Slack #ops '), found('discord')]).toEqual(['slack:1', 'slack:1', 'discord:1'])
    expect(() => found('ops')).toThrow(expect.objectContaining({ code: 'conflict', fields: { to: 'is not clear' } }))
    expect(() => found('x')).toThrow('The channels are Discord #ops (discord:1), Slack #ops (slack:1).')
    addChannel(state, { id: 'slack:2', name: 'quiet' }, NOW)
    expect(found('quiet')).toBe('slack:2')
    expect(() => found('slack')).toThrow('"slack" is ambiguous')
    savePersonChannel(state, 'mailto:ann', 'Ann', NOW)
    expect(() => found('mailto')).toThrow(expect.objectContaining({ code: 'not_found' }))
    expect(() => findChannel(memoryState(), 'x')).toThrow('There are no channels yet.')
  })

  it('that a command adds exist once, have a name of their own, and receive open alerts', () => {
    expect(reroutes(() => addChannel(state, { id: 'webhook:a', name: 'hook', address: 'https://x' }, NOW))).toBe(true)
    expect(row('webhook:a')).toMatchObject({ origin: 'command', address: 'https://x', removedAt: null })
    expect(() => addChannel(state, { id: 'webhook:a', name: 'x' }, NOW)).toThrow('already exists')
    expect(() => addChannel(state, { id: 'slack:1', name: 'x' }, NOW)).toThrow('already exists')
    expect(() => addChannel(state, { id: 'webhook:b', name: 'HOOK' }, NOW)).toThrow(
      expect.objectContaining({ fields: { name: 'is taken' } }),
    )
    savePersonChannel(state, 'mailto:ann', 'Ann', NOW)
    savePersonChannel(state, 'mailto:ann', 'Annie', NOW + 1)
    expect(row('mailto:ann')).toMatchObject({ name: 'Ann', addedAt: NOW, origin: 'person' })
    expect(addChannel(state, { id: 'mailto:ann', name: 'Ann' }, NOW + 2)).toMatchObject({
      origin: 'command',
      addedAt: NOW + 2,
    })
  })

  it('are removed unless something uses them or the settings name them', () => {
    addChannel(state, { id: 'webhook:a', name: 'hook', address: 'https://x' }, NOW)
    expect(() => removeChannel(state, row('slack:1'), NOW)).toThrow('a channel of the settings')
    route('r', { channels: ['webhook:a'] })
    expect(() => removeChannel(state, row('webhook:a'), NOW)).toThrow('hook is used by route r.')
    removeRoute(state, 'r')
    expect(reroutes(() => removeChannel(state, row('webhook:a'), NOW + 1))).toBe(true)
    expect(row('webhook:a')).toMatchObject({ origin: 'settings', removedAt: NOW + 1, address: null })
    syncChannels(state, SETTINGS, NOW + 2, () => true)
    expect(inUse()).toEqual(['discord:1', 'slack:1'])
    savePersonChannel(state, 'webhook:a', 'Ann', NOW + 3)
    expect(row('webhook:a')).toMatchObject({ origin: 'person', removedAt: null, addedAt: NOW + 3 })
  })
})

describe('routes', () => {
  const names = () => listRoutes(state).map(({ name }) => name)
  it('stand in their order, each with a name of its own, and change the open alerts at once', () => {
    expect(reroutes(() => route('a'))).toBe(true)
    route('b')
    route('c', {}, 'b')
    expect(names()).toEqual(['a', 'c', 'b'])
    expect(reroutes(() => editRoute(state, 'b', { matcher: 'x' }, 'a'))).toBe(true)
    expect([names(), findRoute(state, 'b').matcher, editRoute(state, 'b', {}, undefined).position]).toEqual([
      ['b', 'a', 'c'],
      'x',
      1,
    ])
    expect(() => route('a')).toThrow(expect.objectContaining({ code: 'conflict', fields: { name: 'is taken' } }))
    expect(() => route('d', {}, 'x')).toThrow('There is no route "x"')
    expect(reroutes(() => removeRoute(state, 'a'))).toBe(true)
    expect(names()).toEqual(['b', 'c'])
    expect(() => findRoute(state, 'a')).toThrow(expect.objectContaining({ code: 'not_found' }))
  })

  const aRoute = (name: string, more: Partial<Route> = {}) =>
    ({
      name,
      matcher: '',
      channels: ['discord:1'],
      mention: ['here'],
      mentionFrom: 'critical',
      continues: false,
      ...more,
    }) as Route
  const alert = (more: Partial<Alert> = {}) => storeAlert(state, { title: 'disk full', severity: 'critical', ...more })
  const choose = (routes: Route[], more: Partial<Alert> = {}) => {
    addChannel(state, { id: 'webhook:a', name: 'hook' }, NOW)
    savePersonChannel(state, 'mailto:ann', 'Ann', NOW)
    return chooseRecipients(alert(more), 'shop', routes, listChannels(state)).map(
      ({ channelId, mention, why }) => `${channelId} ${mention} ${why}`,
    )
  }

  it.each<[string, Route[], Partial<Alert>, string[]]>([
    [
      'without any every channel',
      [],
      {},
      ['discord:1  every channel', 'slack:1  every channel', 'webhook:a  every channel'],
    ],
    [
      'a test goes everywhere',
      [aRoute('a')],
      { detector: 'test' },
      ['discord:1  every channel', 'slack:1  every channel', 'webhook:a  every channel'],
    ],
    ['the first that matches', [aRoute('a'), aRoute('b', { channels: ['slack:1'] })], {}, ['discord:1 here route a']],
    [
      'those after it, where it goes on',
      [aRoute('a', { continues: true }), aRoute('b', { channels: ['slack:1', 'discord:1'], mention: ['x'] })],
      {},
      ['discord:1 here,x route a', 'slack:1 x route b'],
    ],
    [
      'the settings where none fits',
      [aRoute('a', { matcher: 'cpu' })],
      {},
      ['discord:1  no route fits', 'slack:1  no route fits'],
    ],
    [
      'not one whose channels are gone',
      [aRoute('a', { channels: ['gone'] }), aRoute('b')],
      {},
      ['discord:1 here route b'],
    ],
    [
      'not the channel of a person',
      [aRoute('a', { channels: ['mailto:ann'] })],
      {},
      ['discord:1  no route fits', 'slack:1  no route fits'],
    ],
    ['without mentions where it is not severe enough', [aRoute('a')], { severity: 'warning' }, ['discord:1  route a']],
    [
      'with mentions from the severity on',
      [aRoute('a', { mentionFrom: 'warning' })],
      { severity: 'warning' },
      ['discord:1 here route a'],
    ],
    ['by project', [aRoute('a', { matcher: 'project:shop' })], {}, ['discord:1 here route a']],
  ])('choose %s', (_, routes, more, expected) => {
    expect(choose(routes, more)).toEqual(expected)
  })

  it('say what they do with an alert', () => {
    const all = [
      aRoute('a', { matcher: 'cpu' }),
      aRoute('b', { channels: ['gone'] }),
      aRoute('c', { continues: true }),
      aRoute('d'),
      aRoute('e'),
    ]
    expect(matchRoutes(alert(), null, all, listChannels(state)).map(({ outcome }) => outcome)).toEqual([
      ...['does not match', 'channels removed', 'matches', 'matches', 'not evaluated'],
    ])
  })

  it('of several alerts with one card have each channel once', () => {
    const one = { channelId: 'a', mention: ['x'], why: 'first' }
    expect(
      mergeRecipients([one, { channelId: 'b', mention: [], why: 'b' }, { ...one, mention: ['y', 'x'], why: 'second' }]),
    ).toEqual([
      { channelId: 'a', mention: ['x', 'y'], why: 'first' },
      { channelId: 'b', mention: [], why: 'b' },
    ])
  })
})

describe('the recipients of an alert', () => {
  it('follow the routes, but stay where a chat shows the card or an escalation chose them', () => {
    fires('a')
    expect(resolves()).toBe(false)
    expect(ids(1)).toEqual(['discord:1', 'slack:1'])
    expect(readAlert(state, 1)).toMatchObject({ routedVersion: 1 })
    state.db.insert(notifications).values({ alertId: 1, channelId: 'slack:1', ref: 'm' }).run()
    addChannel(state, { id: 'webhook:a', name: 'hook' }, NOW)
    addChannel(state, { id: 'webhook:b', name: 'other' }, NOW)
    addChannel(state, { id: 'webhook:c', name: 'third' }, NOW)
    resolves()
    state.db.insert(notifications).values({ alertId: 1, channelId: 'webhook:b', sending: 'post' }).run()
    state.prepare(`update recipients set is_escalation = 1 where channel_id = 'webhook:a'`).run()
    state.db.insert(notifications).values({ alertId: 1, channelId: 'webhook:c' }).run()
    route('r', { channels: ['discord:1'], mention: ['here'] })
    resolves()
    expect(ids(1)).toEqual(['discord:1', 'slack:1', 'webhook:a', 'webhook:b'])
    expect(listRecipients(state, 1)[0]).toMatchObject({ mention: ['here'], why: 'every channel', since: NOW })
    editRoute(state, 'r', { mention: [] }, undefined)
    resolves()
    expect(listRecipients(state, 1)[0]!.mention).toEqual(['here'])
  })

  it('of a resolved alert are found once and then stay', () => {
    fires('a')
    fires('b')
    resolves()
    for (const id of [1, 2]) resolveAlert(state, id, 'Ann', NOW + 1)
    state.prepare('delete from recipients where alert_id = 2').run()
    route('r', { channels: ['discord:1'] })
    state.prepare('update alerts set routed_version = 0, undelivered = 1').run()
    resolves()
    expect([ids(1), ids(2)]).toEqual([['discord:1', 'slack:1'], ['discord:1']])
  })

  it('are found for a hundred alerts at a time', () => {
    for (let i = 0; i < 101; i++) storeAlert(state, { undelivered: true })
    expect([resolves(), resolves()]).toEqual([true, false])
    expect(state.prepare<[], { n: number }>('select count(distinct alert_id) as n from recipients').get()!.n).toBe(101)
  })

  it('of a check are the channels that were chosen for it, while one of them is in use', () => {
    const check = addCheck(
      state,
      { projectId: 1, name: 'job', timeZone: 'UTC', grace: 1, every: HOUR, severity: 'info' },
      NOW,
    )
    const chosen = (list: string[] | null) => saveDetails(state, { ...readDetails(state, check), channels: list })
    const about = (key: string) => {
      const { id } = fires(key)
      resolves()
      const found = listRecipients(state, id)
      resolveAlert(state, id, 'Ann', NOW)
      return found.map(({ channelId, why }) => `${channelId} ${why}`)
    }
    route('r', { channels: ['discord:1'] })
    savePersonChannel(state, 'mailto:ann', 'Ann', NOW)
    chosen(['slack:1', 'mailto:ann'])
    expect([about('check:1'), about('check:1:certificate'), about('x')]).toEqual([
      ['slack:1 chosen for this check'],
      ['slack:1 chosen for this check'],
      ['discord:1 route r'],
    ])
    chosen(['*'])
    expect(about('check:1')).toEqual(['discord:1 chosen for this check', 'slack:1 chosen for this check'])
    chosen(['gone'])
    expect(about('check:1')).toEqual(['discord:1 route r'])
    chosen(null)
    expect(about('check:1')).toEqual(['discord:1 route r'])
  })
})

describe('escalations', () => {
  const timers = () => state.db.select().from(alertEscalations).all()
  const due = (at: number, limit = 9) => escalateDue(state, at, limit, () => [])
  beforeEach(() => void route('first', { channels: ['discord:1'] }))

  it('are listed the soonest first, each with a name of its own', () => {
    expect(reroutes(() => escalation('late', { afterMs: 2 * HOUR }))).toBe(true)
    escalation('soon')
    expect(listEscalations(state).map(({ name }) => name)).toEqual(['soon', 'late'])
    expect(() => escalation('soon')).toThrow(
      expect.objectContaining({ code: 'conflict', fields: { name: 'is taken' } }),
    )
    expect(() => findEscalation(state, 'x')).toThrow(expect.objectContaining({ code: 'not_found' }))
    expect(removeEscalation(state, 'soon').name).toBe('soon')
    expect(listEscalations(state)).toHaveLength(1)
  })

  it('wait while a flapping alert is clear for now', () => {
    setThresholds(state, null, { flapChanges: 3, flapStableFor: 2 * HOUR })
    escalation('lead')
    for (const [at, isOver] of [false, true, false, true].entries()) {
      if (isOver) endAlert(state, 'a', null, NOW + at * MINUTE)
      else fires('a', {}, NOW + at * MINUTE)
      resolves(NOW + at * MINUTE)
    }
    expect(readAlert(state, 1)).toMatchObject({ state: 'firing', stableAt: NOW + 3 * MINUTE + 2 * HOUR })
    expect([nextEscalation(state), timers()]).toMatchObject([null, [{ remainingMs: HOUR - MINUTE, dueAt: null }]])
    fires('a', {}, NOW + 2 * HOUR)
    resolves(NOW + 2 * HOUR)
    expect(nextEscalation(state)).toBe(NOW + 2 * HOUR + HOUR - MINUTE)
  })

  it('mention people and add channels when nobody acknowledged in time, as often as they repeat', () => {
    escalation('lead', { matcher: 'a', repeat: 1 })
    fires('a')
    fires('b')
    resolves()
    expect(timers()).toMatchObject([{ alertId: 1, dueAt: NOW + HOUR, count: 0 }])
    expect(nextEscalation(state)).toBe(NOW + HOUR)
    due(NOW + HOUR - 1)
    expect(readAlert(state, 1)!.mentionCount).toBe(0)
    due(NOW + HOUR)
    expect(readAlert(state, 1)).toMatchObject({ mentionCount: 1, mentionReason: 'escalated' })
    expect(listRecipients(state, 1).map(({ channelId, why, isEscalation }) => [channelId, why, isEscalation])).toEqual([
      ['discord:1', 'route first', false],
      ['slack:1', 'escalation lead', true],
    ])
    expect(listPendingEscalations(state, 1)).toMatchObject([{ name: 'lead', dueAt: NOW + 2 * HOUR }])
    // Also the last escalation that is left waits while somebody is on it.
    acknowledgeAlert(state, 1, 'Ann', null, NOW + HOUR + MINUTE, null)
    resolves(NOW + HOUR + MINUTE)
    expect(timers()).toMatchObject([{ count: 1, dueAt: null, remainingMs: 59 * MINUTE }])
    unacknowledgeAlert(state, 1, 'Ann', NOW + HOUR + MINUTE)
    resolves(NOW + HOUR + MINUTE)
    expect(nextEscalation(state)).toBe(NOW + 2 * HOUR)
    due(NOW + 2 * HOUR)
    expect([timers()[0], listPendingEscalations(state, 1), nextEscalation(state)]).toEqual([
      expect.objectContaining({ count: 2, dueAt: null }),
      [],
      null,
    ])
    resolves(NOW + 3 * HOUR)
    expect(timers()[0]!.dueAt).toBeNull()
  })

  it('stand still while somebody is on it, and are gone when it is resolved', () => {
    escalation('lead')
    fires('a')
    resolves()
    acknowledgeAlert(state, 1, 'Ann', null, NOW + MINUTE, NOW + HOUR)
    resolves(NOW + MINUTE)
    expect(timers()).toMatchObject([{ dueAt: null, remainingMs: 59 * MINUTE }])
    expect(listPendingEscalations(state, 1)).toMatchObject([{ dueAt: null, remainingMs: 59 * MINUTE }])
    state.prepare(`update alert_escalations set due_at = ?`).run(NOW + MINUTE)
    due(NOW + MINUTE)
    expect([timers()[0]!.dueAt, readAlert(state, 1)!.mentionCount]).toEqual([null, 0])
    resolveAlert(state, 1, 'Ann', NOW + 2 * MINUTE)
    resolves(NOW + 2 * MINUTE)
    expect(timers()).toEqual([])
  })

  it('that are edited keep the time that has passed, and drop alerts that they are not for any more', () => {
    escalation('lead')
    fires('a')
    fires('b')
    resolves()
    expect(reroutes(() => editEscalation(state, 'lead', { afterMs: 2 * HOUR, repeat: 3 }, NOW + MINUTE))).toBe(true)
    expect(timers().map(({ dueAt }) => dueAt)).toEqual([NOW + 2 * HOUR, NOW + 2 * HOUR])
    expect(editEscalation(state, 'lead', { matcher: 'b project:default' }, NOW + MINUTE)).toMatchObject({
      repeat: 3,
      matcher: 'b project:default',
    })
    expect(timers().map(({ alertId }) => alertId)).toEqual([2])
    expect(() => editEscalation(state, 'x', {}, NOW)).toThrow('There is no escalation "x"')
  })

  it('are done as many at once as are asked for', () => {
    escalation('lead')
    for (const key of ['a', 'b', 'c']) fires(key)
    resolves()
    due(NOW + HOUR, 2)
    expect([1, 2, 3].map(id => readAlert(state, id)!.mentionCount).toSorted()).toEqual([0, 1, 1])
  })

  it('name a channel, a person where the alert is, in direct channels too, or who is on call', () => {
    fires('a')
    resolves()
    savePerson(state, { name: 'Ann', accounts: {} })
    savePerson(state, { name: 'Ben', accounts: {} })
    const row = { every: 'weekly' as const, day: 1, minute: 540, timeZone: 'UTC' }
    const targets = (...to: string[]) =>
      resolveTargets(state, 1, to, NOW, ({ name }) => (name === 'Ben' ? ['mailto:ben'] : []))
    expect(targets('slack:1', 'person:ann')).toEqual({
      targets: [
        { channelId: 'slack:1', mention: [] },
        { channelId: 'discord:1', mention: ['person:Ann'] },
      ],
      names: ['Slack #ops', 'Ann'],
    })
    expect(targets('oncall', 'person:gone')).toEqual({
      targets: [],
      names: ['oncall (deleted)', 'person:gone (deleted)'],
    })
    addRotation(state, { ...row, name: 'b', members: ['Ben'] }, NOW)
    expect(targets('oncall').names).toEqual(['Ben'])
    addRotation(state, { ...row, name: 'a', members: ['Ann'] }, NOW)
    expect(targets('oncall').names).toEqual(['Ben'])
    expect(targets('oncall:a').names).toEqual(['Ann'])
    expect(targets('oncall:b')).toEqual({
      targets: ['discord:1', 'mailto:ben'].map(channelId => ({ channelId, mention: ['person:Ben'] })),
      names: ['Ben'],
    })
    expect(listChannels(state).find(({ id }) => id === 'mailto:ben')).toMatchObject({ origin: 'person', name: 'Ben' })
    expect(targets('oncall:x').names).toEqual(['oncall:x (deleted)'])
  })
})

it('nothing more goes to the own channels of a person who is removed, or to those of a former account', () => {
  savePerson(state, { name: 'Ann', accounts: {} })
  savePerson(state, { name: 'Ben', accounts: {} })
  for (const id of ['mailto:ann', 'telegram:7']) savePersonChannel(state, id, 'Ann', NOW)
  savePersonChannel(state, 'mailto:ben', 'Ben', NOW)
  addChannel(state, { id: 'webhook:ann', name: 'Ann-hook' }, NOW)
  const people = () => listChannels(state).flatMap(({ id, origin }) => (origin === 'settings' ? [] : [id]))
  removePersonChannels(state, 'Ann', NOW, ['telegram:7', 'mailto:ben', 'webhook:ann'])
  expect(people()).toEqual(['mailto:ann', 'mailto:ben', 'webhook:ann'])
  removePerson(state, 'ann', NOW)
  expect(people()).toEqual(['mailto:ben', 'webhook:ann'])
  syncChannels(state, [], NOW + 1, () => true)
  expect(people()).toEqual(['mailto:ben', 'webhook:ann'])
})

describe('rotations', () => {
  it('the first of several is not removed while something names just oncall, which means it', () => {
    const [first, second] = [rotation('z'), rotation('a')]
    escalation('e', { to: ['oncall'] })
    expect(() => removeRotation(state, first)).toThrow('The rotation z is used by escalation e.')
    removeRotation(state, second)
    expect(() => removeRotation(state, first)).toThrow('The rotation z is used by escalation e.')
  })

  const rotation = (name: string, members = ['Ann', 'Ben']) =>
    addRotation(state, { name, members, every: 'weekly', day: 1, minute: 0, timeZone: 'UTC' }, NOW)
  it('are found by name, or without one when there is only one', () => {
    expect(() => findRotation(state, undefined)).toThrow('There is no rotation yet.')
    expect(() => findRotation(state, 'x')).toThrow('There is no rotation "x".')
    rotation('b')
    expect([findRotation(state, undefined).name, findRotation(state, 'b').name]).toEqual(['b', 'b'])
    expect(() => findRotation(state, 'x')).toThrow(expect.objectContaining({ code: 'not_found' }))
    rotation('a')
    expect(() => findRotation(state, undefined)).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining('a, b') }),
    )
    expect(() => rotation('a')).toThrow(expect.objectContaining({ code: 'conflict' }))
    expect([
      onCallNow(state, undefined, NOW)?.who,
      onCallNow(state, 'b', NOW + 7 * DAY)?.who,
      onCallNow(state, 'x', NOW),
    ]).toEqual(['Ann', 'Ben', null])
    expect(listRotations(state).map(({ name }) => name)).toEqual(['a', 'b'])
    const edited = editRotation(state, findRotation(state, 'a'), { members: ['Cy', 'Ann'] }, NOW)
    expect([edited.members, onCallNow(state, 'a', NOW)?.who]).toEqual([['Cy', 'Ann'], 'Ann'])
  })

  it('have overrides for a while, each once, which are listed until they end', () => {
    const own = rotation('a')
    const other = rotation('b')
    const override = (from: number, until: number, more = {}) =>
      addOverride(state, { rotationId: own.id, who: 'Cy', from: NOW + from, until: NOW + until, setBy: 'Ann', ...more })
    override(2 * HOUR, 3 * HOUR)
    override(0, HOUR)
    override(0, HOUR, { rotationId: other.id })
    expect(() => override(0, HOUR, { setBy: 'Ben' })).toThrow(expect.objectContaining({ code: 'conflict' }))
    const open = (at: number) => listOverrides(state, own, NOW + at).map(({ id }) => id)
    expect([open(0), open(HOUR - 1), open(HOUR)]).toEqual([[2, 1], [2, 1], [1]])
    expect([onCallNow(state, 'a', NOW)?.who, onCallNow(state, 'a', NOW + HOUR)?.who]).toEqual(['Cy', 'Ann'])
    expect(() => removeOverride(state, own, 3)).toThrow('The rotation a has no override 3.')
    removeOverride(state, own, 2)
    expect(open(0)).toEqual([1])
    pruneOverrides(state, NOW + 3 * HOUR + 35 * DAY)
    expect(listOverrides(state, own, 0)).toHaveLength(1)
    pruneOverrides(state, NOW + 3 * HOUR + 35 * DAY + 1)
    expect(listOverrides(state, own, 0)).toEqual([])
  })

  it('and people are not removed while something names them', () => {
    const [a, b] = [rotation('a'), rotation('b', ['Cy'])]
    for (const name of ['Ann', 'Cy', 'Di']) savePerson(state, { name, accounts: {} })
    route('r', { mention: ['oncall:a', 'person:Di'] })
    escalation('e', { to: ['oncall'] })
    const names = (word: string) => referencesTo(state, own => own === word)
    expect([names('oncall'), names('person:Di'), names('discord:1'), names('x')]).toEqual([
      ['escalation e'],
      ['route r'],
      ['route r'],
      [],
    ])
    expect(() => removeRotation(state, a)).toThrow('The rotation a is used by route r, escalation e.')
    removeRotation(state, b)
    expect(() => removePerson(state, 'Ann', NOW)).toThrow('Ann is a member of a.')
    expect(() => removePerson(state, 'di', NOW)).toThrow('Di is used by route r.')
    removeRoute(state, 'r')
    expect(() => removeRotation(state, a)).toThrow('The rotation a is used by escalation e.')
    addOverride(state, { rotationId: a.id, who: 'Cy', from: NOW, until: NOW + HOUR, setBy: 'Ann' })
    expect(onCallNow(state, 'a', NOW)?.who).toBe('Cy')
    removePerson(state, 'cy', NOW)
    expect(onCallNow(state, 'a', NOW)?.who).toBe('Ann')
    expect(() => findPerson(state, 'Cy')).toThrow('There is Ann, Di.')
    expect(() => findPerson(memoryState(), 'Cy')).toThrow('There is no person "Cy". "oncall member add')
  })
})

describe('a mention', () => {
  const platform = { name: 'chat', mentions: [{ kind: 'user', typed: /^<@(\d+)>$/, id: /^\d+$/ }] } as never
  it.each([
    ['@here', 'here'],
    ['OnCall', 'oncall'],
    ['@oncall:a-b', 'oncall:a-b'],
    ['oncall:', null],
    ['<@12>', 'chat-user:12'],
    [' chat-user:12 ', 'chat-user:12'],
    ['chat-user:x', null],
    ['other-user:12', null],
  ])('written as %j is stored as %s', (text, word) => {
    expect(readMention(text, [platform])).toBe(word)
    expect(readMention('<@12>', [{ name: 'none' } as never])).toBeNull()
  })

  it('is one of the platform of the channel, once', () => {
    const lookup = {
      person: (name: string) => ({ name, accounts: { chat: `id of ${name}` } }),
      onCall: (name?: string) => (name === 'x' ? null : 'Ann'),
    }
    const mentions = (id: string, can: boolean, ...words: string[]) =>
      mentionsIn({ id, capabilities: { mentions: can } as never }, words, lookup).map(
        ({ kind, id: account, name }) => `${kind} ${account} ${name}`,
      )
    expect(
      mentions(
        'chat:1',
        true,
        'here',
        'oncall',
        'person:Ann',
        'chat-role:7',
        'chat-user:8',
        'other-role:9',
        'oncall:x',
      ),
    ).toEqual([...['here null here', 'person id of Ann Ann', 'group 7 7', 'person 8 8']])
    expect(mentions('chat:1', false, 'person:Ann')).toEqual(['person null Ann'])
    expect(mentions('other:1', true, 'person:Ann', 'other-group:1')).toEqual(['person null Ann', 'group 1 1'])
    expect([mentionName('person:Ann'), mentionName('here')]).toEqual(['Ann', 'here'])
  })
})

it('a clock that goes back keeps what waits as far away as it was', () => {
  escalation('lead')
  for (const key of ['a', 'b', 'c', 'd']) fires(key)
  resolves()
  const stored = (alertId: number, more: object) =>
    state.db
      .insert(notifications)
      .values({ alertId, channelId: 'slack:1', ...more })
      .run()
  stored(1, { nextAttemptAt: NOW + HOUR, sentAt: NOW })
  stored(2, { sentAt: NOW + 1 })
  stored(3, {})
  state.prepare('update channels set added_at = ? where id = ?').run(NOW + 5, 'slack:1')
  rewindNotifications(state, NOW, MINUTE)
  const rows = state.db.select().from(notifications).all()
  expect(rows.map(({ nextAttemptAt, sentAt }) => [nextAttemptAt, sentAt])).toEqual([
    [NOW + HOUR - MINUTE, NOW],
    [null, NOW + 1 - MINUTE],
    [null, null],
  ])
  expect(nextEscalation(state)).toBe(NOW + HOUR - MINUTE)
  expect(listChannels(state).map(({ addedAt }) => addedAt)).toEqual([NOW, NOW])
  expect(state.db.select().from(recipients).all().length).toBeGreaterThan(0)
})
