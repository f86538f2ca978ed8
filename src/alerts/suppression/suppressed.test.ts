// What suppresses alerts in the table: root causes, hosts, storms, and the counts and lists of what each of them suppresses.
import { beforeEach, describe, expect, it } from 'vitest'
import { addCheck } from '../../checks/checks.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { alertEscalations, channels, checks, escalations, hosts, notifications } from '../../state/schema/index.ts'
import { aFinding, storeAlert } from '../../testing/alerts.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import type { Alert } from '../alert.ts'
import { listAlerts, listHistory, readAlert, readOpenAlert } from '../alerts.ts'
import { endAlert, fireAlert } from '../lifecycle.ts'
import { groupHosts, sweepHostGroups } from './host-groups.ts'
import { awaitsCauseAfter, awaitsCauseUntil, hasDependents, readRootCause } from './inhibitions.ts'
import { addMaintenance, findMaintenance } from './maintenance-windows.ts'
import { readQuietUntil, setQuietHours } from './quiet-hours.ts'
import { isReevaluated, nextForReevaluation, requestReevaluation } from './reevaluation.ts'
import { setThresholds } from './settings.ts'
import { addSilence, extendSilence, findSilence } from './silences.ts'
import { joinStorm, stormFor, sweepStorms } from './storms.ts'
import {
  countSuppressed,
  listFiringIds,
  listSuppressed,
  listSuppressedSince,
  readSuppressedSummary,
  withInhibitedAlerts,
} from './suppressed-alerts.ts'
import { nextReevaluation, reevaluateSuppressions } from './suppressions.ts'
import { nextSuppressionChange, sweepSuppressions } from './sweep.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
})
const store = (more: Parameters<typeof storeAlert>[1] = {}) => storeAlert(state, { projectId: 1, ...more })
const fires = (key: string, at: number, more = {}) => fireAlert(state, aFinding(key, at, { projectId: 1, ...more }), at)
const ids = (alerts: readonly { id: number }[]) => alerts.map(({ id }) => id)
const hasCheck = (name: string, more: Partial<typeof checks.$inferInsert> = {}) => {
  const draft = { projectId: 1, name, timeZone: 'UTC', grace: MINUTE, severity: 'critical' as const, every: HOUR }
  const { id } = addCheck(state, { ...draft, ...(more as object) }, 0)
  return id
}
/** A chat shows the alert. */
const isShown = (alertId: number) => {
  state.db.insert(channels).values({ id: 'chat', name: 'chat', addedAt: 0 }).onConflictDoNothing().run()
  state.db.insert(notifications).values({ alertId, channelId: 'chat', ref: 'm1' }).run()
}

describe('what something suppresses', () => {
  const by = (suppressorId: number | null, more: Parameters<typeof storeAlert>[1] = {}) =>
    store({ suppression: 'inhibition', suppressorId, ...more })

  it('is counted and listed, the worst first, and only what is open', () => {
    by(7, { severity: 'info' })
    by(7, { severity: 'critical' })
    by(7, { severity: 'critical', state: 'acknowledged' })
    by(7, { state: 'resolved' })
    by(8)
    store({ suppression: 'storm', suppressorId: 7 })
    const suppressor = { kind: 'inhibition', id: 7 } as const
    expect([countSuppressed(state, suppressor), ids(listSuppressed(state, suppressor, 9))]).toEqual([3, [2, 3, 1]])
    expect(ids(listSuppressed(state, suppressor, 2))).toEqual([2, 3])
    store({ suppression: 'quiet-hours', suppressorId: null })
    const quiet = { kind: 'quiet-hours', id: null } as const
    expect([countSuppressed(state, quiet), ids(listSuppressed(state, quiet, 9))]).toEqual([1, [7]])
  })

  it('since an instant has what was resolved meanwhile', () => {
    const quiet = (more: object) => store({ suppression: 'quiet-hours', suppressorId: null, ...more })
    quiet({ firedAt: NOW - 5 })
    quiet({ firedAt: NOW - 1, state: 'resolved' })
    quiet({ firedAt: NOW, state: 'resolved', severity: 'info' })
    quiet({ firedAt: NOW + 5, state: 'resolved', severity: 'warning' })
    quiet({ firedAt: NOW + 6, state: 'resolved' })
    store({ firedAt: NOW + 1, state: 'resolved' })
    expect(ids(listSuppressedSince(state, { kind: 'quiet-hours', id: null }, NOW, NOW + 5))).toEqual([1, 4, 3])
    expect(ids(listSuppressedSince(state, { kind: 'quiet-hours', id: null }, 0, NOW - 1))).toEqual([1, 2])
  })

  it('is summed up on the card of an alert that ever suppressed any', () => {
    const cause = store({ suppressedCount: 0 })
    for (let i = 0; i < 9; i++) by(cause.id, { severity: i === 0 ? 'critical' : 'info', title: `t ${i}` })
    by(cause.id, { state: 'resolved' })
    store({ suppression: 'storm', suppressorId: cause.id, severity: 'warning' })
    expect(readSuppressedSummary(state, cause)).toBeNull()
    const { open, titles } = readSuppressedSummary(state, { ...cause, suppressedCount: 1 })!
    expect([open, titles.length, titles[0]]).toEqual([{ critical: 1, warning: 0, info: 8 }, 8, 't 0'])
    const storm = readSuppressedSummary(state, { ...cause, suppressedCount: 1, detector: 'storm' })
    expect(storm!.open).toEqual({ critical: 0, warning: 1, info: 0 })
  })

  it('is named in the finding that ends its cause, the first eight and that there are more', () => {
    const finding = aFinding('cause', NOW, { observation: { lines: ['It is well.'] } })
    expect(withInhibitedAlerts(state, finding)).toBe(finding)
    const cause = store({ key: 'cause' })
    expect(withInhibitedAlerts(state, finding)).toBe(finding)
    for (let i = 0; i < 8; i++) by(cause.id, { title: `t ${i}` })
    const { lines } = withInhibitedAlerts(state, finding).observation
    expect([lines.length, lines[0], lines[2], lines.at(-1)]).toEqual([10, 'It is well.', '• t 0', '• t 7'])
    by(cause.id, { title: 't 8' })
    const more = withInhibitedAlerts(state, finding).observation.lines
    expect([more.length, more.at(-2), more.at(-1)]).toEqual([11, '• t 7', expect.stringContaining('and more')])
  })

  it('is acknowledged with the storm, by project or all', () => {
    const storm = store({ detector: 'storm' })
    store({ suppression: 'storm', suppressorId: storm.id })
    store({ suppression: 'storm', suppressorId: 99 })
    store({ suppression: 'inhibition', suppressorId: storm.id })
    store({ projectId: 2 })
    store({ state: 'acknowledged' })
    expect(listFiringIds(state)).toEqual([1, 2, 3, 4, 5])
    expect(listFiringIds(state, 2)).toEqual([5])
    expect(listFiringIds(state, undefined, storm.id)).toEqual([1, 2])
    expect(listFiringIds(state, 2, storm.id)).toEqual([])
  })
})

