// Groups of alerts in the table: how a group forms, what it has in common with its members, and what becomes of it as they change.
import { beforeEach, describe, expect, it } from 'vitest'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { channels, recipients, routes } from '../../state/schema/index.ts'
import { aFinding, storeAlert } from '../../testing/alerts.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import type { Alert } from '../alert.ts'
import { listAlerts, listHistory, readAlert, readOpenAlert } from '../alerts.ts'
import { acknowledgeAlert, endAlert, fireAlert, resolveAlert, snoozeAlert, wakeAlerts } from '../lifecycle.ts'
import { isReevaluated, nextForReevaluation } from '../suppression/reevaluation.ts'
import { setThresholds } from '../suppression/settings.ts'
import { addSilence } from '../suppression/silences.ts'
import { sweepSuppressions } from '../suppression/sweep.ts'
import { commonLabels, distinguishingLabels, groupTitle, type Member, memberState, memberTable } from './group.ts'
import { type GroupMembers, groupLines, groupTable } from './group-card.ts'
import { groupKeyOf } from './group-keys.ts'
import { countMembers, listMatchables, listMembers, readGroupMembers, readGroupSuppression } from './groups.ts'

const NOW = 1_000 * DAY
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
  setThresholds(state, null, { flapChanges: 0, stormRate: 0 })
})
const fires = (key: string, at = NOW, more = {}) =>
  fireAlert(state, aFinding(key, at, { projectId: 1, groupKey: 'g', severity: 'warning', ...more }), at)
const ends = (key: string, at = NOW, by: string | null = null) => endAlert(state, key, by, at)
const group = () => listAlerts(state, { limit: -1 }).find(({ detector }) => detector === 'group')!
const member = (key: string) => readOpenAlert(state, key) ?? listAlerts(state, { key, limit: 1 })[0]!
const kinds = () => listHistory(state, group().id).map(({ kind }) => kind)

