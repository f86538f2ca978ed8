// Alerts about hosts, checks and what other programs report: when they begin and end, and the actions and labels that they have.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Check } from '../checks/check.ts'
import { addCheck, editCheck } from '../checks/checks.ts'
import { checkKey } from '../detectors/missed-beat.ts'
import { addAction } from '../hosts/actions/actions.ts'
import { recordDismissal } from '../hosts/dismissed-alerts.ts'
import { recordSource } from '../logs/sources.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { actionRuns, containers, downtimes, hosts, reportedAlerts } from '../state/schema/index.ts'
import { aFinding, storeAlert } from '../testing/alerts.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'
import type { Alert } from './alert.ts'
import { listAlerts, listHistory, readAlert } from './alerts.ts'
import { availableActions, readCardActions } from './available-actions.ts'
import { endCheckAlerts, endRunAlerts, renameInAlerts } from './check-alerts.ts'
import { updateHostAlerts } from './host-alerts.ts'
import { fireAlert } from './lifecycle.ts'
import { endForgottenAlerts, lastSentAt, nextForgottenAlert, recordReport, rewindReports } from './reported-alerts.ts'
import { listKnownValues, listSeenLabels, matchLastWeek } from './seen-labels.ts'
import { readRootCause } from './suppression/inhibitions.ts'
import { setThresholds } from './suppression/settings.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
  setThresholds(state, null, { stormRate: 0, flapChanges: 0 })
})
const store = (more: Parameters<typeof storeAlert>[1] = {}) => storeAlert(state, { projectId: 1, ...more })
const hasHost = (name: string, more: Partial<typeof hosts.$inferInsert> = {}) => {
  const row = { name, address: 'x', port: 22, user: 'x', auth: 'own' as const, addedAt: 0, addedBy: 'x' }
  return state.db
    .insert(hosts)
    .values({ ...row, status: 'up', projectId: 1, ...more })
    .returning()
    .get().id
}
const openKeys = () =>
  listAlerts(state, { open: true, limit: -1 })
    .map(({ key }) => key)
    .sort()

describe('the alerts of a host', () => {
  const down = (host: number, more: Partial<typeof hosts.$inferInsert> = {}) => {
    const columns = { status: 'down' as const, failingSince: NOW, ...more }
    state.db.update(hosts).set(columns).run()
    return () => updateHostAlerts(state, host, NOW + HOUR)
  }

  it('begin with what is found, and end when it is found no more, or the host is disabled or gone', () => {
    const [one, two] = [hasHost('web-1'), hasHost('web-2')]
    const update = down(one)
    update()
    updateHostAlerts(state, two, NOW)
    store({ key: 'other', hostId: one })
    store({ key: 'of others', detector: 'lost-host' })
    expect(openKeys()).toEqual([`host:${one}`, `host:${two}`, 'of others', 'other'])
    expect(readAlert(state, 1)).toMatchObject({
      title: 'web-1 cannot be reached',
      since: NOW,
      hostId: one,
      projectId: 1,
    })
    state.prepare(`update hosts set status = 'up' where id = ?`).run(one)
    update()
    expect(openKeys()).toEqual([`host:${two}`, 'of others', 'other'])
    expect(readAlert(state, 1)).toMatchObject({ resolvedBy: null, resolvedAt: NOW + HOUR })
    state.prepare('update hosts set enabled = 0 where id = ?').run(two)
    updateHostAlerts(state, two, NOW + HOUR, 'Ann')
    expect([openKeys(), readAlert(state, 2)!.resolvedBy]).toEqual([['of others', 'other'], 'Ann'])
  })

  it.each<[string, Parameters<typeof recordDismissal>[3], number, boolean]>([
    ['of the same problem', { at: NOW, severity: 'critical' }, NOW, false],
    ['of a problem that has become worse', { at: NOW, severity: 'warning' }, NOW, true],
    ['of an earlier problem', { at: NOW, severity: 'critical' }, NOW + 1, true],
  ])('do not begin again after a dismissal %s', (_, dismissal, since, fires) => {
    const host = hasHost('web-1')
    recordDismissal(state, `host:${host}`, host, dismissal)
    const update = down(host, { failingSince: since })
    update()
    expect(openKeys()).toEqual(fires ? [`host:${host}`] : [])
    const dismissed = () => state.prepare<[], { n: number }>('select count(*) as n from dismissed_alerts').get()!.n
    expect(dismissed()).toBe(fires ? 0 : 1)
    // A dismissal is forgotten with the problem.
    state.prepare(`update hosts set status = 'up'`).run()
    update()
    expect([openKeys(), dismissed()]).toEqual([[], 0])
  })
})