describe('the root cause of an alert', () => {
  it('is an open alert of its host, before one that says that Vakt is offline', () => {
    store({ role: 'offline', labels: { role: 'offline' }, projectId: null })
    store({ role: 'host-down', labels: { role: 'host-down', host: 'a' }, state: 'resolved' })
    const alert = store({ labels: { host: 'a' } })
    expect(readRootCause(state, alert)?.id).toBe(1)
    store({ role: 'host-down', labels: { role: 'host-down', host: 'b' } })
    expect(readRootCause(state, alert)?.id).toBe(1)
    store({ role: 'host-down', labels: { role: 'host-down', host: 'a', lan: 'yes' } })
    expect(readRootCause(state, alert)?.id).toBe(5)
    expect(readRootCause(state, store({ labels: { lan: 'yes' } }))).toBeNull()
  })

  it('is the open alert of a check that it depends on, by name, slug or uuid, through others and not through itself', () => {
    const [db, api] = [hasCheck('Data Base'), hasCheck('api', { dependsOn: 'data-base' })]
    hasCheck('Data Base', { projectId: 2 })
    const alert = (more: Partial<Alert>) => store({ labels: { check: 'shop', depends_on: 'cache, api' }, ...more })
    const one = alert({})
    expect(readRootCause(state, one)).toBeNull()
    store({ key: `check:${db}`, checkId: db, labels: { check: 'Data Base' } })
    expect(readRootCause(state, one)?.id).toBe(2)
    expect(readRootCause(state, alert({ projectId: 2 }))).toBeNull()
    expect(readRootCause(state, alert({ projectId: null }))).toBeNull()
    store({ key: `check:${api}`, checkId: api, labels: { check: 'api', depends_on: 'data-base' }, stableAt: NOW })
    expect(readRootCause(state, one)?.id).toBe(2)
    expect(readRootCause(state, store({ labels: { check: 'Data Base', depends_on: 'Data Base' } }))).toBeNull()
  })

  it('may be an alert about a check that others depend on', () => {
    const [db, lone] = [hasCheck('Data Base'), hasCheck('lone')]
    const names = () => [db, lone, null, 99].map(checkId => hasDependents(state, { checkId }))
    hasCheck('other', { projectId: 2, dependsOn: 'lone' })
    expect(names()).toEqual([false, false, false, false])
    for (const dependsOn of ['Data Base', 'data-base']) {
      const id = hasCheck(`of ${dependsOn}`, { dependsOn })
      expect(names()).toEqual([true, false, false, false])
      state.prepare('delete from checks where id = ?').run(id)
    }
    hasCheck('many', { projectId: 2, dependsOn: 'a, b' })
    expect(names()).toEqual([false, false, false, false])
    hasCheck('several', { dependsOn: 'a, b' })
    expect(names()).toEqual([true, true, false, false])
  })

  it.each<[string, Alert['labels'], boolean]>([
    ['a check that depends on others', { check: 'a', depends_on: 'b' }, true],
    ['something else that depends on a check', { depends_on: 'b' }, false],
    ['a check of a host with others', { check: 'a', host: 'two' }, true],
    ['the only check of a host', { check: 'a', host: 'one' }, false],
    ['a check of a host whose other check is of another project', { check: 'a', host: 'apart' }, false],
    ['a check of a host that Vakt watches', { check: 'a', host: 'watched' }, true],
    ['a check of a host that Vakt does not watch any more', { check: 'a', host: 'disabled' }, false],
    ['a check that reported a failure', { check: 'a', host: 'two', miss: 'failed' }, false],
    ['a check without a host', { check: 'a' }, false],
  ])('is waited for: %s', (_, labels, waits) => {
    for (const [name, host] of [
      ['a', 'one'],
      ['b', 'two'],
      ['c', 'two'],
      ['d', 'apart'],
    ] as const)
      hasCheck(name, { host })
    hasCheck('e', { host: 'apart', projectId: 2 })
    for (const name of ['watched', 'disabled']) {
      const row = { name, address: 'x', port: 22, user: 'x', auth: 'own' as const, addedAt: 0, addedBy: 'x' }
      state.db
        .insert(hosts)
        .values({ ...row, enabled: name === 'watched' })
        .run()
    }
    const alert = store({ labels, firedAt: NOW })
    expect(awaitsCauseUntil(state, alert)).toBe(waits ? NOW + 30 * SECOND : null)
    expect(awaitsCauseUntil(state, { ...alert, role: 'host-down' })).toBe(
      waits && labels.depends_on !== undefined ? NOW + 30 * SECOND : null,
    )
    setThresholds(state, 1, { inhibitionDelay: 1 })
    expect(awaitsCauseUntil(state, alert)).toBe(waits ? NOW + 1 : null)
    setThresholds(state, 1, { inhibitionDelay: 0 })
    expect(awaitsCauseUntil(state, alert)).toBeNull()
  })

  it('that is gone gives a check until its next beat, and anything else as long as it lasted', () => {
    const waits = (more: Partial<Alert>, since: number | null) =>
      awaitsCauseAfter(
        state,
        { checkId: null, projectId: 1, ...more },
        since === null ? undefined : store({ since }),
        NOW,
      )
    expect([waits({}, NOW - 20 * SECOND), waits({}, NOW - HOUR), waits({}, NOW), waits({}, null)]).toEqual([
      ...[NOW + 20 * SECOND, NOW + MINUTE, NOW + 5 * SECOND, NOW + 5 * SECOND],
    ])
    const every = (ms: number) => hasCheck(`every ${ms}`, { every: ms })
    expect(waits({ checkId: every(10 * MINUTE) }, NOW - HOUR)).toBe(NOW + 11 * MINUTE)
    expect(waits({ checkId: every(DAY) }, NOW - HOUR)).toBe(NOW + HOUR)
    expect(waits({ checkId: every(SECOND), projectId: 1 }, NOW - HOUR)).toBe(NOW + MINUTE + SECOND)
    expect(waits({ checkId: 99 }, NOW - HOUR)).toBe(NOW + MINUTE)
    const never = { every: null, cron: '0 0 1 1 *', timeZone: 'Mars/Olympus' }
    expect(waits({ checkId: hasCheck('mars', never) }, NOW - HOUR)).toBe(NOW + MINUTE)
  })
})