describe('a group', () => {
  it('takes over the card of the first alert of its key, which stays an alert with what it has of its own', () => {
    const observation = { lines: ['full'], chart: { name: 'x', unit: '', points: [] }, evidence: [] }
    const first = {
      observation,
      labels: { host: 'a', role: 'x' },
      remindEvery: HOUR,
      owner: 'Ann',
      checkId: 5,
      hostId: 6,
    }
    const { id } = fires('a', NOW, first)
    snoozeAlert(state, id, NOW + HOUR, 'Bo', 'later', NOW)
    nextForReevaluation(state, 99)
    fires('b', NOW + MINUTE, { observation: { lines: ['full'] }, owner: 'Ann', labels: { host: 'a' } })
    expect(isReevaluated(state)).toBe(false)
    expect(group()).toMatchObject({
      ...{ id, detector: 'group', checkId: null, hostId: null, role: null, labels: { host: 'a' }, owner: 'Ann' },
      ...{ observation: { lines: ['full'] }, since: NOW, count: 2 },
    })
    expect(group().observation).not.toHaveProperty('chart')
    expect(member('a')).toMatchObject({
      ...{
        groupId: id,
        suppression: 'group',
        suppressorId: id,
        labels: first.labels,
        checkId: 5,
        observation,
        firedAt: NOW,
      },
      ...{
        snoozedUntil: null,
        wakeAt: null,
        note: null,
        version: 1,
        mentionCount: 0,
        state: 'firing',
        undelivered: true,
      },
    })
    expect(listHistory(state, member('a').id)).toMatchObject([{ kind: 'fired', what: 'fired: a', at: NOW }])
    expect(member('b')).toMatchObject({ groupId: id, suppression: 'group', wakeAt: null })
  })

  it('is of one project and one key, and forms again after it ended', () => {
    fires('a')
    expect(fires('b', NOW, { projectId: 2 }).groupId).toBeNull()
    expect(fires('c', NOW, { projectId: null }).groupId).toBeNull()
    expect(fires('d', NOW, { groupKey: 'h' }).groupId).toBeNull()
    expect(fires('e', NOW, { groupKey: null }).groupId).toBeNull()
    const { groupId } = fires('f')
    expect(fires('g').groupId).toBe(groupId)
    for (const key of ['a', 'f', 'g']) ends(key, NOW + 1)
    expect(readAlert(state, groupId!)!.state).toBe('resolved')
    expect(fires('a', NOW + 2).groupId).toBeNull()
    expect(fires('f', NOW + 2).groupId).not.toBe(groupId)
    // The same key in no project is a group of its own.
    expect(fires('x', NOW, { projectId: null }).groupId).toBe(member('c').groupId)
  })

  it('has only what all of its members have in common', () => {
    const fields = (value: string) => ({
      lines: ['full', value],
      fields: [
        { name: 'disk', value },
        { name: 'f', value: 'x' },
      ],
    })
    fires('a', NOW, { owner: 'Ann', labels: { host: 'a', zone: 'eu', depends_on: 'x' }, observation: fields('1') })
    fires('b', NOW - MINUTE, {
      owner: 'Bo',
      labels: { host: 'b', zone: 'eu', depends_on: 'x' },
      observation: fields('2'),
    })
    expect(group()).toMatchObject({ owner: null, labels: { zone: 'eu' }, since: NOW - MINUTE })
    expect(group().labels).toEqual({ zone: 'eu' })
    expect(group().observation).toEqual({ lines: ['full'], fields: [{ name: 'f', value: 'x' }] })
    fires('c', NOW, { observation: { lines: [] } })
    expect(group().observation).toEqual({ lines: [] })
    expect([group().routedVersion, group().undelivered]).toEqual([0, true])
  })

  it('is as severe as the worst open member, which is a mention once, and shows the rest within ten seconds', () => {
    fires('a', NOW, { severity: 'info' })
    fires('b', NOW + SECOND, { severity: 'info' })
    expect(group()).toMatchObject({ version: 2, severity: 'info', mentionCount: 0, title: 'a and others: 2 alerts' })
    const { version } = group()
    fires('c', NOW + 2 * SECOND, { severity: 'info' })
    expect(group()).toMatchObject({ version, count: 3, cardUpdateAt: NOW + 11 * SECOND })
    fires('d', NOW + 3 * SECOND, { severity: 'critical' })
    expect(group()).toMatchObject({
      version: version + 1,
      severity: 'critical',
      mentionCount: 1,
      mentionReason: 'worse',
    })
    ends('d', NOW + 4 * SECOND)
    expect(group()).toMatchObject({ version: version + 1, severity: 'info', cardUpdateAt: NOW + 13 * SECOND })
    fires('e', NOW + 5 * SECOND, { severity: 'warning' })
    expect(group()).toMatchObject({ severity: 'warning', mentionCount: 1 })
    fires('f', NOW + 14.9 * SECOND, { severity: 'info' })
    expect(group()).toMatchObject({ version: version + 2 })
    fires('g', NOW + 15 * SECOND, { severity: 'info' })
    expect(group()).toMatchObject({ version: version + 3, cardUpdateAt: null })
    // The clock went back.
    fires('h', NOW, { severity: 'info' })
    expect(group()).toMatchObject({ version: version + 4, seenAt: NOW })
  })

  it('follows a member that becomes more severe', () => {
    for (const key of ['a', 'b']) fires(key)
    fires('a', NOW + SECOND, { severity: 'critical' })
    expect(group()).toMatchObject({ severity: 'critical', mentionReason: 'worse' })
    const before = group()
    fires('b', NOW + 2 * SECOND)
    expect(group()).toEqual(before)
  })

  it('ends with its last member, by whoever ended that', () => {
    for (const key of ['a', 'b']) fires(key)
    ends('b', NOW + MINUTE, 'Ann')
    expect(group()).toMatchObject({ state: 'firing', title: 'a and others: 1 of 2 alerts' })
    ends('a', NOW + HOUR)
    expect(group()).toMatchObject({
      state: 'resolved',
      resolvedBy: null,
      resolvedAt: NOW + HOUR,
      title: 'a and others: 2 alerts',
    })
    expect(
      listHistory(state, group().id)
        .map(({ what, by }) => `${what} ${by}`)
        .slice(-3),
    ).toEqual(['resolved: b (alert 3) Ann', 'resolved automatically: a (alert 2) null', 'resolved automatically null'])
  })

  it('whose remaining members are acknowledged is acknowledged, by the last who did', () => {
    for (const key of ['a', 'b', 'c']) fires(key)
    const set = (key: string, at: number, by: string) =>
      state
        .prepare(
          `update alerts set state = 'acknowledged', acknowledged_at = ?, acknowledged_by = ?, acknowledged_until = ? where key = ?`,
        )
        .run(at, by, at + HOUR, key)
    set('a', NOW + 2, 'Ann')
    set('b', NOW + 1, 'Bo')
    ends('c', NOW + MINUTE)
    expect(group()).toMatchObject({
      ...{ state: 'acknowledged', acknowledgedAt: NOW + 2, acknowledgedBy: 'Ann', acknowledgedUntil: NOW + 2 + HOUR },
      ...{ wakeAt: NOW + 2 + HOUR, count: 3, title: 'a and others: 2 of 3 alerts', seenAt: NOW + MINUTE },
    })
    expect(kinds().at(-1)).toBe('acknowledged')
  })

  it.each<[string, () => void, string[], Partial<Alert>]>([
    [
      'acknowledged',
      () => acknowledgeAlert(state, 1, 'Ann', null, NOW),
      ['acknowledged', 'joined'],
      { mentionReason: 'joined' },
    ],
    [
      'snoozed',
      () => snoozeAlert(state, 1, NOW + HOUR, 'Ann', null, NOW),
      ['snoozed', 'joined'],
      { mentionReason: 'joined', snoozedUntil: null, snoozedBy: null },
    ],
    ['firing', () => {}, ['joined'], { mentionReason: null }],
  ])('that is %s tells people of a new member where it must', (_, before, lines, after) => {
    fires('a', NOW, { remindEvery: HOUR })
    fires('b')
    before()
    fires('c', NOW + MINUTE)
    expect(kinds().slice(3)).toEqual(lines)
    expect(group()).toMatchObject({ state: 'firing', acknowledgedBy: null, count: 3, ...after })
    if (after.mentionReason === 'joined')
      expect(group()).toMatchObject({ mentionCount: 1, wakeAt: NOW + MINUTE + HOUR, seenAt: NOW + MINUTE })
    expect(group().threadLine > 0).toBe(after.mentionReason === 'joined')
  })

  it('that is acknowledged stays so when the new member is silenced, until the silence ends', () => {
    for (const key of ['a', 'b']) fires(key)
    acknowledgeAlert(state, 1, 'Ann', null, NOW)
    addSilence(state, { projectId: null, matcher: 'c', reason: null, by: 'Ann', endsAt: NOW + HOUR }, NOW)
    fires('c', NOW + MINUTE)
    expect(member('c').suppression).toBe('silence')
    expect(group()).toMatchObject({ state: 'acknowledged', mentionCount: 0, count: 3 })
    sweepSuppressions(state, NOW + HOUR)
    expect(group()).toMatchObject({ state: 'firing', mentionReason: 'joined', acknowledgedBy: null })
  })

  it('is suppressed when every open member is by something else', () => {
    for (const key of ['a', 'b', 'c']) fires(key)
    ends('c')
    const suppression = () => readGroupSuppression(state, group().id)
    expect([suppression(), group().suppression]).toEqual([null, null])
    const silence = (matcher: string) => {
      addSilence(state, { projectId: null, matcher, reason: null, by: 'Ann', endsAt: NOW + HOUR }, NOW)
      sweepSuppressions(state, NOW + 1)
    }
    silence('a')
    expect([suppression(), group().suppression]).toEqual([null, null])
    silence('b')
    expect(suppression()).toMatchObject({ kind: 'group', id: null })
    expect(group()).toMatchObject({
      suppression: 'group',
      suppressorId: null,
      suppressionReason: expect.stringMatching(/^silence/),
    })
    sweepSuppressions(state, NOW + HOUR)
    expect(group().suppression).toBeNull()
    resolveAlert(state, group().id, 'Ann', NOW + HOUR)
    expect(suppression()).toBeNull()
  })

  it('that a storm holds is held as a whole, and its members by it', () => {
    storeAlert(state, { key: 'storm:1', detector: 'storm', projectId: 1, stableAt: NOW + HOUR })
    setThresholds(state, null, { stormRate: 5 })
    expect(fires('a')).toMatchObject({ suppression: 'storm' })
    const { groupId } = fires('b')
    expect(readAlert(state, groupId!)).toMatchObject({ suppression: 'storm', suppressorId: 1 })
    expect([member('a'), member('b')]).toMatchObject([
      { suppression: 'group', suppressorId: groupId },
      { suppression: 'group', suppressorId: groupId },
    ])
  })

  it('has its recipients found again with each new member', () => {
    for (const key of ['a', 'b']) fires(key)
    state.prepare('update alerts set routed_version = 1, undelivered = 0').run()
    fires('c', NOW + SECOND)
    expect(group()).toMatchObject({ routedVersion: 0, undelivered: true })
  })

  it('that is resolved with a card that is due shows what it was', () => {
    for (const key of ['a', 'b']) fires(key)
    fires('c', NOW + SECOND)
    expect(group().cardUpdateAt).not.toBeNull()
    for (const key of ['a', 'b', 'c']) ends(key, NOW + 2 * SECOND)
    const { version, title } = group()
    state.prepare(`update alerts set card_update_at = 5 where detector = 'group'`).run()
    wakeAlerts(state, NOW + MINUTE, 9)
    expect(group()).toMatchObject({ state: 'resolved', version: version + 1, title, seenAt: NOW + MINUTE })
  })

  it('that is snoozed tells people of a member that a silence releases, and not of one that is acknowledged', () => {
    for (const key of ['a', 'b', 'c']) fires(key)
    addSilence(state, { projectId: null, matcher: 'c', reason: null, by: 'Ann', endsAt: NOW + HOUR }, NOW)
    sweepSuppressions(state, NOW + 1)
    snoozeAlert(state, 1, NOW + DAY, 'Ann', null, NOW + 2)
    sweepSuppressions(state, NOW + HOUR)
    expect(group()).toMatchObject({ snoozedUntil: null, mentionReason: 'joined', mentionCount: 1 })
    addSilence(state, { projectId: null, matcher: 'b', reason: null, by: 'Ann', endsAt: NOW + 2 * HOUR }, NOW)
    sweepSuppressions(state, NOW + HOUR + 1)
    acknowledgeAlert(state, 1, 'Ann', null, NOW + HOUR + 2)
    sweepSuppressions(state, NOW + 2 * HOUR)
    expect(group()).toMatchObject({ state: 'acknowledged', mentionCount: 1 })
  })

  it('that is snoozed does not mention a worse severity', () => {
    for (const key of ['a', 'b']) fires(key)
    snoozeAlert(state, 1, NOW + DAY, 'Ann', null, NOW + 2)
    fires('a', NOW + MINUTE, { severity: 'critical' })
    expect(group()).toMatchObject({ severity: 'critical', mentionCount: 0, snoozedUntil: NOW + DAY })
  })

  it('fires again with a member that flaps, also after it was resolved', () => {
    setThresholds(state, null, { flapChanges: 2, flapWindow: HOUR, flapStableFor: MINUTE })
    for (const key of ['a', 'b']) fires(key)
    ends('b', NOW + 1, 'Ann')
    ends('a', NOW + SECOND)
    expect(member('a').stableAt).toBe(NOW + SECOND + MINUTE)
    wakeAlerts(state, NOW + SECOND + MINUTE, 9)
    expect(group().state).toBe('resolved')
    const { id } = group()
    const again = fires('a', NOW + 2 * MINUTE, { remindEvery: HOUR })
    expect(again).toMatchObject({ state: 'firing', groupId: id, wakeAt: null, suppression: 'group', suppressorId: id })
    expect(readAlert(state, id)).toMatchObject({
      state: 'firing',
      resolvedAt: null,
      mentionReason: 'fired again',
      count: 2,
    })
  })
})