it('all alerts of a check end when somebody pauses it, and those about its runs when nobody wants them', () => {
  const draft = { projectId: 1, name: 'job', timeZone: 'UTC', grace: 1, every: HOUR, severity: 'critical' as const }
  const check = addCheck(state, draft, 0)
  const keys = ['', ':certificate', ':duration', ':size'].map(suffix => `check:${check.id}${suffix}`)
  const fire = () => keys.map(key => fireAlert(state, aFinding(key, NOW), NOW).id)
  fire()
  endRunAlerts(state, check, { watchDuration: true, watchSize: false }, 'Ann', NOW + 1)
  expect(openKeys()).toEqual(keys.slice(0, 3))
  endRunAlerts(state, check, { watchDuration: false, watchSize: true }, 'Ann', NOW + 1)
  expect(openKeys()).toEqual(keys.slice(0, 2))
  endCheckAlerts(state, check, 'Ann', NOW + 1)
  expect(openKeys()).toEqual([keys[1]])
  fire()
  endCheckAlerts(state, { ...check, probed: true }, 'Ann', NOW + 2)
  expect(openKeys()).toEqual([])
  expect(listAlerts(state, { limit: 1 })[0]).toMatchObject({ resolvedBy: 'Ann', resolvedAt: NOW + 2 })
})

describe('an alert that another program reports', () => {
  const reported = (id: number) =>
    state.db
      .select()
      .from(reportedAlerts)
      .all()
      .find(row => row.alertId === id)!

  it('ends when its sender has not reported it for as long as it said', () => {
    const { id } = store({ key: 'a', detector: 'reported' })
    store({ key: 'b', detector: 'reported' })
    let wakes = false
    state.onCommit(topics => {
      if (topics.has('deadlines')) wakes = true
    })
    state.transaction(() => recordReport(state, 2, { sentAt: null, endsAt: null }, NOW))
    expect([wakes, nextForgottenAlert(state), lastSentAt(state, 2), lastSentAt(state, 9)]).toEqual([
      false,
      null,
      null,
      null,
    ])
    state.transaction(() => recordReport(state, id, { sentAt: NOW - 3, endsAt: NOW + 5 * MINUTE }, NOW))
    expect([wakes, nextForgottenAlert(state), lastSentAt(state, id)]).toEqual([true, NOW + 5 * MINUTE, NOW - 3])
    recordReport(state, id, { sentAt: NOW - 2, endsAt: NOW + 7 * MINUTE }, NOW + 2 * MINUTE)
    expect([nextForgottenAlert(state), lastSentAt(state, id)]).toEqual([NOW + 7 * MINUTE, NOW - 2])
    endForgottenAlerts(state, NOW + 7 * MINUTE - 1, 9)
    expect(openKeys()).toEqual(['a', 'b'])
    endForgottenAlerts(state, NOW + 7 * MINUTE, 9)
    expect([openKeys(), nextForgottenAlert(state)]).toEqual([['b'], null])
    expect(readAlert(state, id)!.observation.lines).toEqual([
      'Its sender has not reported it for 5m, so it counts as resolved.',
    ])
    expect(listHistory(state, id).map(({ what }) => what)).toEqual([
      'its sender has not reported it for 5m',
      'resolved automatically',
    ])
  })

  it('waits longer for as long as Vakt could not be reached, and is left alone once it is resolved', () => {
    store({ key: 'a', detector: 'prometheus' })
    store({ key: 'b', state: 'resolved', resolvedAt: NOW })
    for (const id of [1, 2]) recordReport(state, id, { sentAt: null, endsAt: NOW + 5 * MINUTE }, NOW)
    state.db
      .insert(downtimes)
      .values({ kind: 'stopped', from: NOW + MINUTE, to: NOW + 3 * MINUTE })
      .run()
    endForgottenAlerts(state, NOW + 7 * MINUTE - 1, 9)
    expect([openKeys(), reported(1).dueAt, reported(2).dueAt]).toEqual([['a'], NOW + 7 * MINUTE, NOW + 7 * MINUTE])
    endForgottenAlerts(state, NOW + 7 * MINUTE, 9)
    expect([openKeys(), readAlert(state, 2)!.resolvedAt, listHistory(state, 2)]).toEqual([[], NOW, []])
    expect(listHistory(state, 1)[0]!.what).toBe('prometheus has not reported it for 7m')
  })

  it('ends the longest overdue first, as many as are asked for', () => {
    for (const minutes of [3, 1, 2]) {
      const { id } = store({ key: `${minutes}` })
      recordReport(state, id, { sentAt: null, endsAt: NOW + minutes * MINUTE }, NOW)
    }
    endForgottenAlerts(state, NOW + 9 * MINUTE, 2)
    expect(openKeys()).toEqual(['3'])
  })

  it('is due at its time after the clock went back', () => {
    for (const at of [NOW, NOW + 1]) recordReport(state, store().id, { sentAt: null, endsAt: NOW + HOUR }, at)
    recordReport(state, store().id, { sentAt: null, endsAt: null }, NOW + 1)
    rewindReports(state, NOW, MINUTE)
    expect([1, 2, 3].map(id => [reported(id).reportedAt, reported(id).dueAt])).toEqual([
      [NOW, NOW + HOUR - MINUTE],
      [NOW + 1 - MINUTE, NOW + HOUR - MINUTE],
      [NOW + 1, null],
    ])
  })
})