describe('a host with silent checks', () => {
  const silent = (check: string, more: Partial<Alert> = {}) =>
    store({
      ...{
        labels: { check, host: 'a', miss: 'silent' },
        suppression: 'awaiting-cause',
        since: NOW,
        severity: 'warning',
      },
      ...more,
    })
  const grouped = (due: readonly Alert[]) => groupHosts(state, due, NOW + MINUTE)

  it('is one alert from the third of them on, as severe as the worst', () => {
    const all = [silent('x', { since: NOW - 5 }), silent('y', { severity: 'critical' })]
    silent('z', { labels: { check: 'z', host: 'a', miss: 'failed' } })
    silent('z', { labels: { check: 'z', host: 'b' } })
    silent('z', { labels: { host: 'a' } })
    silent('z', { projectId: 2 })
    silent('z', { suppression: 'silence' })
    silent('z', { state: 'resolved' })
    expect(grouped(all)).toBe(false)
    all.push(silent('z'))
    expect([grouped([]), grouped(all)]).toEqual([false, true])
    expect(readOpenAlert(state, 'host-checks:1:a')).toMatchObject({
      ...{
        role: 'host-down',
        severity: 'critical',
        title: 'host a: 3 checks sent no beat',
        since: NOW - 5,
        projectId: 1,
      },
      ...{ releasedAt: NOW + MINUTE, firedAt: NOW + MINUTE, remindEvery: 4 * HOUR },
    })
    expect(grouped(all)).toBe(false)
  })

  it('is none when one of its checks has beaten since, or nothing silent is due', () => {
    const all = ['x', 'y', 'z'].map(name => silent(name))
    hasCheck('w', { host: 'a', lastBeatAt: NOW + 1 })
    expect(grouped(all)).toBe(false)
    state.db.update(checks).set({ lastBeatAt: NOW }).run()
    hasCheck('w', { host: 'a', projectId: 2, lastBeatAt: NOW + 1 })
    hasCheck('v', { host: 'b', lastBeatAt: NOW + 1 })
    const others: Alert['labels'][] = [{ host: 'a' }, { check: 'x' }, { ...all[0]!.labels, miss: 'failed' }]
    expect(grouped(others.map(labels => ({ ...all[0]!, labels })))).toBe(false)
    expect(grouped(all)).toBe(true)
  })

  it('is up again when a check of it beats, or none is down any more', () => {
    const group = (host: string) =>
      store({ detector: 'host-checks', role: 'host-down', labels: { host, role: 'host-down' }, since: NOW }).id
    const [beaten, recovered, down] = ['a', 'b', 'c'].map(group) as [number, number, number]
    store({ detector: 'lost-host', role: 'host-down', labels: { host: 'd', role: 'host-down' } })
    hasCheck('a1', { host: 'a' })
    hasCheck('b1', { host: 'b' })
    hasCheck('c1', { host: 'c' })
    state.prepare(`update checks set status = 'down' where name in ('a1', 'c1')`).run()
    state.prepare(`update checks set last_beat_at = ? where name = 'a1'`).run(NOW + 1)
    state.prepare(`update checks set last_beat_at = ? where name = 'c1'`).run(NOW)
    expect(sweepHostGroups(state, NOW + MINUTE)).toBe(true)
    expect([beaten, recovered, down, 4].map(id => readAlert(state, id)!.state)).toEqual([
      ...['resolved', 'resolved', 'firing', 'firing'],
    ])
    expect(readAlert(state, beaten)!.observation.lines).toEqual(['A check of this host sent a beat again.'])
    expect(readAlert(state, recovered)!.observation.lines).toEqual(['No check of this host is down any more.'])
    expect(sweepHostGroups(state, NOW + MINUTE)).toBe(false)
  })
})