describe('the members of a group', () => {
  beforeEach(() => {
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) fires(key)
    const set = (key: string, columns: string) => state.prepare(`update alerts set ${columns} where key = ?`).run(key)
    set('b', `severity = 'critical'`)
    set('c', `suppression = 'silence', severity = 'critical'`)
    set('d', `state = 'resolved', resolved_at = 5`)
    set('e', `state = 'resolved', resolved_at = 9, severity = 'critical'`)
    set('f', `state = 'acknowledged'`)
  })
  const keys = (alerts: readonly Alert[]) => alerts.map(({ key }) => key).join('')

  it('are in the order of their need: firing and worst, then what is suppressed otherwise, then resolved', () => {
    expect(keys(listMembers(state, group().id, 99))).toBe('bafced')
    expect(keys(listMembers(state, group().id, 2))).toBe('ba')
    expect(keys(listMatchables(state, group()))).toBe('bafced')
    expect(listMatchables(state, member('a'))).toEqual([member('a')])
    expect(countMembers(state, group().id)).toEqual({
      total: 6,
      open: 4,
      active: 2,
      acknowledged: 1,
      severity: 'critical',
    })
    expect(countMembers(state, 99)).toEqual({ total: 0, open: 0, active: 0, acknowledged: 0, severity: 'info' })
  })

  it('count once although an alert fired again as another row', () => {
    storeAlert(state, { key: 'd', groupId: group().id, state: 'firing', projectId: 1 })
    expect(countMembers(state, group().id)).toMatchObject({ total: 6, open: 5 })
    expect(keys(listMembers(state, group().id, 99)).match(/d/g)).toHaveLength(1)
  })

  it('are shown in the channels that they go to, or in all without any', () => {
    for (const id of ['one', 'two']) state.db.insert(channels).values({ id, name: id, addedAt: 0 }).run()
    const goes = (key: string, channelId: string) =>
      state.db
        .insert(recipients)
        .values({ alertId: member(key).id, channelId, since: 0, why: 'x' })
        .run()
    goes('a', 'one')
    goes('b', 'two')
    goes('c', 'two')
    goes('c', 'one')
    const shown = readGroupMembers(state, group(), 99, 'one')!
    expect([keys(shown.shown), shown.elsewhere, shown.all.length, shown.counts.total]).toEqual(['afced', 1, 6, 6])
    expect(readGroupMembers(state, group(), 99)).toMatchObject({ elsewhere: 0, shown: { length: 6 } })
    expect(readGroupMembers(state, member('a'), 99)).toBeNull()
  })
})