describe('the actions that an alert offers', () => {
  const hasAction = (name: string, host: string, container: string, matcher: string | null = null) =>
    addAction(state, {
      ...{ name, host, container, matcher, command: 'true', role: 'admin', secondPerson: false, timeLimit: 1 },
      ...{ automatic: false, perHour: 1, coolDown: 0, addedAt: 0, addedBy: 'x', changedAt: 0, changedBy: 'x' },
    })
  const offered = (more: Partial<Alert>) =>
    availableActions(state, store(more)).map(({ action, host, container }) =>
      [action.name, host.name, container].join(' '),
    )
  beforeEach(() => {
    const web = hasHost('web-1')
    hasHost('db-1')
    const row = { containerId: 'x', image: 'x', state: 'running', seenAt: 0 }
    state.db
      .insert(containers)
      .values({ ...row, hostId: web, name: 'nginx' })
      .run()
  })

  it.each<[string, Parameters<typeof hasAction>, Partial<Alert>, string[]]>([
    ['on the host that it names, for an alert of it', ['a', 'web-1', ''], { labels: { host: 'web-1' } }, ['a web-1 ']],
    ['not for an alert of another host', ['a', 'web-1', ''], { labels: { host: 'db-1' } }, []],
    ['not for an alert without a host', ['a', 'web-1', ''], {}, []],
    ['on the host of the alert', ['a', '*', ''], { labels: { host: 'db-1' } }, ['a db-1 ']],
    ['not on a host that the pattern does not cover', ['a', 'web-*', ''], { labels: { host: 'db-1' } }, []],
    ['not on a host that Vakt does not know', ['a', '*', ''], { labels: { host: 'x' } }, []],
    ['not with a pattern for an alert without a host', ['a', '*', ''], {}, []],
    [
      'on the host that it names, for what the matcher matches',
      ['a', 'web-1', '', 'disk'],
      { title: 'disk full' },
      ['a web-1 '],
    ],
    [
      'not for what the matcher does not match',
      ['a', 'web-1', '', 'cpu'],
      { title: 'disk full', labels: { host: 'web-1' } },
      [],
    ],
    ['by the project of the alert', ['a', 'web-1', '', 'project:shop'], { projectId: 2 }, ['a web-1 ']],
    ['not by another project', ['a', 'web-1', '', 'project:shop'], { projectId: null }, []],
    [
      'in the container of the alert',
      ['a', 'web-1', '*'],
      { labels: { host: 'web-1', container: 'nginx' } },
      ['a web-1 nginx'],
    ],
    [
      'not in a container that Vakt does not know',
      ['a', 'web-1', '*'],
      { labels: { host: 'web-1', container: 'redis' } },
      [],
    ],
    ['not in the container of another host', ['a', '*', 'nginx'], { labels: { host: 'db-1', container: 'nginx' } }, []],
    ['not in a container for an alert of its host', ['a', 'web-1', '*'], { labels: { host: 'web-1' } }, []],
    [
      'not with a container name that is none',
      ['a', 'web-1', '*'],
      { labels: { host: 'web-1', container: '../x' } },
      [],
    ],
    ['not when it is resolved', ['a', 'web-1', ''], { labels: { host: 'web-1' }, state: 'resolved' }, []],
    ['not when it only informs', ['a', 'web-1', ''], { labels: { host: 'web-1' }, detector: 'notice' }, []],
  ])('run %s', (_, action, alert, expected) => {
    hasAction(...action)
    expect(offered(alert)).toEqual(expected)
  })

  it('are two on its card, with how many more there are and the last three runs', () => {
    for (const name of ['b', 'a', 'd', 'c']) hasAction(name, 'web-1', '')
    const alert = store({ labels: { host: 'web-1' } })
    const run = { host: 'web-1', container: '', command: 'true', startedAt: 0, startedBy: 'Ann', alertId: alert.id }
    for (const name of ['r1', 'r2', 'r3', 'r4'])
      state.db
        .insert(actionRuns)
        .values({ ...run, name, outcome: 'exited', exitStatus: 0, endedAt: 1 })
        .run()
    const { lines, buttons } = readCardActions(state, alert)
    expect(buttons.map(({ label, line }) => [label, line])).toEqual([
      ['a', `actions run a --alert ${alert.id}`],
      ['b', `actions run b --alert ${alert.id}`],
    ])
    expect(lines.map(line => JSON.stringify(line))).toEqual([
      ...['r2', 'r3', 'r4'].map(name => expect.stringContaining(name)),
      expect.stringContaining('offers 2 more actions'),
    ])
    expect(readCardActions(state, alert, 4)).toMatchObject({ buttons: { length: 4 }, lines: { length: 3 } })
  })
})