describe('a storm', () => {
  const storm = () => readOpenAlert(state, 'storm:1')
  beforeEach(() => setThresholds(state, null, { stormRate: 3, stormMaxRemaining: 2 }))

  it('begins with the fourth alert of a project in a minute, and takes those that no chat shows', () => {
    fires('a', NOW - MINUTE)
    fires('b', NOW - MINUTE + 1)
    fires('c', NOW)
    fires('other project', NOW, { projectId: 2 })
    expect(stormFor(state, 1, NOW)).toBeNull()
    fires('d', NOW, { severity: 'warning' })
    isShown(readOpenAlert(state, 'c')!.id)
    const e = fires('e', NOW, { severity: 'info' })
    expect(e).toMatchObject({ suppression: 'storm', suppressorId: storm()!.id, releasedAt: null })
    const held = listAlerts(state, { open: true, limit: -1 }).filter(({ suppression }) => suppression === 'storm')
    expect(held.map(({ key }) => key).sort()).toEqual(['b', 'd', 'e'])
    expect(storm()).toMatchObject({
      ...{ severity: 'critical', title: 'alert storm in default', suppressedCount: 3, stableAt: NOW + MINUTE },
      ...{ labels: { storm: 'default' }, remindEvery: 4 * HOUR, cardUpdateAt: NOW + 10 * SECOND },
    })
    setThresholds(state, null, { stormRate: 0 })
    expect(stormFor(state, 1, NOW)).toBeNull()
  })

  it('takes the severity of an alert only when that is worse', () => {
    const { id } = store({ key: 'storm:1', detector: 'storm', severity: 'warning', seenAt: NOW })
    joinStorm(state, id, 'info', NOW)
    expect(readAlert(state, id)).toMatchObject({ severity: 'warning', version: 1, cardUpdateAt: NOW + 10 * SECOND })
    joinStorm(state, id, 'critical', NOW)
    expect(readAlert(state, id)).toMatchObject({ severity: 'critical', version: 2 })
  })

  it('that subsided takes alerts again only when there are as many again', () => {
    const { id } = store({ key: 'storm:1', detector: 'storm', stableAt: NOW })
    expect(stormFor(state, 1, NOW)).toBe(id)
    expect(stormFor(state, 2, NOW)).toBeNull()
    state.prepare('update alerts set stable_at = null').run()
    expect(stormFor(state, 1, NOW)).toBeNull()
    for (let i = 0; i < 3; i++) store({ releasedAt: NOW })
    expect([stormFor(state, 1, NOW), readAlert(state, id)!.stableAt]).toEqual([id, NOW + MINUTE])
  })

  const held = (more: Parameters<typeof storeAlert>[1] = {}) =>
    store({ suppression: 'storm', suppressorId: 1, firedAt: NOW - MINUTE, ...more })
  it.each<[string, number | null, Parameters<typeof storeAlert>[1][], 'over' | 'raging' | 'subsided' | 'unchanged']>([
    ['lasts while its minute does', NOW + 1, [], 'unchanged'],
    ['lasts while its minute just began', NOW + MINUTE, [], 'unchanged'],
    ['is looked at again when the clock went back', NOW + MINUTE + 1, [], 'over'],
    ['ends after its minute when few are left', NOW, [{}, {}], 'over'],
    ['goes on when more are left', NOW, [{}, {}, {}], 'subsided'],
    ['ends later when fewer are left', null, [{}, {}], 'over'],
    ['goes on later while more are left', null, [{}, {}, {}], 'unchanged'],
    [
      'ends with acknowledged, resolved and other alerts',
      NOW,
      [{}, {}, { state: 'acknowledged' }, { state: 'resolved' }, { suppressorId: 9 }, { suppression: 'inhibition' }],
      'over',
    ],
    [
      'rages on with as many alerts in the last minute',
      NOW,
      [{ firedAt: NOW }, { firedAt: NOW }, { firedAt: NOW - MINUTE + 1 }],
      'raging',
    ],
    [
      'subsides when one of them is older',
      NOW,
      [{ firedAt: NOW }, { firedAt: NOW }, { firedAt: NOW - MINUTE }],
      'subsided',
    ],
    [
      'subsides when one of them is of the future',
      NOW,
      [{ firedAt: NOW }, { firedAt: NOW }, { firedAt: NOW + 1 }],
      'subsided',
    ],
  ])('%s', (_, stableAt, rows, expected) => {
    const { id } = store({ key: 'storm:1', detector: 'storm', stableAt })
    for (const row of rows) held(row)
    expect(sweepStorms(state, NOW)).toBe(expected === 'over')
    const after = readAlert(state, id)!
    expect(after.state).toBe(expected === 'over' ? 'resolved' : 'firing')
    const stable = { over: null, raging: NOW + MINUTE, subsided: null, unchanged: stableAt }[expected]
    expect(after.stableAt).toBe(stable)
    expect(listHistory(state, id).some(({ kind }) => kind === 'storm-subsided')).toBe(
      expected === 'subsided' || (expected === 'over' && stableAt !== null),
    )
  })

  it('of another project, or one that ended, is not in the way of the others', () => {
    store({ key: 'storm:1', detector: 'storm', state: 'resolved', stableAt: NOW })
    store({ key: 'storm:2', detector: 'storm', projectId: 2, stableAt: NOW + 1 })
    store({ key: 'storm:0', detector: 'storm', projectId: null, stableAt: NOW })
    expect(sweepStorms(state, NOW)).toBe(true)
    expect([1, 2, 3].map(id => readAlert(state, id)!.resolvedAt)).toEqual([null, null, NOW])
    expect(listHistory(state, 1)).toEqual([])
  })

  it('is over at once where no number of alerts is one any more', () => {
    store({ key: 'storm:1', detector: 'storm', stableAt: NOW })
    for (let i = 0; i < 4; i++) held({ firedAt: NOW })
    setThresholds(state, null, { stormRate: 0 })
    expect(sweepStorms(state, NOW)).toBe(true)
  })

  it('has the recipients of the alerts with escalations that it takes found again', () => {
    for (const _ of [1, 2, 3]) store({ releasedAt: NOW, routedVersion: 1 })
    const escalation = { name: 'lead', matcher: '', afterMs: 1, setBy: 'Ann', createdAt: 0 }
    const { id } = state.db.insert(escalations).values(escalation).returning().get()
    state.db.insert(alertEscalations).values({ alertId: 2, escalationId: id, remainingMs: 1 }).run()
    stormFor(state, 1, NOW)
    expect([1, 2, 3].map(alert => readAlert(state, alert)!.routedVersion)).toEqual([1, 0, 1])
  })

  it('ends at once without a limit of alerts, and never with more than would start it again', () => {
    store({ key: 'storm:1', detector: 'storm', stableAt: NOW })
    for (let i = 0; i < 4; i++) held({ firedAt: NOW })
    setThresholds(state, null, { stormMaxRemaining: 100 })
    state.prepare('update alerts set fired_at = 0').run()
    expect(sweepStorms(state, NOW)).toBe(false)
    setThresholds(state, null, { stormRate: 0 })
    expect(sweepStorms(state, NOW)).toBe(true)
  })
})