it('a large group counts its members only when its card is due, and writes no line for each', () => {
  const hasMembers = (count: number) =>
    state.prepare(`update alerts set count = ?, seen_at = 0, card_update_at = null where detector = 'group'`).run(count)
  for (const key of ['a', 'b']) fires(key)
  const lines = kinds().length
  hasMembers(199)
  fires('c', NOW + MINUTE)
  expect([kinds().length, group().count, group().cardUpdateAt]).toEqual([lines + 1, 3, null])
  hasMembers(200)
  fires('d', NOW + MINUTE)
  expect([kinds().length, group().count, group().cardUpdateAt]).toEqual([lines + 1, 201, NOW + MINUTE])
  ends('d', NOW + 2 * MINUTE)
  expect([kinds().length, group().count]).toEqual([lines + 1, 201])
  hasMembers(200)
  ends('c', NOW + 2 * MINUTE)
  expect([kinds().length, group().count, group().cardUpdateAt]).toEqual([lines + 2, 4, null])
  fires('e', NOW + 2 * MINUTE, { severity: 'critical' })
  expect(group()).toMatchObject({ severity: 'critical', count: 5 })
  const before = kinds().length
  hasMembers(201)
  for (const key of ['a', 'b']) ends(key, NOW + 3 * MINUTE)
  expect([kinds().length, group().state, group().cardUpdateAt]).toEqual([before, 'firing', NOW + 3 * MINUTE])
  ends('e', NOW + 4 * MINUTE)
  expect(group().state).toBe('resolved')
})