describe('what alerts have had', () => {
  it('are the names and values of labels, and what Vakt knows by name', () => {
    store({ labels: { zone: 'eu', host: 'web-1' } })
    store({ labels: { host: 'web-2', app: 'x' } })
    expect(listSeenLabels(state)).toEqual(['app', 'host', 'zone'])
    hasHost('db-1')
    hasHost('web-1')
    const draft = { projectId: 1, timeZone: 'UTC', grace: 1, every: HOUR, severity: 'info' as const }
    addCheck(state, { ...draft, name: 'a', host: 'mail-1' }, 0)
    addCheck(state, { ...draft, name: 'b' }, 0)
    expect(listKnownValues(state, 'host').sort()).toEqual(['db-1', 'mail-1', 'web-1', 'web-2'])
    expect([
      listKnownValues(state, 'zone'),
      listKnownValues(state, 'check'),
      listKnownValues(state, 'toString'),
    ]).toEqual([...[['eu'], ['a', 'b'], []]])
    recordSource(state, 1, 'api', NOW)
    expect(listKnownValues(state, 'source')).toEqual(['api'])
  })

  it('of a week is what a matcher would have matched, without notices, tests and groups', () => {
    const fired = (firedAt: number, more: Partial<Alert> = {}) =>
      store({ firedAt, title: 'disk', severity: 'info', ...more })
    fired(NOW - 7 * DAY)
    fired(NOW - 7 * DAY + 1)
    fired(NOW, { severity: 'critical' })
    fired(NOW, { projectId: 2 })
    fired(NOW, { projectId: null, severity: 'critical' })
    fired(NOW, { title: 'cpu' })
    for (const detector of ['group', 'notice', 'test']) fired(NOW, { detector })
    const match = (text: string, project: number | null, limit = 9) => {
      const { total, critical, newest } = matchLastWeek(state, text, project, NOW, limit)
      return [total, critical, newest.map(({ id }) => id)]
    }
    expect(match('disk', null)).toEqual([4, 2, [5, 4, 3, 2]])
    expect(match('disk', null, 1)).toEqual([4, 2, [5]])
    expect(match('disk', 1)).toEqual([2, 1, [3, 2]])
    expect(match('project:shop', null)).toEqual([1, 0, [4]])
    expect(match('-project:*', null)).toEqual([1, 1, [5]])
  })
})

it('the open alerts of a check follow its new name, and those of checks that depend on it know it', () => {
  const draft = { projectId: 1, timeZone: 'UTC', grace: 1, every: HOUR, severity: 'critical' as const }
  const database = addCheck(state, { ...draft, name: 'data base' }, 0)
  const shop = addCheck(state, { ...draft, name: 'shop', dependsOn: 'data base' }, 0)
  const fires = (check: Check, more: object) =>
    fireAlert(state, aFinding(checkKey(check), NOW, { projectId: 1, checkId: check.id, ...more }), NOW)
  const buttons = [{ label: 'Output', line: 'checks output "data base" --beat 7' }]
  fires(database, {
    ...{ title: 'data base failed', labels: { check: 'data base', miss: 'failed' } },
    observation: { lines: [], buttons },
  })
  fires(shop, { labels: { check: 'shop', depends_on: 'data base' } })
  const rootOf = (id: number) => readRootCause(state, readAlert(state, id)!)?.id
  expect(rootOf(2)).toBe(1)
  const { version } = readAlert(state, 1)!
  const renamed = editCheck(state, database, { name: 'db' }, NOW)
  renameInAlerts(state, database, renamed)
  expect(readAlert(state, 1)).toMatchObject({
    ...{ title: 'db failed', labels: { check: 'db', miss: 'failed' }, version: version + 1 },
    observation: { buttons: [{ line: 'checks output db --beat 7' }] },
  })
  expect([readAlert(state, 2)!.labels, rootOf(2)]).toEqual([{ check: 'shop', depends_on: 'db' }, 1])
  renameInAlerts(state, renamed, renamed)
  expect(readAlert(state, 1)!.version).toBe(version + 1)
})