describe('when suppressions are evaluated again', () => {
  const silence = (matcher: string, endsAt = NOW + HOUR) =>
    addSilence(state, { projectId: null, matcher, reason: null, by: 'Ann', endsAt }, NOW)
  const evaluates = (at = NOW) => {
    requestReevaluation(state)
    reevaluateSuppressions(state, at)
  }

  it('an alert is suppressed, and released as the reason ends, with a line each', () => {
    fires('a', NOW, { remindEvery: HOUR })
    silence('')
    expect(nextReevaluation(state)).toBe(0)
    evaluates()
    expect(readAlert(state, 1)).toMatchObject({
      ...{ suppression: 'silence', suppressorId: 1, suppressedUntil: NOW + HOUR, releasedAt: null, version: 1 },
    })
    expect(nextReevaluation(state)).toBe(NOW + HOUR)
    evaluates()
    expect(listHistory(state, 1).map(({ what }) => what)).toEqual(['fired: a', 'suppressed by silence 1 by Ann'])
    sweepSuppressions(state, NOW + HOUR)
    expect(readAlert(state, 1)).toMatchObject({
      ...{ suppression: null, suppressorId: null, suppressedUntil: null, suppressionReason: 'silence 1 by Ann' },
      ...{ releasedAt: NOW + HOUR, wakeAt: NOW + 2 * HOUR, version: 2 },
    })
    expect(listHistory(state, 1).at(-1)!.what).toBe('silence 1 by Ann ended; still firing')
    expect(nextReevaluation(state)).toBeNull()
  })

  it('a card that is there says why nobody is notified, but not of quiet hours', () => {
    for (const key of ['a', 'b']) isShown(fires(key, NOW, { severity: 'warning', remindEvery: DAY }).id)
    silence('a')
    setQuietHours(state, null, { hours: '09:00-09:30', timeZone: 'UTC', by: 'Ann' }, NOW)
    evaluates()
    const shown = () =>
      [1, 2].map(id => readAlert(state, id)!).map(({ suppression, version }) => [suppression, version])
    expect(shown()).toEqual([
      ['silence', 2],
      ['quiet-hours', 1],
    ])
    evaluates(NOW + HOUR)
    expect(shown()).toEqual([
      [null, 3],
      [null, 1],
    ])
    // What was shown before is not new, and keeps its reminder.
    expect([1, 2].map(id => readAlert(state, id)!)).toMatchObject([
      { releasedAt: null, wakeAt: NOW + DAY },
      { releasedAt: null, routedVersion: 0, undelivered: true },
    ])
  })

  it('an alert that is snoozed, acknowledged or never reminds gets no reminder from a release', () => {
    for (const [key, more] of [
      ['a', { snoozedUntil: NOW + DAY, wakeAt: NOW + DAY, remindEvery: HOUR }],
      ['b', { state: 'acknowledged', remindEvery: HOUR }],
      ['c', { remindEvery: 0 }],
    ] as const)
      store({ key, suppression: 'silence', suppressorId: 9, ...more })
    evaluates()
    expect([1, 2, 3].map(id => readAlert(state, id)!)).toMatchObject([
      { suppression: null, wakeAt: NOW + DAY },
      { suppression: null, wakeAt: null },
      { suppression: null, wakeAt: null },
    ])
  })

  it('an alert about Vakt itself is never released into a storm', () => {
    store({ detector: 'connectivity', suppression: 'silence', suppressorId: 9 })
    evaluates()
    expect(readAlert(state, 1)).toMatchObject({ suppression: null, releasedAt: null })
    expect(fires('x', NOW, { detector: 'storage' })).toMatchObject({ releasedAt: null })
  })

  it('a wait for a root cause ends without one, and says so', () => {
    for (const name of ['a', 'b']) hasCheck(name, { host: 'h' })
    fires('a', NOW, { labels: { check: 'a', host: 'h', miss: 'silent' } })
    expect(readAlert(state, 1)).toMatchObject({ suppression: 'awaiting-cause', suppressedUntil: NOW + 30 * SECOND })
    evaluates(NOW + 30 * SECOND - 1)
    expect(readAlert(state, 1)!.suppression).toBe('awaiting-cause')
    nextForReevaluation(state, 99)
    reevaluateSuppressions(state, NOW + 30 * SECOND)
    expect(readAlert(state, 1)).toMatchObject({ suppression: null, suppressionReason: null })
    expect(listHistory(state, 1).at(-1)!.what).toBe('no root cause found; still firing')
  })

  it('a root cause counts what it inhibits, its card follows, and what it inhibited waits after its end', () => {
    fires('down', NOW - MINUTE, { labels: { role: 'host-down', host: 'h' } })
    expect(fires('a', NOW, { labels: { host: 'h' } })).toMatchObject({ suppression: 'inhibition', suppressorId: 1 })
    expect(readAlert(state, 1)).toMatchObject({ suppressedCount: 1, cardUpdateAt: NOW })
    endAlert(state, 'down', null, NOW)
    expect(isReevaluated(state)).toBe(false)
    evaluates()
    expect(readAlert(state, 2)).toMatchObject({ suppression: 'awaiting-cause', suppressedUntil: NOW + MINUTE })
    expect(listHistory(state, 2).map(({ kind }) => kind)).toEqual(['fired'])
  })

  it('an acknowledged alert stays in a storm that ended, others get their card', () => {
    store({ key: 'storm:1', detector: 'storm', state: 'resolved' })
    store({ suppression: 'storm', suppressorId: 1, state: 'acknowledged' })
    store({ suppression: 'storm', suppressorId: 1 })
    evaluates()
    expect([2, 3].map(id => readAlert(state, id)!.suppression)).toEqual(['storm', null])
  })

  it('a silence counts an open alert once, also when it is extended, and what it takes from a root cause', () => {
    const cause = fires('down', NOW - MINUTE, { labels: { role: 'host-down', host: 'h' } })
    fires('a', NOW - MINUTE, { labels: { host: 'h' } })
    state.prepare('update alerts set card_update_at = null').run()
    const own = silence('a project:default')
    evaluates()
    expect(readAlert(state, 2)).toMatchObject({ suppression: 'silence', suppressorId: own.id })
    expect(readAlert(state, cause.id)!.cardUpdateAt).toBe(NOW)
    const count = () => findSilence(state, own.id).suppressedCount
    expect(count()).toBe(1)
    extendSilence(state, own, NOW + 2 * HOUR)
    evaluates()
    expect([count(), readAlert(state, 2)!.suppressedUntil]).toEqual([1, NOW + 2 * HOUR])
    expect(listHistory(state, 2).map(({ kind }) => kind)).toEqual(['fired', 'suppressed'])
    endAlert(state, 'a', null, NOW + 1)
    endAlert(state, 'down', null, NOW + 1)
    evaluates(NOW + 3 * HOUR)
    expect(listHistory(state, 2).at(-1)!.kind).toBe('resolved')
  })

  it('what suppresses others has its card updated within ten seconds of its last', () => {
    fires('down', NOW, { labels: { role: 'host-down', host: 'h' } })
    fires('a', NOW + SECOND, { labels: { host: 'h' } })
    expect(readAlert(state, 1)!.cardUpdateAt).toBe(NOW + 10 * SECOND)
    state.prepare('update alerts set card_update_at = null').run()
    endAlert(state, 'a', null, NOW + 2 * SECOND)
    expect(readAlert(state, 1)!.cardUpdateAt).toBe(NOW + 10 * SECOND)
  })

  it('an alert with escalations, or that a chat does not show yet, has its recipients found again', () => {
    for (const undelivered of [true, false, false]) store({ undelivered, routedVersion: 1 })
    const escalation = { name: 'lead', matcher: '', afterMs: 1, setBy: 'Ann', createdAt: 0 }
    const { id } = state.db.insert(escalations).values(escalation).returning().get()
    state.db.insert(alertEscalations).values({ alertId: 2, escalationId: id, remainingMs: 1 }).run()
    silence('')
    evaluates()
    expect([1, 2, 3].map(alert => readAlert(state, alert)!.routedVersion)).toEqual([0, 0, 1])
  })

  it('planned maintenance takes open alerts as it starts, and tells of them as it ends', () => {
    const plan = (name: string, matcher: string) =>
      addMaintenance(
        state,
        {
          ...{ projectId: null, name, matcher, cron: null, timeZone: 'UTC', duration: HOUR, days: 0, by: 'Ann' },
          ...{ startsAt: NOW + HOUR, endsAt: NOW + 2 * HOUR },
        },
        NOW,
      )
    fires('disk', NOW)
    plan('disks', 'disk')
    plan('nothing', 'cpu')
    sweepSuppressions(state, NOW)
    nextForReevaluation(state, 999)
    sweepSuppressions(state, NOW + HOUR)
    expect(readAlert(state, 1)).toMatchObject({ suppression: 'maintenance', suppressedUntil: NOW + 2 * HOUR })
    expect(findMaintenance(state, 'disks').suppressedCount).toBe(1)
    sweepSuppressions(state, NOW + 2 * HOUR)
    const notices = listAlerts(state, { limit: -1 }).filter(({ detector }) => detector === 'notice')
    expect(notices.map(({ title }) => title)).toEqual(['Maintenance disks ended: 1 alert suppressed, 1 still open'])
    expect(readAlert(state, 1)!.suppression).toBeNull()
    expect(findMaintenance(state, 'nothing')).toMatchObject({ ended: true, endsAt: NOW + 2 * HOUR })
  })

  it('quiet hours take open alerts as they begin, and their cards are delivered as they end', () => {
    for (const key of ['a', 'b']) fires(key, NOW, { severity: 'warning' })
    isShown(1)
    state.prepare('update alerts set routed_version = 1, undelivered = 0').run()
    setQuietHours(state, null, { hours: '10:00-11:00', timeZone: 'UTC', by: 'Ann' }, NOW)
    sweepSuppressions(state, NOW)
    nextForReevaluation(state, 999)
    sweepSuppressions(state, NOW + HOUR)
    expect([1, 2].map(id => readAlert(state, id)!.suppression)).toEqual(['quiet-hours', 'quiet-hours'])
    state.prepare('update alerts set routed_version = 1, undelivered = 0').run()
    sweepSuppressions(state, NOW + 2 * HOUR)
    expect(readAlert(state, 1)).toMatchObject({ suppression: null, routedVersion: 0, undelivered: true, version: 1 })
    expect(readAlert(state, 2)).toMatchObject({ suppression: null, undelivered: true, version: 2 })
    const { lines } = listAlerts(state, { limit: 1 })[0]!.observation
    expect(lines).toHaveLength(4)
  })

  it('alerts that a silence releases together are a storm', () => {
    setThresholds(state, null, { stormRate: 2 })
    silence('')
    for (const key of ['a', 'b', 'c', 'd']) fires(key, NOW, { severity: key === 'd' ? 'critical' : 'info' })
    sweepSuppressions(state, NOW + HOUR)
    const held = listAlerts(state, { open: true, limit: -1 }).filter(({ suppression }) => suppression === 'storm')
    const storm = readOpenAlert(state, 'storm:1')!
    expect(held.every(({ suppressorId }) => suppressorId === storm.id)).toBe(true)
    expect([held.length, storm.severity]).toEqual([storm.suppressedCount, 'critical'])
    expect(held.length).toBeGreaterThan(0)
  })

  it('the silent checks of a host that are not due yet go with those that are', () => {
    for (const name of ['a', 'b', 'c', 'd']) hasCheck(name, { host: 'h' })
    const silent = (check: string, at: number) => fires(check, at, { labels: { check, host: 'h', miss: 'silent' } })
    for (const check of ['a', 'b', 'c']) silent(check, NOW)
    silent('d', NOW + 20 * SECOND)
    nextForReevaluation(state, 999)
    sweepSuppressions(state, NOW + 30 * SECOND)
    const host = readOpenAlert(state, 'host-checks:1:h')!
    expect([1, 2, 3, 4].map(id => readAlert(state, id)!.suppressorId)).toEqual(Array(4).fill(host.id))
  })

  it('the next change is the nearest of all', () => {
    nextForReevaluation(state, 99)
    expect(nextSuppressionChange(state)).toBeNull()
    silence('', NOW + HOUR)
    expect(nextSuppressionChange(state)).toBe(0)
    nextForReevaluation(state, 99)
    expect(nextSuppressionChange(state)).toBe(NOW + HOUR)
    store({ suppressedUntil: NOW + MINUTE })
    expect(nextSuppressionChange(state)).toBe(NOW + MINUTE)
    expect(readQuietUntil(state, null, NOW)).toBeNull()
  })
})