describe('the group key of a finding', () => {
  const finding = (more = {}) => aFinding('a', NOW, { projectId: 1, groupKey: 'own', labels: { rack: 'r1' }, ...more })
  const key = (more = {}) => groupKeyOf(state, finding(more))
  const route = (position: number, more: Partial<typeof routes.$inferInsert>) => {
    state.db.insert(channels).values({ id: 'one', name: 'one', addedAt: 0 }).onConflictDoNothing().run()
    const row = {
      name: `r${position}`,
      position,
      matcher: '',
      channels: ['one'],
      setBy: 'Ann',
      createdAt: 0,
      id: position,
    }
    state.db
      .insert(routes)
      .values({ ...row, ...more })
      .run()
  }

  it('is its own, if it has any, but not of what is about Vakt', () => {
    expect([key(), key({ groupKey: null }), key({ groupKey: undefined }), key({ detector: 'storage' })]).toEqual([
      ...['own', null, null, null],
    ])
  })

  it('is that of its rule, by the values of labels', () => {
    const insert = `insert into rules (name, kind, settings, group_by, severity, enabled, created_at) values (?, 'x', '{}', ?, 'info', 1, 0)`
    expect(insert).toContain('group_by')
    const columns = state
      .prepare<[], { name: string; type: string; required: number; standard: string | null }>(
        `select name, type, "notnull" as required, dflt_value as standard from pragma_table_info('rules')`,
      )
      .all()
    const values: Record<string, unknown> = { name: 'disks', group_by: '["rack","x"]' }
    const needed = columns.filter(
      ({ name, required, standard }) => name in values || (required === 1 && standard === null && name !== 'id'),
    )
    const row = needed.map(({ name, type }) => values[name] ?? (type.toLowerCase() === 'text' ? 'x' : 0))
    state
      .prepare(`insert into rules (${needed.map(({ name }) => `"${name}"`)}) values (${needed.map(() => '?')})`)
      .run(...row)
    expect(key({ labels: { rule: 'disks', rack: 'r1' } })).toBe('rule:1:["r1",""]')
    expect(key({ labels: { rule: 'other', rack: 'r1' } })).toBe('own')
    state.prepare('update rules set group_by = null').run()
    expect(key({ labels: { rule: 'disks' } })).toBe('own')
  })

  it('is that of the first route that takes it and groups, or none where that keeps alerts apart', () => {
    route(1, { matcher: 'project:shop', ungrouped: true })
    expect(key()).toBe('own')
    expect(key({ projectId: 2 })).toBeNull()
    route(4, { groupBy: ['rack'] })
    expect(key()).toBe('route:4:["r1"]')
    route(3, { groupBy: [] })
    expect(key()).toBe('route:3:[]')
    route(2, {})
    expect(key()).toBe('own')
    state.prepare('update routes set goes_on = 1 where position = 2').run()
    expect(key()).toBe('route:3:[]')
  })

  it('is not that of a route without a channel that is left', () => {
    route(1, { groupBy: ['rack'], channels: ['gone'] })
    route(2, { groupBy: [] })
    expect(key()).toBe('route:2:[]')
    state.prepare('update channels set removed_at = 1').run()
    expect(key()).toBe('own')
  })
})

