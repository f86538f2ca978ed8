// Alerts of one group: one card in each chat, that shows each of them, is acknowledged for all, and ends with the last.
import { describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { fireAlert } from '../lifecycle.ts'

type Sent = { title?: string; description?: string; severity?: string; labels?: Record<string, string> }

const START = '2026-03-02T08:59:00.000Z'
const disk = (n: number, more: Sent = {}): Sent => ({ labels: { instance: `db-${n}:9100`, ...more.labels }, ...more })
const disks = (count: number) => Array.from({ length: count }, (_, i) => disk(i))

/** An app with a project and a sender that reports alerts of one group, as Alertmanager does. */
async function withAlertmanager(options: Parameters<typeof startApp>[0] = {}) {
  const app = await startApp({ channels: ['discord', 'slack'], ...options })
  await app.result('projects add shop')
  const { key } = await app.result<{ key: { secret: string } }>('keys create shop')
  return { app, send: sender(app, key.secret) }
}

function sender(app: TestApp, key: string) {
  return async (
    status: 'firing' | 'resolved',
    sent: readonly Sent[],
    query = '',
    groupKey = '{}:{alertname="DiskFull"}',
  ) => {
    const alerts = sent.map(
      ({ title = 'Disk almost full', description = 'see the labels', severity = 'warning', labels }) => ({
        status,
        labels: { alertname: 'DiskFull', severity, team: 'storage', ...labels },
        annotations: { summary: title, description },
        startsAt: START,
        fingerprint: JSON.stringify(labels),
      }),
    )
    const response = await app.request(`/api/alerts/alertmanager${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ version: '4', status, groupKey, alerts }),
    })
    return (await response.json()) as Record<string, number>
  }
}

type Shown = {
  id: number
  state: string
  group: number | null
  detector: string
  suppressed_by: unknown
  title: string
}
const open = async (app: TestApp) => (await app.result<{ alerts: Shown[] }>('alerts list')).alerts
const members = async (app: TestApp) => (await open(app)).filter(({ group }) => group !== null)

describe('60 equal-looking alerts of one Alertmanager group', () => {
  it('are one card in each chat, with the label that tells each from the others, and the end of each is on it', async () => {
    const { app, send } = await withAlertmanager()
    expect(await send('firing', disks(60))).toMatchObject({ fired: 60 })
    await app.passes('11s')
    for (const channel of app.channels) expect(app.titles(channel)).toEqual(['Warning: Disk almost full: 60 alerts'])
    const text = app.cardText()
    for (let n = 0; n < 60; n++) expect(text).toMatch(new RegExp(`Firing \\(60\\).*\\bdb-${n}\\b`))
    expect(text).toContain('This card stands for 60 alerts: 60 firing.')

    await send('resolved', disks(20))
    await app.passes('11s')
    for (const channel of app.channels)
      expect(app.titles(channel)).toEqual(['Warning: Disk almost full: 40 of 60 alerts'])
    expect(app.cardText()).toMatch(/Resolved \(20\).*\bdb-0\b/)
    expect(app.cardText()).toMatch(/Firing \(40\).*\bdb-20\b/)

    await send('resolved', disks(60).slice(20))
    for (const channel of app.channels) expect(app.titles(channel)).toEqual(['Resolved: Disk almost full: 60 alerts'])
    expect(app.cardText()).toContain('60 alerts: all resolved.')
    expect(await open(app)).toEqual([])
  })

  it('are acknowledged together, and none of them fires beside the card', async () => {
    const { app, send } = await withAlertmanager()
    await send('firing', disks(60))
    await app.passes('11s')
    await app.result('ack 1 looking')
    expect(app.titles()).toEqual(['Acknowledged: Disk almost full: 60 alerts'])
    expect(await members(app)).toHaveLength(60)
    expect((await open(app)).every(({ state }) => state === 'acknowledged')).toBe(true)
    await app.result('unack 1')
    expect((await open(app)).every(({ state }) => state === 'firing')).toBe(true)
    await app.passes('5h')
    expect(app.channel.messages).toHaveLength(1)
    expect(app.mentions()).toEqual(['Still firing, not acknowledged'])
  })
})

describe('a group', () => {
  it('takes over the card of its first alert when the second fires', async () => {
    const { app, send } = await withAlertmanager()
    await send('firing', [disk(0)])
    expect(app.titles()).toEqual(['Warning: Disk almost full'])
    await app.passes('5m')
    await send('firing', disks(3))
    await app.passes('11s')
    for (const channel of app.channels) {
      expect(app.titles(channel)).toEqual(['Warning: Disk almost full: 3 alerts'])
      expect(channel.messages).toHaveLength(1)
    }
    await send('firing', disks(3))
    expect(await members(app)).toHaveLength(3)
  })

  it('is there once although Vakt is killed just before its card is changed', async () => {
    const { app, send } = await withAlertmanager()
    await send('firing', [disk(0)])
    const { key } = await app.result<{ key: { secret: string } }>('keys create shop')
    await send('firing', disks(5))
    const again = await app.restarts('20s', 'killed')
    expect(again.titles()).toEqual(['Warning: Disk almost full: 5 alerts'])
    await sender(again, key.secret)('resolved', disks(5))
    for (const channel of again.channels) {
      expect(again.titles(channel)).toEqual(['Resolved: Disk almost full: 5 alerts'])
      expect(channel.messages).toHaveLength(1)
    }
  })

  it('that somebody acknowledged notifies people of a further alert, which is then not acknowledged', async () => {
    const { app, send } = await withAlertmanager()
    await send('firing', disks(3))
    await app.result('ack 1')
    await send('firing', disks(4))
    expect(app.titles()).toEqual(['Warning: Disk almost full: 4 alerts'])
    expect(app.mentions()).toEqual(['Another alert of the group fires'])
    expect(app.cardText()).toContain('1 firing, 3 acknowledged')
    await send('resolved', [disk(3)])
    expect(app.titles()).toEqual(['Acknowledged: Disk almost full: 3 of 4 alerts'])
  })

  it('is one row of a list with its number of alerts, and has the beginning and the end of each in its timeline', async () => {
    const { app, send } = await withAlertmanager()
    await send('firing', disks(3))
    await send('resolved', [disk(1)])
    expect(await app.answerText('alerts list')).toMatch(/^2 open alerts on 1 card\n(?:.*\n?){1}$/)
    expect(await app.answerText('status')).toMatch(
      /^2 open alerts\n1 · Warning · Disk almost full: 2 of 3 alerts\nChecks/,
    )
    const { history } = await app.result<{ history: { kind: string; what: string }[] }>('alerts show 1')
    expect(history.map(({ kind }) => kind)).toEqual(['fired', 'grouped', 'joined', 'joined', 'left'])
    expect(history.at(-1)!.what).toBe('resolved automatically: Disk almost full (alert 3)')
  })

  it('acknowledges all when one of its alerts is, and resolves one alone', async () => {
    const { app, send } = await withAlertmanager()
    await send('firing', disks(3))
    const [first] = await members(app)
    await app.result(`ack ${first!.id}`)
    expect((await open(app)).every(({ state }) => state === 'acknowledged')).toBe(true)
    await app.result(`resolve ${first!.id}`)
    await app.passes('11s')
    expect(app.titles()).toEqual(['Acknowledged: Disk almost full: 2 of 3 alerts'])
    await app.result('resolve 1')
    expect(app.titles()).toEqual(['Resolved: Disk almost full: 3 alerts'])
    expect(await send('firing', disks(3))).toMatchObject({ fired: 0, ignored: 3 })
  })

  it('is as severe as the worst of its alerts, and notifies people when that gets worse', async () => {
    const { app, send } = await withAlertmanager()
    await send('firing', disks(3))
    await send('firing', [disk(3, { severity: 'critical' })])
    expect(app.titles()).toEqual(['Critical: Disk almost full: 4 alerts'])
    expect(app.mentions()).toEqual(['Now critical'])
    await send('resolved', [disk(3, { severity: 'critical' })])
    await app.passes('11s')
    expect(app.titles()).toEqual(['Warning: Disk almost full: 3 of 4 alerts'])
  })

  it('shows which alert a silence is for, and is silent when all are', async () => {
    const { app, send } = await withAlertmanager()
    await app.result('silence add instance:db-0:9100 --for 1h')
    await send('firing', disks(3))
    expect(app.titles()).toEqual(['Warning: Disk almost full: 3 alerts'])
    expect(app.cardText()).toMatch(/db-0 +silenced/)
    await app.result('silence add --alert 1 --for 30m')
    await app.passes('11s')
    expect(app.cardText()).toMatch(/Suppressed by silence \d .*Nobody is notified/)
    await send('firing', disks(4))
    await app.passes('11s')
    expect(app.mentions()).toEqual([])
    await app.passes('31m')
    expect(app.cardText()).not.toContain('Nobody is notified')
    expect(app.cardText()).toMatch(/db-3 +firing/)
    expect(app.channel.messages.filter(({ card }) => card.title.includes('Disk almost full'))).toHaveLength(1)
  })

  it('waits for the end of quiet hours with alerts that are not critical', async () => {
    const { app, send } = await withAlertmanager()
    await app.result('quiet set "08:00-10:00" --project shop')
    await send('firing', disks(3))
    expect(app.titles()).toEqual([])
    await send('firing', [disk(3, { severity: 'critical' })])
    expect(app.titles()).toEqual(['Critical: Disk almost full: 4 alerts'])
    await app.passes('70m')
    expect(app.titles().filter(title => title.includes('Disk almost full'))).toHaveLength(1)
  })

  it('escalates once for all of its alerts', async () => {
    const { app, send } = await withAlertmanager()
    await app.result('channels add discord:100000000000000001 --name second')
    await app.result('routes add all --to discord')
    await app.result('escalations add lead --matcher instance:db-1:9100 --after 10m --to second')
    await send('firing', disks(3))
    await app.passes('11m')
    expect(
      app
        .added('discord:100000000000000001')
        .messages.map(({ card }) => card.title)
        .slice(1),
    ).toEqual(['Warning: Disk almost full: 3 alerts'])
  })

  it('shows in a channel only the alerts that go there, and counts the others', async () => {
    const { app, send } = await withAlertmanager()
    await app.result('channels add discord:100000000000000001 --name one')
    await app.result('routes add one --matcher instance:db-1:9100 --to one --continue')
    await app.result('routes add rest --to discord')
    await send('firing', disks(3))
    const [, card] = app.added('discord:100000000000000001').messages
    expect(app.text(card!.card)).toMatch(/2 of them go to other channels[\s\S]*db-1/)
    expect(app.text(card!.card)).not.toContain('db-2')
  })

  it('is one alert of a storm', async () => {
    const { app, send } = await withAlertmanager()
    await send('firing', disks(60))
    expect(app.titles()).toHaveLength(1)
    for (let n = 0; n < 25; n++) await send('firing', [disk(n)], '', `group ${n}`)
    expect(app.titles().filter(title => title.includes('storm'))).toHaveLength(0)
  })

  it('of the same alerts with ?group=off is a card for each', async () => {
    const { app, send } = await withAlertmanager()
    await send('firing', disks(3), '?group=off')
    expect(app.titles()).toHaveLength(3)
  })
})

describe('grouping', () => {
  it('by a route joins alerts with the same labels, and off keeps them apart', async () => {
    const { app, send } = await withAlertmanager()
    await app.result('routes add racks --to discord --group-by rack')
    for (const [n, rack] of [
      [0, 'a'],
      [1, 'a'],
      [2, 'b'],
    ] as const)
      await send('firing', [disk(n, { labels: { instance: `db-${n}`, rack } })], '', `each ${n}`)
    await app.passes('11s')
    expect(app.titles()).toEqual(['Warning: Disk almost full: 2 alerts', 'Warning: Disk almost full'])
    await app.result('routes edit racks --group-by off')
    await send('firing', [disk(3, { labels: { instance: 'db-3', rack: 'a' } })])
    expect(app.titles()).toHaveLength(3)
    expect(await app.answerText('routes add x --to discord --group-by "a b!"')).toContain('is no label')
  })

  it('by a rule joins its alerts with the same labels', async () => {
    const { app } = await withAlertmanager()
    await app.result('rules edit error-spikes --group-by source')
    const finding = (n: number, source: string) => ({
      ...{
        key: `rule:1:${n}`,
        detector: 'error-spike',
        projectId: 2,
        severity: 'warning' as const,
        since: app.clock.now(),
      },
      ...{ title: `${source}: error ${n}`, owner: null, remindEvery: 0, observation: { lines: [] }, occurrences: 1 },
      labels: { rule: 'error-spikes', source },
    })
    for (const [n, source] of ['api', 'api', 'web'].entries()) fireAlert(app.state, finding(n, source), app.clock.now())
    await app.passes('11s')
    expect(app.titles()).toEqual(['Warning: api: error …: 2 alerts', 'Warning: web: error 2'])
  })

  it('by a route joins checks that fail, each with its own end', async () => {
    const { app } = await withAlertmanager()
    await app.result('routes add nightly --matcher check:nightly-* --to discord --group-by all')
    const a = await app.hasCheck('nightly-a --every 1h --project shop')
    const b = await app.hasCheck('nightly-b --every 1h --project shop')
    await a('/fail')
    await b('/fail')
    await app.passes('11s')
    expect(app.titles()).toEqual(['Critical: … reported a failure: 2 alerts'])
    await a()
    await app.passes('11s')
    expect(app.cardText()).toMatch(/nightly-a .*resolved/)
    await b()
    expect(app.titles()[0]).toMatch(/^Resolved: /)
  })
})