describe('a notice', () => {
  const notices = () => listAlerts(state, { limit: -1 }).filter(({ detector }) => detector === 'notice')
  it('about a silence names its matcher, its reason and what is still open, and waits for the end of quiet hours', () => {
    const draft = { projectId: 1, by: 'Ann', endsAt: NOW + HOUR }
    addSilence(state, { ...draft, matcher: 'disk', reason: 'new disk' }, NOW)
    addSilence(state, { ...draft, matcher: 'cpu', reason: null }, NOW)
    for (let i = 0; i < 16; i++) fires(`disk ${i}`, NOW)
    endAlert(state, 'disk 0', null, NOW)
    setQuietHours(state, null, { hours: '10:00-11:00', timeZone: 'UTC', by: 'Ann' }, NOW)
    sweepSuppressions(state, NOW + HOUR)
    const [second, first] = notices()
    expect(first).toMatchObject({
      ...{ title: 'Silence 1 by Ann expired: 16 alerts suppressed, 15 still open', state: 'resolved', projectId: 1 },
      ...{ suppression: 'quiet-hours', suppressedUntil: NOW + 2 * HOUR },
    })
    expect([first!.observation.lines.length, first!.observation.lines[0]]).toEqual([16, 'Matcher: disk (new disk).'])
    expect(second).toMatchObject({ title: 'Silence 2 by Ann expired: no alert was suppressed' })
    expect(second!.observation.lines).toEqual(['Matcher: cpu.'])
  })

  it('lists fifteen alerts and says that there are more', () => {
    addSilence(state, { projectId: null, by: 'Ann', endsAt: NOW + HOUR, matcher: 'disk', reason: null }, NOW)
    for (let i = 0; i < 16; i++) fires(`disk ${i}`, NOW)
    sweepSuppressions(state, NOW + HOUR)
    const { lines } = notices()[0]!.observation
    expect([lines.length, lines.at(-1)]).toEqual([17, expect.stringContaining('and more')])
    expect(notices()[0]).toMatchObject({ suppression: null, releasedAt: null })
  })

  it('about quiet hours has the alerts of the projects that they are for', () => {
    setQuietHours(state, null, { hours: '09:00-10:00', timeZone: 'UTC', by: 'Ann' }, NOW)
    setQuietHours(state, 2, { hours: '09:00-10:30', timeZone: 'UTC', by: 'Ann' }, NOW)
    sweepSuppressions(state, NOW + SECOND)
    expect(
      [1, 2, null].map(
        projectId => fires(`of ${projectId}`, NOW + MINUTE, { projectId, severity: 'warning' }).suppression,
      ),
    ).toEqual([...['quiet-hours', 'quiet-hours', 'quiet-hours']])
    endAlert(state, 'of null', null, NOW + 2 * MINUTE)
    sweepSuppressions(state, NOW + HOUR)
    expect(notices().map(({ title, projectId }) => [title, projectId])).toEqual([
      ['Quiet hours ended: 2 alerts, 1 still firing', null],
    ])
    expect(readOpenAlert(state, 'of 1')!.suppression).toBeNull()
    expect(readOpenAlert(state, 'of 2')!.suppression).toBe('quiet-hours')
    sweepSuppressions(state, NOW + 1.5 * HOUR)
    expect(notices()[0]).toMatchObject({ title: 'Quiet hours ended: 1 alert, 1 still firing', projectId: 2 })
    expect(notices()[0]!.observation.lines).toHaveLength(3)
    expect(readOpenAlert(state, 'of 2')!.suppression).toBeNull()
    // The next quiet hours suppress nothing.
    endAlert(state, 'of 1', null, NOW + 2 * HOUR)
    endAlert(state, 'of 2', null, NOW + 2 * HOUR)
    sweepSuppressions(state, NOW + DAY + MINUTE)
    sweepSuppressions(state, NOW + DAY + 2 * HOUR)
    expect(notices()).toHaveLength(2)
  })
})