describe('what tells members apart', () => {
  const a = (labels: Alert['labels'], more: Partial<Member> = {}): Member => ({
    ...{ id: 1, title: 't', labels, severity: 'info', state: 'firing', suppression: 'group', suppressionReason: null },
    ...{ since: 0, resolvedAt: null, ...more },
  })

  it.each<[string, Alert['labels'][], string[]]>([
    [
      'what differs',
      [
        { host: 'a', zone: 'x' },
        { host: 'b', zone: 'x' },
      ],
      ['host'],
    ],
    [
      'what differs most',
      [
        { x: '1', y: 'a' },
        { x: '1', y: 'b' },
        { x: '2', y: 'c' },
      ],
      ['y'],
    ],
    [
      'the shorter one of two',
      [
        { a: 'h:1', b: 'h' },
        { a: 'i:1', b: 'i' },
      ],
      ['b'],
    ],
    [
      'the first by name of two',
      [
        { b: 'h', a: 'h' },
        { b: 'i', a: 'i' },
      ],
      ['a'],
    ],
    [
      'several where one is not enough',
      [
        { x: '1', y: '1' },
        { x: '1', y: '2' },
        { x: '2', y: '1' },
        { x: '2', y: '2' },
      ],
      ['x', 'y'],
    ],
    [
      'three at most',
      ['0', '1', '2', '3'].flatMap(n => [
        { a: `${+(n === '0')}`, b: `${+(n === '1')}`, c: `${+(n === '2')}`, d: `${+(n === '3')}` },
        { a: '0', b: '0', c: '0', d: '0' },
      ]),
      ['a', 'b', 'c'],
    ],
    ['no label of one alert only', [{ run: '1' }, { run: '2' }], []],
    ['a label that some have not', [{ x: '1' }, {}], ['x']],
  ])('is %s', (_, labels, names) => {
    expect(distinguishingLabels(labels.map(own => ({ labels: own })))).toEqual(names)
  })

  it('is a table of labels, or of titles where labels do not tell them apart', () => {
    const rows = [a({ host: 'a' }), a({ host: 'b' }), a({})]
    expect(memberTable(rows)).toEqual({
      names: ['host', 'state'],
      cells: [
        ['a', 'firing'],
        ['b', 'firing'],
        ['–', 'firing'],
      ],
    })
    const same = [a({}, { title: 'x' }), a({}, { title: 'y' })]
    expect(memberTable(same)).toMatchObject({
      names: ['alert', 'state'],
      cells: [
        ['x', 'firing'],
        ['y', 'firing'],
      ],
    })
    const both = [a({ host: 'a' }, { title: 'x' }), a({ host: 'a' }, { title: 'y' }), a({ host: 'b' }, { title: 'z' })]
    expect(memberTable(both).names).toEqual(['alert', 'state'])
    expect(memberTable(both.map(row => ({ ...row, title: 't' }))).names).toEqual(['host', 'state'])
    expect(memberTable([both[0]!], rows)).toMatchObject({ names: ['host', 'state'] })
  })

  it.each<[Partial<Member>, string]>([
    [{ state: 'resolved', suppression: 'silence' }, 'resolved'],
    [{ state: 'acknowledged', suppression: 'silence' }, 'acknowledged'],
    [{ suppression: 'group' }, 'firing'],
    [{ suppression: null }, 'firing'],
    [{ suppression: 'silence', suppressionReason: 'silence 1 by Ann' }, 'silenced'],
    [{ suppression: 'inhibition', suppressionReason: 'alert 3' }, 'alert 3'],
    [{ suppression: 'quiet-hours' }, 'quiet-hours'],
  ])('%j is %s', (more, word) => {
    expect(memberState(a({}, more))).toBe(word)
  })

  it.each<[string[], number, number, string]>([
    [['disk full'], 3, 3, 'disk full: 3 alerts'],
    [['disk full'], 3, 0, 'disk full: 3 alerts'],
    [['disk full'], 3, 2, 'disk full: 2 of 3 alerts'],
    [['a is full', 'b is full'], 2, 2, '… is full: 2 alerts'],
    [['disk of a is full', 'disk of b is full'], 2, 2, 'disk of … is full: 2 alerts'],
    [['disk of a', 'disk of b'], 2, 2, 'disk of …: 2 alerts'],
    [['The x', 'The y'], 2, 2, 'The x and others: 2 alerts'],
    [['a b a', 'a b'], 2, 2, 'a b …: 2 alerts'],
    [['a b', 'a b c'], 2, 2, 'a b …: 2 alerts'],
    [[], 0, 0, 'alerts: 0 alerts'],
  ])('the title of %j, %i of which %i are open, is %s', (titles, total, open, title) => {
    expect(groupTitle(titles, { total, open, active: 0, acknowledged: 0 })).toBe(title)
  })

  it('labels in common have the same value and concern more than one alert', () => {
    expect(commonLabels({ a: '1', b: '1', run: '1', miss: 'x' }, { a: '1', b: '2', run: '1', miss: 'x' })).toEqual({
      a: '1',
    })
  })

  describe('on its card', () => {
    const counts = (total: number, open: number, acknowledged: number) => ({ total, open, acknowledged, active: 0 })
    const rows = (count: number, more: Partial<Member> = {}) =>
      Array.from({ length: count }, (_, i) => a({ host: `h${i}` }, more)) as Alert[]
    const lines = (members: Partial<GroupMembers>, alertState = 'firing') =>
      groupLines(
        { id: 7, state: alertState } as Alert,
        { shown: [], all: members.shown ?? [], elsewhere: 0, counts: counts(1, 1, 0), ...members } as GroupMembers,
      )

    it.each<[ReturnType<typeof counts>, number, string, string]>([
      [counts(3, 3, 0), 0, 'firing', '3 alerts: 3 firing.'],
      [counts(3, 2, 2), 0, 'firing', '3 alerts: 2 acknowledged, 1 resolved.'],
      [counts(3, 3, 1), 1, 'firing', '3 alerts: 2 firing, 1 acknowledged. 1 of them goes to other channels.'],
      [counts(3, 3, 0), 2, 'firing', '3 alerts: 3 firing. 2 of them go to other channels.'],
      [counts(1, 0, 0), 0, 'resolved', '1 alert: all resolved.'],
    ])('%j, %i of them elsewhere', (own, elsewhere, alertState, text) => {
      expect(lines({ counts: own, elsewhere }, alertState)).toEqual([`This card stands for ${text}`])
    })

    it('a table has up to twelve, more are listed by their state, as many as there is room for', () => {
      const table = (count: number) =>
        groupTable({ shown: rows(count), all: rows(count), elsewhere: 0, counts: counts(count, count, 0) })
      expect([0, 1, 12, 13].map(count => table(count).length)).toEqual([0, 1, 1, 0])
      expect(lines({ shown: rows(12), counts: counts(12, 12, 0) })).toHaveLength(1)
      const mixed = [...rows(12), ...rows(1, { state: 'resolved' })]
      const [, firing, ended] = lines({ shown: mixed, all: rows(13), counts: counts(13, 12, 0) })
      expect(firing).toEqual([{ bold: 'Firing (12)' }, expect.stringMatching(/^: h0, h1, .*h11$/)])
      expect(ended).toEqual([{ bold: 'Resolved (1)' }, ': h0'])
      const [, part, more] = lines({ shown: rows(13), counts: counts(20, 20, 0), elsewhere: 2 })
      expect([part, more]).toEqual([
        [{ bold: 'Firing' }, expect.any(String)],
        '… 5 more: "alerts show 7" has all of them.',
      ])
      // Each takes 100 characters with what separates it.
      const long = Array.from({ length: 30 }, (_, i) => a({ host: `${i}`.padStart(98, 'x') })) as Alert[]
      const said = lines({ shown: long, counts: counts(30, 30, 0) })
      expect(said.at(-1)).toBe('… 10 more: "alerts show 7" has all of them.')
    })
  })
})
